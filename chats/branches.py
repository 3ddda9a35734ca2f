"""Cutting a message tree, and growing another one from it."""

from typing import Any, Final
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from chats import events, indexing
from chats.attachments import discard_attachments
from chats.conversations import checked_model, delete_conversation, preferred_model
from chats.models import TITLE_LENGTH, Attachment, Conversation, Message
from chats.replies import end_comparison

_BATCH: Final = 500
_FACTS_OF_ONE: Final = (
    "cost_micros", "runner", "heartbeat_at", "stop_requested", "comparison", "comparison_order",
    "asked_by_id",
)  # fmt: skip
"""What a copy of a message starts without: its text was paid for once, is made by nobody, and
what it was compared with is not copied."""
_SETTINGS: Final = (
    "owner_id", "provider", "model", "system_prompt", "temperature", "top_p", "max_tokens",
    "options", "fallback_model", "is_temporary", "folder_id",
)  # fmt: skip

_Link = Attachment.messages.through


def delete_from(*, message: Message, user: User | None = None) -> bool:
    """Remove a message and all that hangs on it, in every version; files that only these used too.

    Where the page showed some of it, it shows the nearest other version, else ends at the parent.
    False when nothing would be left: then the conversation is deleted as a whole, which can be
    undone. A `user` who is not the owner deletes nothing but what they wrote or asked for, else
    ValidationError. Deleting twice does no harm. Queries grow with every 500 messages and with
    their files.
    """
    with transaction.atomic():
        conversation = Conversation.objects.select_for_update().get(id=message.conversation_id)
        doomed = Message.objects.ids_below(message.id)
        _require_own(doomed, user, conversation)
        if is_all_of_it(message):
            delete_conversation(conversation=conversation)
            return False
        if not doomed:
            return True
        if conversation.current_leaf_id in set(doomed):
            leaf_id = _leaf_without(message)
            Conversation.objects.filter(id=conversation.id).update(current_leaf_id=leaf_id)
        else:
            leaf_id = conversation.current_leaf_id
        for live_id in set(doomed).intersection(
            conversation.messages.live().values_list("id", flat=True)
        ):
            # In this order: the runner tells of the end as soon as it is stopped.
            events.reply_gone(conversation.id, live_id)
            events.stop_requested(live_id)
        _remove(doomed)
        _end_lonely_comparison(message)
        events.thread_changed(conversation.id, leaf_id)
        return True


def is_all_of_it(message: Message) -> bool:
    """Whether a conversation would be empty without this message. At most one query."""
    if message.parent_id is not None:
        return False
    roots = Message.objects.filter(conversation_id=message.conversation_id, parent=None)
    return not roots.exclude(id=message.id).exists()


def branch_off(*, message: Message, user: User | None = None) -> Conversation:
    """A new conversation that begins with copies of the path up to `message`, files shared.

    The conversation's settings, folder and tags are the old one's. A reply that is still being
    written is copied as far as it is, as interrupted. Copies cost nothing. Queries do not grow with
    the path, but for one for some dozen messages on SQLite.

    For a `user` who is not the owner it is a chat of their own, of what they see: without the
    owner's settings and ratings, with the same model only if it is theirs too.
    """
    with transaction.atomic():
        source = Conversation.objects.select_for_update().get(id=message.conversation_id)
        branch = Conversation.objects.create(
            **_branch_title(source),
            **_branch_settings(source, user or source.owner),
        )
        path = Message.objects.path_to(message.id)
        for original in path:
            original.conversation = source
        ids = {original.id: uuid4() for original in path}
        Message.objects.bulk_create([_copy(original, branch, ids) for original in path])
        _share_files(ids, conversation=source)
        branch.current_leaf_id = ids[message.id]
        branch.save(update_fields=["current_leaf"])
        if branch.owner_id == source.owner_id:
            branch.tags.set(source.tags.all())
        indexing.index_conversations([branch.id])
        events.sidebar_changed(branch.owner_id)
    return branch


