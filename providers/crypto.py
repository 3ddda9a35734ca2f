"""Is the master key the right one, and how to change it. The cipher is in `providers.cipher`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.db import transaction

from providers import cipher
from providers.fields import EncryptedTextField
from providers.models import ApiKey, KeyCheck

CHECK_TEXT = "parley"
BATCH_SIZE = 100
SHOWN = 5


class MasterKeyError(Exception):
    """ENCRYPTION_KEY does not fit this database; the text is one clear line."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was done: stored secrets, the check value included."""

    rotated: int
    already: int
    """Those that needed only the first master key before."""


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


def rotate_encryption_key(
    *,
    batch_size: int = BATCH_SIZE,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Rotation:
    """Encrypt with the first master key what another one was used for.

    Each batch is a transaction of its own, and what the first key opens is not written again: a
    run that was cut short is continued by the next one, and the site may go on working meanwhile.
    The check value comes last, so that the former key is asked for as long as a row may need it.
    `progress` is called after each batch with the keys looked at so far and how many there are.

    Raises `MasterKeyError` before anything is written when a row cannot be read.
    """
    verify_master_key()
    _verify_keys(batch_size)
    already, rotated = _pass(batch_size, progress)
    # What was added meanwhile may lie before the place where the pass was; a process that was
    # started with the former key alone writes with that one.
    while (again := _pass(batch_size, progress))[1]:
        rotated += again[1]
    with transaction.atomic():
        check = KeyCheck.objects.select_for_update().get(pk=KeyCheck.ONLY)
        if _field(KeyCheck, "token").is_current(check):
            return Rotation(rotated, already + 1)
        check.save(update_fields=["token"])
    return Rotation(rotated + 1, already)


def _pass(batch_size: int, progress: Callable[[int, int], None]) -> tuple[int, int]:
    """Look at every key once, in the order of their ids: how many were current, how many not."""
    field = _field(ApiKey, "encrypted_key")
    already = rotated = 0
    total = ApiKey.objects.count()
    last: UUID | None = None
    while True:
        with transaction.atomic():
            keys = _batch(last, batch_size, lock=True)
            for key in keys:
                if field.is_current(key):
                    already += 1
                else:
                    key.save(update_fields=["encrypted_key"])
                    rotated += 1
        if not keys:
            return already, rotated
        last = keys[-1].pk
        progress(already + rotated, total)


def _verify_keys(batch_size: int) -> None:
    broken = []
    for key in _all_keys(batch_size):
        try:
            _ = key.encrypted_key
        except cipher.DecryptionError:
            broken.append(str(key.pk))
    if broken:
        shown = ", ".join(broken[:SHOWN]) + (", …" if len(broken) > SHOWN else "")
        raise MasterKeyError(
            f"{len(broken)} stored keys cannot be read with any key of ENCRYPTION_KEY. Add the key "
            f"that they were stored with, after a comma, or remove them in the administration: "
            f"{shown}."
        )


def _all_keys(batch_size: int) -> Iterator[ApiKey]:
    last: UUID | None = None
    while keys := _batch(last, batch_size):
        yield from keys
        last = keys[-1].pk


def _batch(last: UUID | None, size: int, *, lock: bool = False) -> list[ApiKey]:
    rows = ApiKey.objects.order_by("pk").only("encrypted_key")
    if last is not None:
        rows = rows.filter(pk__gt=last)
    return list((rows.select_for_update() if lock else rows)[:size])


def _field(model: type[ApiKey | KeyCheck], name: str) -> EncryptedTextField:
    return cast(EncryptedTextField, model._meta.get_field(name))
