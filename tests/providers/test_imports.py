"""What starting up must not load."""

import os
import subprocess
import sys

CODE = """
import sys, django
django.setup()
from django.test import RequestFactory
from django.urls import get_resolver
get_resolver().url_patterns
import providers.catalogue, providers.completion, providers.registry, providers.keys
for kind in providers.registry.kinds():
    providers.registry.adapter_class(kind)
heavy = {"openai", "anthropic", "httpx", "httpx2", "httpcore2", "pydantic", "genai_prices"}
heavy |= {"pytest", "providers.testing"}
loaded = heavy & set(sys.modules)
print(sorted(loaded))
"""


def test_starting_up_imports_no_sdk() -> None:
    """`import openai` costs 0.7 s and 30 MB, `import anthropic` 1.7 s and 55 MB."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
