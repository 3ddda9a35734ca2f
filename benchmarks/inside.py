"""Runs a module of this package with the site's settings, in a process of its own.

    DATA_DIR=… python -m benchmarks.inside rows openai/echo 0 100 10000

A data directory is chosen once in a process. Prints what the module's `main` returns, as JSON.
"""

import json
import os
import sys
from importlib import import_module

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    module = import_module(f"benchmarks.{sys.argv[1]}")
    sys.stdout.write(json.dumps(module.main(sys.argv[2:])))
