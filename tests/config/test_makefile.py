"""`make` on a machine with nothing but Python, pip and make."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEBIANS_PYTHON = """\
#!/bin/sh
case "$*" in
  *--without-pip*) ;;
  "-m venv "*) {python} -m venv --without-pip "$3"; echo "ensurepip is not available"; exit 1 ;;
esac
exec {python} "$@"
"""


def make(*arguments: str) -> str:
    """What `make` says."""
    result = subprocess.run(
        ["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return result.stdout + result.stderr


def test_a_python_that_cannot_give_an_environment_pip(tmp_path: Path) -> None:
    python, venv = tmp_path / "python3", tmp_path / "venv"
    python.write_text(DEBIANS_PYTHON.format(python=sys.executable), encoding="utf-8")
    python.chmod(0o755)
    variables = (f"PYTHON={python}", f"VENV={venv}")
    said = make(*variables, f"{venv}/bin/python")
    assert (venv / "bin" / "python").exists()
    assert "not available" not in said
    steps = make("--dry-run", *variables, f"{venv}/installed")
    assert f"{python} -m pip --python {venv}/bin/python install" in steps
    assert "--require-hashes" in steps
