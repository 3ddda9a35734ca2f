"""The rows that replies begin as, one or several side by side, and the path that pages show.

Knows neither texts nor who asks: `chats.messages` and `chats.comparing` do.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from chats import events, participants
from chats.models import Conversation, Message

Status = Message.Status


def add_reply(
    conversation: Conversation,
    *,
    parent_id: UUID | None,
    model: str = "",
    in_place_of: Message | None = None,
    author: User | None = None,
) -> Message:
    """A pending reply that is asked for on commit, shown from then on. Call inside a transaction.

    `author` asked for it, or the owner. `model` is ``provider/model``; empty means the
    conversation's. It takes the place of `in_place_of` in an open comparison, if that is in one
    still. Raises ValidationError when as many replies of the owner's as may be are being written.
    """
    require_room(conversation)
    asker = participants.author_id(conversation, author)
    place: dict[str, Any] = {"author_id": asker, "asked_by_id": asker}
    if in_place_of is not None and in_place_of.comparison is not None:
        found = Message.objects.filter(id=in_place_of.id, comparison=in_place_of.comparison)
        if found.update(comparison=None, comparison_order=None):
            place["comparison"] = in_place_of.comparison
            place["comparison_order"] = in_place_of.comparison_order
    reply = _create(conversation, parent_id, model or conversation.model_name, **place)
    bring_back(conversation, author=author)
    show(conversation, reply.id)
    return reply


def add_replies(
    conversation: Conversation,
    *,
    parent_id: UUID,
    models: Sequence[str],
    author: User | None = None,
) -> list[Message]:
    """Pending replies by several models, side by side. Call inside a transaction.

    The first is the one that pages go on with. Where there is no room for all of them, the others
    are stored as failed and can be tried again; where there is none at all, ValidationError.
    """
    room = room_for_replies(conversation)
    if room < 1:
        raise ValidationError(_too_many(), code="too_many_live")
    comparison = uuid4()
    asker = participants.author_id(conversation, author)
    replies = []
    for order, model in enumerate(models):
        place: dict[str, Any] = {"comparison": comparison, "comparison_order": order}
        place |= {"author_id": asker, "asked_by_id": asker}
        if order >= room:
            place |= {"status": Status.FAILED, "error": _no_room(), "finished_at": timezone.now()}
        replies.append(_create(conversation, parent_id, model, **place))
    bring_back(conversation, author=author)
    show(conversation, replies[0].id)
    return replies


def end_comparison(message: Message) -> bool:
    """Make ordinary versions of what `message` is compared with. False when it is in none."""
    if message.comparison is None:
        return False
    compared = Message.objects.filter(parent_id=message.parent_id, comparison=message.comparison)
    return bool(compared.update(comparison=None, comparison_order=None))


def asked_model(reply: Message) -> str:
    """`provider/model` that was asked first, whichever stood in for it."""
    return reply.metadata.get("fallback", {}).get("from") or reply.model_name


def room_for_replies(conversation: Conversation) -> int:
    """How many more its owner may have written now: one account must not take all of the site.

    One query on the few live replies. Never more than MAX_LIVE_REPLIES, may be negative.
    """
    live = Message.objects.live().filter(conversation__owner_id=conversation.owner_id).count()
    return settings.MAX_LIVE_REPLIES - live


def require_room(conversation: Conversation) -> None:
    """Raise ValidationError when there is no room for one more reply."""
    if room_for_replies(conversation) < 1:
        raise ValidationError(_too_many(), code="too_many_live")


def bring_back(conversation: Conversation, *, author: User | None) -> None:
    """Out of the owner's archive, when the owner goes on with it; others have none in it.

    No query for one that is not in it.
    """
    is_owners = participants.author_id(conversation, author) is None
    if is_owners and conversation.archived_at is not None:
        Conversation.objects.filter(id=conversation.id).update(archived_at=None)
        conversation.archived_at = None
        events.sidebar_changed(conversation.owner_id)


def show(conversation: Conversation, leaf_id: UUID) -> None:
    """Make `leaf_id` the end of the path that pages show."""
    now = timezone.now()
    Conversation.objects.filter(id=conversation.id).update(current_leaf_id=leaf_id, updated_at=now)
    conversation.current_leaf_id = leaf_id
    conversation.updated_at = now
    events.thread_changed(conversation.id, leaf_id)


def _create(
    conversation: Conversation, parent_id: UUID | None, model_name: str, **fields: Any
) -> Message:
    provider, _slash, name = model_name.partition("/")
    reply = Message.objects.create(
        conversation=conversation,
        parent_id=parent_id,
        role=Message.Role.ASSISTANT,
        provider=provider,
        model=name,
        **{"status": Status.PENDING, "heartbeat_at": timezone.now(), **fields},
    )
    if reply.is_live:
        events.reply_requested(reply.id)
    return reply


def _too_many() -> str:
    live = settings.MAX_LIVE_REPLIES
    return ngettext(
        "%(count)d reply of yours is still being written. Wait for it, or stop it first.",
        "%(count)d replies of yours are still being written. Wait, or stop one first.",
        live,
    ) % {"count": live}


def _no_room() -> dict[str, Any]:
    """As `ProviderError.as_dict`."""
    return {
        "kind": "too_many_live",
        "message": _("This model was not asked."),
        "hint": _too_many(),
        "detail": "",
        "retryable": True,
        "retry_after": None,
    }
