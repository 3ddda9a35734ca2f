"""What `make lint`'s import contracts cannot see: parts of Django, and what a start loads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import ROOT, clean_environment

DOMAIN = [
    "chats/attachments.py",
    "chats/context.py",
    "chats/conversations.py",
    "chats/generation.py",
    "chats/listing.py",
    "chats/messages.py",
    "chats/own_data.py",
    "chats/prompts.py",
    "chats/temporary.py",
    "chats/texts.py",
    "chats/thread.py",
]
EDGES = ("django.http", "django.shortcuts", "django.template", "django.views", "rest_framework")
SDKS = ("openai", "anthropic", "httpx", "httpx2")


def imported(path: Path) -> set[str]:
    """Modules that a file names in its import statements, wherever they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return found


@pytest.mark.parametrize("module", DOMAIN)
def test_domain_modules_know_no_requests_and_no_templates(module: str) -> None:
    names = imported(ROOT / module)
    # Filters are plain functions.
    names = {n for n in names if not n.startswith("django.template.defaultfilters")}
    assert not [n for n in names if n.startswith(EDGES)]


def test_a_start_loads_no_provider_sdk(tmp_path: Path) -> None:
    """Their import costs seconds and tens of megabytes."""
    code = (
        "import sys, django; django.setup(); import config.server, config.urls; "
        f"print([m for m in {SDKS!r} if m in sys.modules])"
    )
    environment = clean_environment(DATA_DIR=str(tmp_path), DJANGO_SETTINGS_MODULE="tests.settings")
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"
