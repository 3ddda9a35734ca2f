"""What is printed and what is kept in RESULTS.md."""

import os
import platform
import re
import shutil
import subprocess
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import Figure

RESULTS = Path(__file__).with_name("RESULTS.md")
NAMED = ("django", "channels", "daphne", "openai", "anthropic", "markdown-it-py", "playwright")
COLUMNS = ("figure", "value", "bar", "")


def as_line(figure: Figure) -> str:
    """For a terminal."""
    name, value, bar, verdict = figure.cells
    return f"  {name:<75} {value:>14}  {bar:<11} {verdict}".rstrip()


def write(measured: dict[str, tuple[str, list[Figure]]], today: date, note: str) -> None:
    """Put the sections of what ran into RESULTS.md; those of what did not run stay."""
    sections = _sections(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name, (how, figures) in measured.items():
        table = [f"| {' | '.join(row)} |" for row in (COLUMNS, ("---",) * 4)]
        table += [f"| {' | '.join(figure.cells)} |" for figure in figures]
        lines = [f"## {name}", "", f"Measured {today:%Y-%m-%d}. {how}", "", *table, ""]
        sections[name] = "\n".join(lines)
    RESULTS.write_text("\n".join([_head(note), *sections.values()]), encoding="utf-8")


def _head(note: str) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in NAMED)
    machine = f"{os.cpu_count()} cores{f' ({note})' if note else ''}"
    return "\n".join(
        [
            "# Results",
            "",
            "Written by `make bench ARGS=--write`. Modules of the same names explain them.",
            "",
            f"Machine: {machine}, Python {platform.python_version()}, {_browser()}.",
            f"Versions: {versions}.",
            "",
        ]
    )


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].removeprefix("## "): part.rstrip("\n") + "\n" for part in parts}


def _browser() -> str:
    path = shutil.which("chromium")
    if path is None:
        return "no browser"
    asked = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    return " ".join(asked.stdout.split()[:2])
