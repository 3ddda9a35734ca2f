"""Going on from a shared snapshot: a conversation of one's own, with all that it shows."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from chats import events, indexing
from chats.attachments import copy_attachment
from chats.conversations import checked_model, preferred_model
from chats.models import Attachment, Conversation, Message, SharedLink
from chats.sending import send_once, sent_before
from chats.snapshots import Turn

MAX_COPIED: Final = 500_000_000
"""Bytes of files that one copy takes along."""

_AGAIN: Final = 60
"""Seconds in which going on from the same gives the same copy."""
_MAKING: Final = 600
"""Seconds that making one may take."""

_Link = Attachment.messages.through


@dataclass(frozen=True, slots=True)
class Copied:
    """The new conversation, and how many files did not come along."""

    conversation: Conversation
    left_out: int


def copy_shared(*, link: SharedLink, user: User, key: UUID | None = None) -> Copied:
    """Copy what a link shows into an own conversation, which knows nothing of where it comes from.

    The model is that of the last reply where `user` has it, else the one that new chats of `user`
    begin with. A form that comes again with its `key` gives the copy that it made, and so does
    whoever asks for the same again within a minute. Raises ValidationError while it is being made.
    """
    before = sent_before(owner_id=user.pk, key=key, restore=_copy_of)
    if before is not None:
        return before
    claim = f"copy:{user.pk}:{link.id}:{link.digest}"
    if not cache.add(claim, None, _MAKING):
        made = Conversation.objects.for_user(user).filter(id=cache.get(claim)).first()
        if made is not None:
            return Copied(conversation=made, left_out=0)
        if cache.get(claim) is None:
            raise ValidationError(_("Your copy is being made. You will find it among your chats."))
        cache.set(claim, None, _MAKING)
    try:
        copied = _copied(link, user, key)
    except BaseException:
        cache.delete(claim)
        raise
    cache.set(claim, copied.conversation.id, _AGAIN)
    return copied


def _copied(link: SharedLink, user: User, key: UUID | None) -> Copied:
    """Files are copied first, outside of the transaction: they may be large."""
    files, left_out = _copied_files(link, user)

    def make() -> tuple[Message, Copied]:
        provider, _slash, model = _model(link, user).partition("/")
        conversation = Conversation.objects.create(
            owner=user,
            title=link.title,
            title_source=Conversation.TitleSource.PERSON,
            provider=provider,
            model=model,
        )
        leaf_id: UUID | None = None
        rows: list[Message] = []
        for turns in _pages(link):
            rows = []
            uses: list[tuple[UUID, UUID]] = []
            for turn in turns:
                row = _message(turn, conversation, leaf_id)
                rows.append(row)
                uses += [
                    (row.id, files[file["id"]])
                    for file in turn.get("files", ())
                    if file["id"] in files
                ]
                leaf_id = row.id
            Message.objects.bulk_create(rows)
            _Link.objects.bulk_create(
                _Link(message_id=message_id, attachment_id=attachment_id)
                for message_id, attachment_id in uses
            )
        conversation.current_leaf_id = leaf_id
        conversation.save(update_fields=["current_leaf"])
        indexing.index_conversations([conversation.id])
        events.sidebar_changed(user.id)
        # A link shows at least one message.
        return rows[-1], Copied(conversation=conversation, left_out=left_out)

    return send_once(owner_id=user.pk, key=key, make=make, restore=_copy_of)


def _copy_of(leaf: Message) -> Copied:
    return Copied(conversation=leaf.conversation, left_out=0)


def _pages(link: SharedLink) -> Iterator[list[Turn]]:
    for page in link.pages.order_by("number").iterator(chunk_size=1):
        yield page.turns


def _copied_files(link: SharedLink, user: User) -> tuple[dict[str, UUID], int]:
    """By the ids that the snapshot has, those of the copies; and how many were left out."""
    found: dict[str, UUID] = {}
    left_out = total = 0
    for attachment in link.attachments.order_by("created_at", "id"):
        total += attachment.size
        copy = copy_attachment(attachment=attachment, owner=user) if total <= MAX_COPIED else None
        if copy is None:
            left_out += 1
        else:
            found[str(attachment.id)] = copy.id
    return found, left_out


def _model(link: SharedLink, user: User) -> str:
    last = ""
    for turns in _pages(link):
        for turn in turns:
            if turn.get("provider") and turn.get("model"):
                last = f"{turn['provider']}/{turn['model']}"
    with suppress(ValidationError):
        if last:
            return checked_model(last, user=user)
    return preferred_model(user)


def _message(turn: Turn, conversation: Conversation, parent_id: UUID | None) -> Message:
    provider, model = turn.get("provider", ""), turn.get("model", "")
    label = turn.get("label") or ("" if provider else model)
    return Message(
        id=uuid4(),
        conversation=conversation,
        parent_id=parent_id,
        role=turn["role"],
        status=turn["status"],
        content=turn["content"],
        reasoning=turn.get("reasoning", ""),
        reasoning_ms=turn.get("reasoning_ms"),
        parts=turn.get("sources", []),
        metadata={"model_label": label} if label else {},
        provider=provider,
        model=model if provider else "",
        finish_reason=turn.get("finish", ""),
        created_at=datetime.fromisoformat(turn["at"]),
    )
