"""Management commands in processes of their own.

What a command took of memory goes back with its process; in the server it would stay taken, or in
pieces, for as long as the site runs.
"""

import subprocess
import sys
from typing import IO

from django.conf import settings


class CommandError(Exception):
    """A command failed; the last line that it said, without the name of the exception."""


def run_command(*arguments: str, lock: IO[str]) -> None:
    """Run it to its end, as quietly as it can. Raises `CommandError`.

    It holds `lock` as well, so that no other server starts while it works, even when this process
    is killed.
    """
    if not sys.executable:
        raise CommandError("Python does not know its own program")
    done = subprocess.run(  # noqa: S603 - commands of this site
        [
            sys.executable,
            str(settings.BASE_DIR / "manage.py"),
            *arguments,
            "--no-input",
            "--skip-checks",
            "--verbosity=0",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        pass_fds=(lock.fileno(),),
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"{arguments[0]} ended unexpectedly"]
        kind, colon, words = lines[-1].partition(": ")
        raise CommandError(words if colon and " " not in kind else lines[-1])
