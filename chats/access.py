"""The one gate to chats: turns an id from outside into an object, or 404.

Somebody else's object and one that does not exist look the same. One query each.
"""

from uuid import UUID

from django.http import Http404

from accounts.models import User
from chats.models import Attachment, Conversation, Message


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
