"""The one gate to chats: turns an id from outside into an object, or 404.

Somebody else's object and one that does not exist look the same. One query each.
"""

from typing import TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from accounts.models import User
from chats.models import (
    Attachment,
    Conversation,
    LibraryEntry,
    Message,
    Preset,
    PromptTemplate,
)

E = TypeVar("E", bound=LibraryEntry)


def conversation_or_404(user: User, conversation_id: UUID) -> Conversation:
    """The conversation, if `user` may open it."""
    conversation = Conversation.objects.for_user(user).filter(id=conversation_id).first()
    if conversation is None:
        raise Http404
    return conversation


def deleted_conversation_or_404(user: User, conversation_id: UUID) -> Conversation:
    """A conversation that `user` deleted and can still bring back."""
    conversation = Conversation.objects.deleted_by(user).filter(id=conversation_id).first()
    if conversation is None:
        raise Http404
    return conversation


def message_or_404(user: User, message_id: UUID) -> Message:
    """The message with its conversation, if `user` may open that."""
    message = (
        Message.objects.for_user(user).select_related("conversation").filter(id=message_id).first()
    )
    if message is None:
        raise Http404
    return message


def attachment_or_404(user: User, attachment_id: UUID) -> Attachment:
    """The attachment, if `user` uploaded it."""
    attachment = Attachment.objects.for_user(user).filter(id=attachment_id).first()
    if attachment is None:
        raise Http404
    return attachment


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
