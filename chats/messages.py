"""Posting, editing, answering again, stopping: every change of the message tree.

Whatever asks for a reply brings an archived conversation back into the sidebar: who goes on with it
wants it at hand. Looking at it, leafing through its branches or stopping a reply does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chats import events
from chats.attachments import require_images_taken
from chats.models import Attachment, Conversation, Message
from chats.texts import clean_content

Status = Message.Status


@dataclass(frozen=True, slots=True)
class Posted:
    """A user's message and the pending reply to it."""

    question: Message
    reply: Message


def post_message(
    *,
    conversation: Conversation,
    content: str,
    attachments: Sequence[Attachment] = (),
    parent_id: UUID | None = None,
) -> Posted:
    """Store a user's message under `parent_id` (default: the current leaf) and ask for the reply.

    Two pages that answer the same message make two branches. Raises ValidationError for bad text,
    for a parent elsewhere, and while the parent is still being written.
    """
    text = clean_content(content, may_be_empty=bool(attachments))
    with transaction.atomic():
        conversation = Conversation.objects.select_for_update().get(id=conversation.id)
        parent = _parent(conversation, parent_id or conversation.current_leaf_id)
        return add_exchange(
            conversation=conversation,
            parent_id=parent.id if parent else None,
            content=text,
            attachments=attachments,
        )


def edit_message(*, message: Message, content: str) -> Posted:
    """Ask again in other words: a new branch beside `message`, with its attachments."""
    if message.role != Message.Role.USER:
        raise ValidationError(_("Only your own messages can be edited."), code="role")
    attachments = list(message.attachments.all())
    text = clean_content(content, may_be_empty=bool(attachments))
    with transaction.atomic():
        _require_present(message)
        return add_exchange(
            conversation=message.conversation,
            parent_id=message.parent_id,
            content=text,
            attachments=attachments,
        )


def regenerate_reply(*, message: Message, model: str = "") -> Message:
    """Answer the same message once more: a new branch beside `message`.

    `model` is ``provider/model`` and must have been checked; empty means the conversation's.
    """
    _require_reply(message)
    if message.is_live:
        raise ValidationError(_("This reply is still being written."), code="live")
    with transaction.atomic():
        _require_present(message)
        return _add_reply(message.conversation, parent_id=message.parent_id, model=model)


def retry_reply(*, message: Message) -> Message:
    """Try a reply again that ended badly: in place when nothing hangs on it, else as a branch.

    The model that was asked first is asked first again, whichever stood in for it.
    """
    _require_reply(message)
    if message.content or message.reasoning or message.children.exists():
        return regenerate_reply(message=message)
    asked = message.metadata.get("fallback", {}).get("from") or message.model_name
    _reopen(message, allowed=(Status.FAILED, Status.INTERRUPTED, Status.STOPPED), model=asked)
    return message


def continue_reply(*, message: Message) -> Message:
    """Go on writing a reply where it ended; the new text is appended to the same message.

    By the model that wrote the beginning: no other one stands in for it.
    """
    _require_reply(message)
    if message.children.exists():
        raise ValidationError(_("The conversation already goes on after this."), code="answered")
    if not message.content:
        return retry_reply(message=message)
    _reopen(message, allowed=(Status.COMPLETE, *_ENDED_EARLY), model=message.model_name)
    return message


def stop_reply(*, message: Message) -> None:
    """Stop a reply from anywhere; what was written stays. Stopping twice does no harm."""
    with transaction.atomic():
        unclaimed = _live(message).filter(status=Status.PENDING, runner="")
        if unclaimed.update(status=Status.STOPPED, finished_at=timezone.now()):
            events.reply_ended(message.conversation_id, message.id, Status.STOPPED)
        elif _live(message).update(stop_requested=True):
            events.stop_requested(message.id)


def switch_branch(*, message: Message) -> None:
    """Show the path through `message`, down to its newest leaf."""
    with transaction.atomic():
        _show(message.conversation, Message.objects.newest_leaf_below(message.id))


