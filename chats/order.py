"""What folders and tags have in common: one row to lock, names without doubles, and batches."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError

from accounts.models import User
from chats.models import Folder, Tag
from chats.texts import clean_name

BATCH: Final = 500
"""Ids in one statement."""


def lock_order(owner_id: UUID) -> None:
    """Let nobody else change the folders and tags of a person until the transaction ends."""
    User.objects.select_for_update().only("id").get(id=owner_id)


def by_name(thing: Folder | Tag) -> tuple[str, str]:
    """The order of those beside each other, the same on every database."""
    return thing.name.casefold(), thing.name


def free_name(name: str, *, limit: int, beside: Collection[str], taken: str) -> str:
    """A name as stored, none of those beside it; case does not count.

    Raises ValidationError for the field, with the sentence `taken` when it is.
    """
    try:
        cleaned = clean_name(name, limit=limit)
    except ValidationError as error:
        raise ValidationError({"name": error}) from error
    if cleaned.lower() in {each.lower() for each in beside}:
        raise ValidationError({"name": taken}, code="taken")
    return cleaned


def batches(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """BATCH of them after the other."""
    for at in range(0, len(ids), BATCH):
        yield ids[at : at + BATCH]
