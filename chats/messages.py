"""Posting, editing, answering again, stopping: every change of the message tree.

When its owner asks for a reply, an archived conversation comes back into the sidebar: who goes on
with it wants it at hand. Looking at it, leafing through its branches or stopping a reply does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chats import events, indexing, participants
from chats.attachments import hold_attachments, require_images_taken
from chats.models import Attachment, Conversation, Message
from chats.replies import (
    add_replies,
    add_reply,
    asked_model,
    bring_back,
    end_comparison,
    require_room,
    show,
)
from chats.sending import send_once
from chats.texts import clean_content

Status = Message.Status


@dataclass(frozen=True, slots=True)
class Posted:
    """A user's message and the pending reply to it: the first, where several are compared."""

    question: Message
    reply: Message


def post_message(
    *,
    conversation: Conversation,
    content: str,
    attachments: Sequence[Attachment] = (),
    parent_id: UUID | None = None,
    models: Sequence[str] = (),
    key: UUID | None = None,
    author: User | None = None,
) -> Posted:
    """Store a message of `author`'s under `parent_id` and ask for the reply.

    Without an author it is the owner's, without a parent it answers the current leaf.

    By several `models`, which must have been checked (`chats.comparing`), for replies side by side.
    Where replies were side by side, the parent is the one to go on with, the others its versions.
    Two pages that answer the same message make two branches; a form that comes again, with the
    same `key`, is answered with what it made. Raises ValidationError for bad text, for a parent
    elsewhere, and while the parent is still being written.
    """
    text = clean_content(content, may_be_empty=bool(attachments))

    def make() -> tuple[Message, Posted]:
        locked = Conversation.objects.select_for_update().get(id=conversation.id)
        participants.require_writer(locked, author)
        parent = _parent(locked, parent_id or locked.current_leaf_id)
        if parent is not None:
            end_comparison(parent)
        posted = add_exchange(
            conversation=locked,
            parent_id=parent.id if parent else None,
            content=text,
            attachments=attachments,
            models=models,
            author=author,
        )
        return posted.question, posted

    def restore(question: Message) -> Posted | None:
        return posted_before(question, content=text, conversation_id=conversation.id)

    sender = author.pk if author else conversation.owner_id
    return send_once(owner_id=sender, key=key, make=make, restore=restore)


def edit_message(
    *, message: Message, content: str, key: UUID | None = None, author: User | None = None
) -> Posted:
    """Ask again in other words: a new branch beside `message`, with its attachments.

    By `author`, as `post_message`. Where replies to it are side by side, the same models are asked.
    """
    if message.role != Message.Role.USER:
        raise ValidationError(_("Only your own messages can be edited."), code="role")
    links = Attachment.messages.through.objects.filter(message=message).order_by("id")
    links = links.select_related("attachment").defer("attachment__text")
    attachments = [link.attachment for link in links]
    text = clean_content(content, may_be_empty=bool(attachments))

    def make() -> tuple[Message, Posted]:
        _require_present(message, author)
        posted = add_exchange(
            conversation=message.conversation,
            parent_id=message.parent_id,
            content=text,
            attachments=attachments,
            models=_compared_models(message),
            author=author,
        )
        return posted.question, posted

    def restore(question: Message) -> Posted | None:
        return posted_before(question, content=text, conversation_id=message.conversation_id)

    sender = author.pk if author else message.conversation.owner_id
    return send_once(owner_id=sender, key=key, make=make, restore=restore)


def regenerate_reply(
    *, message: Message, model: str = "", key: UUID | None = None, author: User | None = None
) -> Message:
    """Answer the same message once more: a new branch beside `message`.

    A person's own message is answered itself: its replies may have been deleted. `model` is
    ``provider/model`` and must have been checked; empty means the conversation's. In a comparison
    it takes the old one's place, and empty means the model that was asked there.
    """
    if message.is_live:
        raise ValidationError(_("This reply is still being written."), code="live")
    is_reply = message.role == Message.Role.ASSISTANT
    question_id = message.parent_id if is_reply else message.id

    def make() -> tuple[Message, Message]:
        _require_present(message, author)
        reply = add_reply(
            message.conversation,
            parent_id=question_id,
            model=model or (asked_model(message) if message.comparison else ""),
            in_place_of=message if is_reply else None,
            author=author,
        )
        return reply, reply

    def restore(reply: Message) -> Message | None:
        return reply if reply.parent_id == question_id else None

    sender = author.pk if author else message.conversation.owner_id
    return send_once(owner_id=sender, key=key, make=make, restore=restore)


