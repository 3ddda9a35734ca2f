"""The command: runs benchmarks one after the other, prints figures, fails when a bar is missed."""

import argparse
import inspect
import sys
from datetime import UTC, datetime
from importlib import import_module

from benchmarks import report
from benchmarks.figures import Figure

NAMES = (
    "start",
    "page",
    "prompt",
    "browser",
    "picker",
    "library",
    "first_token",
    "many",
    "linear",
    "history",
    "house",
    "moving",
    "long_page",
    "relay",
)


def main() -> int:
    """Run what was asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    parser.add_argument("--note", default="", help="what to know of the machine, for RESULTS.md")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    measured: dict[str, tuple[str, list[Figure]]] = {}
    for name in chosen.names or NAMES:
        module = import_module(f"benchmarks.{name}")
        print(name, flush=True)
        figures: list[Figure] = []
        for figure in module.measure():
            print(report.as_line(figure), flush=True)
            figures.append(figure)
        measured[name] = (" ".join(str(inspect.getdoc(module.measure)).split()), figures)
    if chosen.write:
        report.write(measured, datetime.now(UTC).date(), chosen.note)
    missed = [f for _how, figures in measured.values() for f in figures if not f.met]
    print(f"{len(missed)} missed." if missed else "All bars are met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
