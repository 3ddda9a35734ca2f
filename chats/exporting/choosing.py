"""Which chats an export is of. Settled when it begins."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from chats.models import Conversation
from chats.selection import owned_chats


@dataclass(frozen=True, slots=True)
class Chosen:
    """Chats of one owner, oldest first. `is_all`: with all folders and tags, used or not."""

    owner: User
    ids: tuple[UUID, ...]
    is_all: bool = False


def choose_all(*, user: User) -> Chosen:
    """All that is the user's own: neither temporary or deleted chats nor those of others."""
    return _chosen(user, owned_chats(user), is_all=True)


def choose_chats(*, user: User, chats: QuerySet[Conversation]) -> Chosen:
    """What `chats` finds, as far as it is the user's own."""
    return _chosen(user, owned_chats(user).filter(id__in=chats.order_by().values("id")))


def choose_ids(*, user: User, ids: Collection[UUID]) -> Chosen | None:
    """These chats; None when one of them is not the user's own, or there is none."""
    chosen = _chosen(user, owned_chats(user).filter(id__in=set(ids)))
    return chosen if chosen.ids and len(chosen.ids) == len(set(ids)) else None


def _chosen(user: User, chats: QuerySet[Conversation], *, is_all: bool = False) -> Chosen:
    ids = chats.order_by("created_at", "id").values_list("id", flat=True)
    return Chosen(owner=user, ids=tuple(ids), is_all=is_all)
