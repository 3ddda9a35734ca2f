"""`manage.py rotate_encryption_key`: the second step of changing ENCRYPTION_KEY.

First set ENCRYPTION_KEY to NEW,FORMER and restart; then run this; then leave the former one out.
See docs/keys.md.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from providers.crypto import MasterKeyError, rotate_encryption_key


class Command(BaseCommand):
    """Encrypt every stored secret anew with the first key of ENCRYPTION_KEY."""

    help = "Encrypt every stored secret anew with the first key of ENCRYPTION_KEY."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many were rotated and how many already were, or which key is missing."""
        try:
            done = rotate_encryption_key(progress=self._progress)
        except MasterKeyError as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        self.stdout.write(
            f"{done.rotated} stored secrets were rotated, {done.already} already were. They now "
            "need only the first key of ENCRYPTION_KEY."
        )

    def _progress(self, done: int, total: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r{done} of {max(done, total)} keys", ending="\r")
            self.stdout.flush()
