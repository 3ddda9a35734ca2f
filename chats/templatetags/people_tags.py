"""What whoever looks at a page may do in a chat, and who wrote what."""

from typing import Any, Final

from django import template

from accounts.models import User
from chats.access import Right, right_of
from chats.members import Shared, shared_with
from chats.models import Conversation, Message

register = template.Library()

IN_SIDEBAR: Final = 6
"""All others are on a page of their own."""


@register.simple_tag(takes_context=True)
def owns(context: template.Context, conversation: Conversation | None) -> bool:
    """Whether the chat is one's own; one that is only about to begin is."""
    user: User = context["request"].user
    return not conversation or conversation.owner_id == user.pk


@register.simple_tag(takes_context=True)
def may_write(context: template.Context, conversation: Conversation | None) -> bool:
    """Whether one may write in the chat. One query for each page that shows another's."""
    if owns(context, conversation) or not conversation:
        return True
    request: Any = context["request"]
    rights = request.__dict__.setdefault("chat_rights", {})
    if conversation.id not in rights:
        rights[conversation.id] = right_of(request.user, conversation)
    return (rights[conversation.id] or 0) >= Right.WRITE


@register.simple_tag(takes_context=True)
def may_change(context: template.Context, message: Message, conversation: Conversation) -> bool:
    """Whether one may edit or delete a message: the owner any, writers their own."""
    if owns(context, conversation):
        return True
    return message.author_id == context["request"].user.pk and may_write(context, conversation)


@register.simple_tag(takes_context=True)
def model_called(context: template.Context, name: str, conversation: Conversation | None) -> str:
    """A model with its connection, whose name is its owner's to see; to others without."""
    return name if owns(context, conversation) else name.partition("/")[2] or name


@register.simple_tag(takes_context=True)
def author(context: template.Context, message: Message) -> str:
    """The name of whoever wrote a message; empty for oneself."""
    user: User = context["request"].user
    conversation: Conversation = context.get("conversation") or message.conversation
    if (message.author_id or conversation.owner_id) == user.pk and not _left(message):
        return ""
    if message.author:
        return message.author.username
    return _left(message) or conversation.owner.username


@register.simple_tag(takes_context=True)
def shared_chats(context: template.Context) -> Shared:
    """The newest chats of others that one takes part in, for the sidebar. One query."""
    return shared_with(context["request"].user, size=IN_SIDEBAR)


def _left(message: Message) -> str:
    """The name of an author whose account is gone."""
    return "" if message.author_id else str(message.metadata.get("author", ""))
