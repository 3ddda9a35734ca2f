"""`manage.py rotate_encryption_key`: the second step of changing ENCRYPTION_KEY.

First set ENCRYPTION_KEY to NEW,FORMER and restart; then run this; then leave the former one out.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from providers.cipher import DecryptionError
from providers.crypto import rotate_encryption_key


class Command(BaseCommand):
    """Encrypt every stored secret anew with the first key of ENCRYPTION_KEY."""

    help = "Encrypt every stored secret anew with the first key of ENCRYPTION_KEY."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many rows were written, or which key is missing."""
        try:
            count = rotate_encryption_key()
        except DecryptionError as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        self.stdout.write(f"{count} stored secrets now need only the first key of ENCRYPTION_KEY.")
