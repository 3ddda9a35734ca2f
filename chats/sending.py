"""Forms that are sent again are taken once: a double click, a lost answer, two tabs.

A form carries a key of its own; what it made is remembered for a day. Posting it again finds that
instead of making it twice, also while the first post is still running. Knows no forms.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from chats.models import Message, Sending, SharedLink

T = TypeVar("T")

KEPT_FOR: Final = timedelta(days=1)
"""How long a form is known: a page that was offline for longer may post it twice."""


def send_once(
    *,
    owner_id: UUID,
    key: UUID | None,
    make: Callable[[], tuple[Message, T]],
    restore: Callable[[Message], T | None],
) -> T:
    """What `make` gives, or gave when the owner's form with this `key` came before.

    `make` runs inside a transaction and returns the message to remember and its result. `restore`
    gives that result again, from the message; None when this form asks for something else (a page
    that was restored with other words in it), which is then made and remembered in its place.
    Without a key nothing is remembered. One query more than `make` has, and one that remembers.
    """
    return _once(owner_id=owner_id, key=key, make=make, restore=_from_message(restore))


def sent_before(
    *, owner_id: UUID, key: UUID | None, restore: Callable[[Message], T | None]
) -> T | None:
    """What `send_once` would not make: for who has much to prepare outside of the transaction."""
    return _restored(_find(owner_id, key), _from_message(restore)) if key else None


def link_once(
    *,
    owner_id: UUID,
    key: UUID | None,
    make: Callable[[], SharedLink],
    is_same: Callable[[SharedLink], bool],
) -> SharedLink:
    """As `send_once`, of a link; `is_same` says whether this form asks for that one."""

    def made() -> tuple[SharedLink, SharedLink]:
        link = make()
        return link, link

    def restore(sending: Sending) -> SharedLink | None:
        link = sending.link
        return link if link is not None and is_same(link) else None

    return _once(owner_id=owner_id, key=key, make=made, restore=restore)


def prune_sendings() -> int:
    """Forget forms that were sent long ago. Returns how many."""
    expired = Sending.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    return expired.delete()[0]


def _once(
    *,
    owner_id: UUID,
    key: UUID | None,
    make: Callable[[], tuple[Message | SharedLink, T]],
    restore: Callable[[Sending], T | None],
) -> T:
    if key is None:
        with transaction.atomic():
            return make()[1]
    try:
        with transaction.atomic():
            sending = _find(owner_id, key)
            before = _restored(sending, restore)
            if before is not None:
                return before
            what, made = make()
            _remember(sending, what=what, owner_id=owner_id, key=key)
            return made
    except (IntegrityError, ValidationError):
        # The same form at the same time: the other one was taken, and nothing of this is left.
        before = _restored(_find(owner_id, key), restore)
        if before is None:
            raise
        return before


def _from_message(restore: Callable[[Message], T | None]) -> Callable[[Sending], T | None]:
    def again(sending: Sending) -> T | None:
        message = sending.message
        if message is None or message.conversation.deleted_at is not None:
            return None
        return restore(message)

    return again


def _find(owner_id: UUID, key: UUID) -> Sending | None:
    sendings = Sending.objects.filter(owner_id=owner_id, key=key)
    return sendings.select_related("message__conversation", "link").first()


def _restored(sending: Sending | None, restore: Callable[[Sending], T | None]) -> T | None:
    return None if sending is None else restore(sending)


def _remember(
    sending: Sending | None, *, what: Message | SharedLink, owner_id: UUID, key: UUID
) -> None:
    """What the key stands for from now on. Raises IntegrityError when another post was first."""
    message = what if isinstance(what, Message) else None
    link = what if isinstance(what, SharedLink) else None
    if sending is None:
        Sending.objects.create(owner_id=owner_id, key=key, message=message, link=link)
        return
    same = Sending.objects.filter(id=sending.id, message=sending.message, link=sending.link)
    if not same.update(message=message, link=link, created_at=timezone.now()):
        raise IntegrityError("The same form was taken meanwhile.")
