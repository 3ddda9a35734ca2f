"""The one gate to chats: turns an id from outside into an object, or 404.

Somebody else's object and one that does not exist look the same, and so does what a member may not
do. Who names no right gets what is the owner's alone. One query each.
"""

from typing import TypeVar
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from accounts.models import User
from chats.models import (
    Attachment,
    Conversation,
    Folder,
    LibraryEntry,
    Message,
    Preset,
    PromptTemplate,
    SharedLink,
    Tag,
)
from chats.querysets import Right

__all__ = [
    "Right",
    "attachment_or_404",
    "changeable_message_or_404",
    "conversation_or_404",
    "deleted_conversation_or_404",
    "folder_or_404",
    "message_or_404",
    "own_preset_or_404",
    "own_template_or_404",
    "preset_or_404",
    "right_of",
    "shared_link_or_404",
    "tag_or_404",
    "template_or_404",
]

E = TypeVar("E", bound=LibraryEntry)


def conversation_or_404(
    user: User, conversation_id: UUID, right: Right = Right.OWN
) -> Conversation:
    """The conversation with its owner, if `user` has that right in it."""
    found = Conversation.objects.open_to(user, right).filter(id=conversation_id)
    conversation = found.select_related("owner").first()
    if conversation is None:
        raise Http404
    return conversation


def right_of(user: User, conversation: Conversation) -> Right | None:
    """What `user` may do with a conversation; None is nothing. No query for its owner."""
    if conversation.owner_id == user.id and conversation.deleted_at is None:
        return Right.OWN
    open_ones = Conversation.objects.open_to(user, Right.READ).filter(id=conversation.id)
    may_write = Exists(Conversation.objects.open_to(user, Right.WRITE).filter(id=OuterRef("pk")))
    found = open_ones.annotate(may_write=may_write).values_list("may_write", flat=True).first()
    return None if found is None else Right.WRITE if found else Right.READ


def deleted_conversation_or_404(user: User, conversation_id: UUID) -> Conversation:
    """A conversation that `user` deleted and can still bring back."""
    conversation = Conversation.objects.deleted_by(user).filter(id=conversation_id).first()
    if conversation is None:
        raise Http404
    return conversation


def message_or_404(user: User, message_id: UUID, right: Right = Right.OWN) -> Message:
    """The message with its conversation and the owner, if `user` has that right in it."""
    found = Message.objects.open_to(user, right).filter(id=message_id)
    message = found.select_related("conversation__owner").first()
    if message is None:
        raise Http404
    return message


def changeable_message_or_404(user: User, message_id: UUID) -> Message:
    """The message, if `user` may change or delete it: the owner any, writers their own."""
    message = message_or_404(user, message_id, Right.WRITE)
    if user.id not in {message.conversation.owner_id, message.author_id}:
        raise Http404
    return message


def attachment_or_404(user: User, attachment_id: UUID, right: Right = Right.OWN) -> Attachment:
    """The attachment, if `user` uploaded it; with Right.READ also if it is in a chat to be read."""
    files = Attachment.objects
    mine = files.readable_by(user) if right <= Right.READ else files.for_user(user)
    attachment = mine.filter(id=attachment_id).first()
    if attachment is None:
        raise Http404
    return attachment


def folder_or_404(user: User, folder_id: UUID) -> Folder:
    """The folder, if it is `user`'s own."""
    folder = Folder.objects.filter(owner=user, id=folder_id).first()
    if folder is None:
        raise Http404
    return folder


def tag_or_404(user: User, tag_id: UUID) -> Tag:
    """The tag, if it is `user`'s own."""
    tag = Tag.objects.filter(owner=user, id=tag_id).first()
    if tag is None:
        raise Http404
    return tag


def shared_link_or_404(user: User, link_id: UUID, *, conversation_id: UUID) -> SharedLink:
    """The link with its conversation, if `user` made it and the conversation is not deleted."""
    mine = SharedLink.objects.filter(owner=user, conversation__deleted_at=None)
    found = mine.filter(id=link_id, conversation=conversation_id)
    link = found.select_related("conversation", "owner").first()
    if link is None:
        raise Http404
    return link


def template_or_404(user: User, template_id: UUID) -> PromptTemplate:
    """The template with its owner, if `user` may use it."""
    usable = PromptTemplate.objects.for_user(user).select_related("owner")
    return _entry_or_404(PromptTemplate, usable, template_id)


def own_template_or_404(user: User, template_id: UUID) -> PromptTemplate:
    """The template, if `user` may change it."""
    return _entry_or_404(PromptTemplate, PromptTemplate.objects.owned_by(user), template_id)


def preset_or_404(user: User, preset_id: UUID) -> Preset:
    """The preset with its owner, if `user` may use it."""
    usable = Preset.objects.for_user(user).select_related("owner")
    return _entry_or_404(Preset, usable, preset_id)


def own_preset_or_404(user: User, preset_id: UUID) -> Preset:
    """The preset, if `user` may change it."""
    return _entry_or_404(Preset, Preset.objects.owned_by(user), preset_id)


def _entry_or_404(kind: type[E], found: QuerySet[LibraryEntry], entry_id: UUID) -> E:
    entry = found.filter(id=entry_id).first()
    if not isinstance(entry, kind):
        raise Http404
    return entry
