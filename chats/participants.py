"""Who takes part in a conversation beside its owner, for those that tell them of something.

Only reads, and asks `chats.events` to tell. Who becomes a member and who leaves: `chats.members`.
"""

from collections.abc import Iterable
from uuid import UUID

from accounts.models import User
from chats import events
from chats.models import Conversation, Membership


def member_ids(conversation: Conversation) -> list[UUID]:
    """Users who are members. One query by an index, none for a temporary chat, which has none."""
    if conversation.is_temporary:
        return []
    mine = Membership.objects.filter(conversation_id=conversation.id)
    return list(mine.values_list("user_id", flat=True))


def is_shared(conversation: Conversation) -> bool:
    """Whether anybody beside the owner takes part. At most one query."""
    found = Membership.objects.filter(conversation_id=conversation.id)
    return not conversation.is_temporary and found.exists()


def list_changed(conversation: Conversation) -> None:
    """Tell pages of all participants, on commit, that their lists changed. One query."""
    for user_id in (conversation.owner_id, *member_ids(conversation)):
        events.sidebar_changed(user_id)


def lists_changed(conversations: Iterable[Conversation]) -> None:
    """Tell pages of members, on commit, that these conversations are there again. One query."""
    rows = Membership.objects.filter(conversation__in=conversations)
    for user_id in set(rows.values_list("user_id", flat=True)):
        events.sidebar_changed(user_id)


def doors_closed(conversations: Iterable[Conversation]) -> None:
    """Tell pages of members, on commit, that these conversations are gone. One query."""
    rows = Membership.objects.filter(conversation__in=conversations)
    closed: dict[UUID, list[UUID]] = {}
    for conversation_id, user_id in rows.values_list("conversation_id", "user_id"):
        closed.setdefault(conversation_id, []).append(user_id)
    for conversation_id, user_ids in closed.items():
        events.people_changed(conversation_id, user_ids)
    for user_id in {each for user_ids in closed.values() for each in user_ids}:
        events.sidebar_changed(user_id)


def author_id(conversation: Conversation, author: User | None) -> UUID | None:
    """What `Message.author` says of somebody: nothing of the owner."""
    return None if author is None or author.pk == conversation.owner_id else author.pk
