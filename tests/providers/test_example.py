"""The example plug-in's own tests, run as its author runs them."""

import os
import subprocess
import sys

from tests.server import KEPT, ROOT

EXAMPLE = ROOT / "examples" / "parley-provider-webhook"


def test_the_example_passes_with_nothing_but_pytest() -> None:
    """No plug-in of pytest, no settings of Django, no database."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=EXAMPLE,
        env={
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