def add_exchange(
    *,
    conversation: Conversation,
    parent_id: UUID | None,
    content: str,
    attachments: Sequence[Attachment],
) -> Posted:
    """Append a checked user message and a pending reply. Call inside a transaction.

    Raises ValidationError for attached images that the model is known not to take.
    """
    if attachments:
        require_images_taken(model=conversation.model_name, user=conversation.owner)
    question = Message.objects.create(
        conversation=conversation, parent_id=parent_id, role=Message.Role.USER, content=content
    )
    question.attachments.set(attachments)
    reply = _add_reply(conversation, parent_id=question.id)
    events.sidebar_changed(conversation.owner_id)
    return Posted(question=question, reply=reply)


_ENDED_EARLY = (Status.STOPPED, Status.INTERRUPTED, Status.FAILED)


def _add_reply(conversation: Conversation, *, parent_id: UUID | None, model: str = "") -> Message:
    _require_room(conversation)
    provider, _slash, name = (model or conversation.model_name).partition("/")
    reply = Message.objects.create(
        conversation=conversation,
        parent_id=parent_id,
        role=Message.Role.ASSISTANT,
        status=Status.PENDING,
        provider=provider,
        model=name,
        heartbeat_at=timezone.now(),
    )
    events.reply_requested(reply.id)
    _bring_back(conversation)
    _show(conversation, reply.id)
    return reply


def _reopen(message: Message, *, allowed: Sequence[str], model: str) -> None:
    """Set an ended reply back to pending, keeping its text, and ask `model` for more of it."""
    provider, _slash, name = model.partition("/")
    with transaction.atomic():
        _require_room(message.conversation)
        reopened = Message.objects.filter(id=message.id, status__in=allowed).update(
            status=Status.PENDING,
            error=None,
            provider=provider,
            model=name,
            runner="",
            stop_requested=False,
            heartbeat_at=timezone.now(),
            finished_at=None,
        )
        if not reopened:
            raise ValidationError(_("This reply is already being written."), code="live")
        events.reply_requested(message.id)
        _bring_back(message.conversation)
        _show(message.conversation, message.id)
    message.refresh_from_db()


def _bring_back(conversation: Conversation) -> None:
    """Out of the archive. No query for one that is not in it."""
    if conversation.archived_at is not None:
        Conversation.objects.filter(id=conversation.id).update(archived_at=None)
        conversation.archived_at = None
        events.sidebar_changed(conversation.owner_id)


def _show(conversation: Conversation, leaf_id: UUID) -> None:
    """Make `leaf_id` the end of the path that pages show."""
    now = timezone.now()
    Conversation.objects.filter(id=conversation.id).update(current_leaf_id=leaf_id, updated_at=now)
    conversation.current_leaf_id = leaf_id
    conversation.updated_at = now
    events.thread_changed(conversation.id, leaf_id)


def _parent(conversation: Conversation, parent_id: UUID | None) -> Message | None:
    if parent_id is None:
        return None
    parent = conversation.messages.filter(id=parent_id).first()
    if parent is None:
        raise ValidationError(_("The message to answer is not in this chat."), code="parent")
    if parent.is_live:
        raise ValidationError(
            _("A reply is still being written. Wait for it, or stop it first."), code="live"
        )
    return parent


def _require_room(conversation: Conversation) -> None:
    """One account must not take all that the site can do. One query on the few live replies."""
    live = Message.objects.live().filter(conversation__owner_id=conversation.owner_id).count()
    if live >= settings.MAX_LIVE_REPLIES:
        raise ValidationError(
            ngettext(
                "%(count)d reply of yours is still being written. Wait for it, or stop it first.",
                "%(count)d replies of yours are still being written. Wait, or stop one first.",
                live,
            )
            % {"count": live},
            code="too_many_live",
        )


def _require_present(message: Message) -> None:
    """Another tab may have deleted it and what it answers; the conversation is locked from here on.

    Call inside a transaction.
    """
    Conversation.objects.select_for_update().only("id").get(id=message.conversation_id)
    if not Message.objects.filter(id=message.id).exists():
        raise ValidationError(_("This message was deleted."), code="gone")


def _require_reply(message: Message) -> None:
    if message.role != Message.Role.ASSISTANT:
        raise ValidationError(_("Only replies can be made again."), code="role")


def _live(message: Message) -> QuerySet[Message]:
    return Message.objects.live().filter(id=message.id)
