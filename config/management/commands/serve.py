"""`manage.py serve`: the whole site in one process."""

import signal
import sys
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from config import memory, serving


class Command(BaseCommand):
    """Prepares what is missing, then serves until it is told to stop."""

    help = "Prepare the database, then serve the site at HOST and PORT."
    # `serving` runs them: after the data directory is known to be ours.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 0 after a stop that was asked for, 1 when the site could not start."""
        signal.signal(signal.SIGTERM, _leave)
        memory.limit_arenas()
        memory.keep_to_python()
        try:
            with serving.prepare(self._say):
                # Imported late: the reactor, and the pages with all that they need.
                from config.server import serve  # noqa: PLC0415

                serve(self._say)
        except serving.StartError as error:
            self._stop(str(error), 1)
        except KeyboardInterrupt:
            self._stop("Stopped.", 130)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _stop(self, line: str, code: int) -> None:
        self.stderr.write(line)
        sys.exit(code)


def _leave(number: int, frame: FrameType | None) -> None:
    """Told to stop before serving began: whatever is half done rolls back."""
    sys.exit(0)