def _branch_settings(source: Conversation, user: User) -> dict[str, Any]:
    if user.pk == source.owner_id:
        return {name: getattr(source, name) for name in _SETTINGS}
    try:
        model = checked_model(source.model_name, user=user)
    except ValidationError:
        model = preferred_model(user)
    provider, _slash, name = model.partition("/")
    return {"owner": user, "provider": provider, "model": name}


def _require_own(doomed: list[UUID], user: User | None, conversation: Conversation) -> None:
    """Call inside a transaction that locked the conversation. At most one query."""
    if user is None or user.pk == conversation.owner_id:
        return
    if Message.objects.filter(id__in=doomed[:_BATCH]).exclude(author=user).exists() or (
        len(doomed) > _BATCH
    ):
        raise ValidationError(
            _("Others wrote below this. Only the owner of the chat can delete that."), code="others"
        )


def _leaf_without(message: Message) -> UUID | None:
    """Where the path ends when `message` is gone: below the version before it, or after it.

    In a comparison what is compared with it comes first.
    """
    ids = Message.objects.sibling_ids([message])[message.id]
    compared = _compared_ids(message)
    if message.id in compared and len(compared) > 1:
        ids = compared
    at = ids.index(message.id)
    others = ids[:at][-1:] or ids[at + 1 :][:1]
    return Message.objects.newest_leaf_below(others[0]) if others else message.parent_id


def _compared_ids(message: Message) -> list[UUID]:
    """What stands side by side with `message`, itself included, in order. At most one query."""
    if message.comparison is None:
        return []
    compared = Message.objects.filter(parent_id=message.parent_id, comparison=message.comparison)
    return list(compared.order_by("comparison_order").values_list("id", flat=True))


def _end_lonely_comparison(message: Message) -> None:
    """What is left alone when `message` is gone is compared with nothing any more."""
    if len(_compared_ids(message)) == 1:
        end_comparison(message)


def _remove(doomed: list[UUID]) -> None:
    """Delete messages, the deepest first: so none of the batches has to look for more."""
    files: dict[UUID, Attachment] = {}
    batches = [doomed[at : at + _BATCH] for at in range(0, len(doomed), _BATCH)]
    for batch in reversed(batches):
        files |= Attachment.objects.filter(messages__in=batch).in_bulk()
        Message.objects.filter(id__in=batch).delete()
    indexing.words_removed()
    discard_attachments(files.values())


def _copy(original: Message, branch: Conversation, ids: dict[UUID, UUID]) -> Message:
    values: dict[str, Any] = {
        field.attname: getattr(original, field.attname)
        for field in Message._meta.concrete_fields
        if field.attname not in _FACTS_OF_ONE
    }
    values |= {"id": ids[original.id], "conversation_id": branch.id}
    values["parent_id"] = ids[original.parent_id] if original.parent_id else None
    if branch.owner_id != original.conversation.owner_id:
        writer = original.author_id or original.conversation.owner_id
        values |= {"author_id": writer if writer != branch.owner_id else None}
        values |= {"rating": None, "rating_note": ""}
    if original.is_live:
        values["status"] = Message.Status.INTERRUPTED
    return Message(**values)


def _share_files(ids: dict[UUID, UUID], *, conversation: Conversation) -> None:
    links = _Link.objects.filter(message__conversation=conversation).order_by("id")
    _Link.objects.bulk_create(
        _Link(attachment_id=link.attachment_id, message_id=ids[link.message_id])
        for link in links
        if link.message_id in ids
    )


def _branch_title(source: Conversation) -> dict[str, str]:
    """As the old one's, and that it is a branch; said once. Temporary chats have no titles."""
    if source.is_temporary:
        return {"title": source.title, "title_source": source.title_source}
    mark = _("(branch)")
    title = str(source).removesuffix(mark).rstrip()
    return {
        "title": f"{title[: TITLE_LENGTH - len(mark) - 1].rstrip()} {mark}",
        "title_source": Conversation.TitleSource.PERSON,
    }
