"""Is the master key the right one, and how to change it. The cipher is in `providers.cipher`."""

from django.db import transaction

from providers import cipher
from providers.models import ApiKey, KeyCheck

CHECK_TEXT = "parley"


class MasterKeyError(Exception):
    """ENCRYPTION_KEY does not fit this database; the text is one clear line."""


def verify_master_key() -> None:
    """Raise `MasterKeyError` when the site's master key cannot read what is stored. One query.

    The first call on a database stores the check value that later ones read.
    """
    try:
        check, _created = KeyCheck.objects.get_or_create(
            pk=KeyCheck.ONLY, defaults={"token": CHECK_TEXT}
        )
        fits = check.token == CHECK_TEXT
    except cipher.DecryptionError:
        fits = False
    if not fits:
        raise MasterKeyError(
            "ENCRYPTION_KEY is not the key that this database was written with: stored provider "
            "keys cannot be read. Set the former key, or both as NEW,FORMER to change it."
        )


def rotate_encryption_key() -> int:
    """Encrypt everything anew with the first master key; how many rows were written.

    All or nothing. Raises `cipher.DecryptionError` when a row cannot be read with any of them.
    """
    with transaction.atomic():
        keys = list(ApiKey.objects.select_for_update())
        for key in keys:
            key.save(update_fields=["encrypted_key"])
        checks = list(KeyCheck.objects.select_for_update())
        for check in checks:
            check.save(update_fields=["token"])
    return len(keys) + len(checks)