def retry_reply(*, message: Message, author: User | None = None) -> Message:
    """Try a reply again that ended badly: in place when nothing hangs on it, else as a branch.

    In place it stays its author's, and `author`, or the owner, has asked for this run. The model
    that was asked first is asked first again, whichever stood in for it.
    """
    _require_reply(message)
    began = message.content or message.reasoning or message.parts
    if began or message.children.exists():
        return regenerate_reply(message=message, author=author)
    ended_early = (Status.FAILED, Status.INTERRUPTED, Status.STOPPED)
    _reopen(message, allowed=ended_early, model=asked_model(message), author=author)
    return message


def continue_reply(*, message: Message, author: User | None = None) -> Message:
    """Go on writing a reply where it ended; the new text is appended to the same message.

    By the model that wrote the beginning: no other one stands in for it. It stays its author's,
    and `author`, or the owner, has asked for the rest.
    """
    _require_reply(message)
    if message.children.exists():
        raise ValidationError(_("The conversation already goes on after this."), code="answered")
    if not message.content:
        return retry_reply(message=message, author=author)
    allowed = (Status.COMPLETE, *_ENDED_EARLY)
    _reopen(message, allowed=allowed, model=message.model_name, author=author)
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
        show(message.conversation, Message.objects.newest_leaf_below(message.id))


def add_exchange(
    *,
    conversation: Conversation,
    parent_id: UUID | None,
    content: str,
    attachments: Sequence[Attachment],
    models: Sequence[str] = (),
    author: User | None = None,
) -> Posted:
    """Append a checked user message and a pending reply, or one by each of several `models`.

    Call inside a transaction. Raises ValidationError for attached images that a model is known not
    to take, and for a file that was removed meanwhile.
    """
    if attachments:
        hold_attachments(attachments)
    has_images = any(each.is_image for each in attachments)
    for model in (models or [conversation.model_name]) if has_images else ():
        require_images_taken(model=model, user=conversation.owner)
    author_id = participants.author_id(conversation, author)
    question = Message.objects.create(
        conversation=conversation,
        parent_id=parent_id,
        author_id=author_id,
        role=Message.Role.USER,
        content=content,
        # Whoever reads it after the account is gone learns whose it was.
        metadata={"author": author.username} if author and author_id else {},
    )
    # One by one in their order: models get them so. `set` would shuffle them.
    links = Attachment.messages.through
    links.objects.bulk_create(
        links(attachment_id=each.id, message_id=question.id) for each in attachments
    )
    indexing.index_messages([question.id])
    if models:
        replies = add_replies(conversation, parent_id=question.id, models=models, author=author)
        reply = replies[0]
    else:
        reply = add_reply(conversation, parent_id=question.id, author=author)
    participants.list_changed(conversation)
    return Posted(question=question, reply=reply)


def posted_before(
    question: Message, *, content: str, conversation_id: UUID | None = None
) -> Posted | None:
    """What a form that comes again has made: `question` and the first reply to it. One query.

    None when the form holds other words, or belongs to another conversation. For `send_once`.
    """
    is_elsewhere = conversation_id not in {None, question.conversation_id}
    if is_elsewhere or question.role != Message.Role.USER or question.content != content:
        return None
    reply = question.children.select_related("conversation").order_by("created_at", "id").first()
    if reply is None:
        raise ValidationError(_("This message was deleted."), code="gone")
    return Posted(question=question, reply=reply)


_ENDED_EARLY = (Status.STOPPED, Status.INTERRUPTED, Status.FAILED)


def _reopen(message: Message, *, allowed: Sequence[str], model: str, author: User | None) -> None:
    """Set an ended reply back to pending, keeping its text, and ask `model` for more of it."""
    provider, _slash, name = model.partition("/")
    with transaction.atomic():
        _require_present(message, author)
        require_room(message.conversation)
        reopened = Message.objects.filter(id=message.id, status__in=allowed).update(
            status=Status.PENDING,
            asked_by_id=participants.author_id(message.conversation, author),
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
        bring_back(message.conversation, author=author)
        show(message.conversation, message.id)
    message.refresh_from_db()


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


def _require_present(message: Message, author: User | None) -> None:
    """Another tab may have deleted it and what it answers, the owner have removed `author`.

    The conversation is locked from here on. Call inside a transaction.
    """
    Conversation.objects.select_for_update().only("id").get(id=message.conversation_id)
    participants.require_writer(message.conversation, author)
    if not Message.objects.filter(id=message.id).exists():
        raise ValidationError(_("This message was deleted."), code="gone")


def _compared_models(question: Message) -> list[str]:
    """The models whose replies to `question` are side by side. One query."""
    compared = question.children.filter(comparison__isnull=False).order_by("comparison_order")
    return [asked_model(reply) for reply in compared]


def _require_reply(message: Message) -> None:
    if message.role != Message.Role.ASSISTANT:
        raise ValidationError(_("Only replies can be made again."), code="role")


def _live(message: Message) -> QuerySet[Message]:
    return Message.objects.live().filter(id=message.id)
