"""Who takes part in a conversation beside its owner, for those that tell them of something.

Only reads, and asks `chats.events` to tell. Who becomes a member and who leaves: `chats.members`.
"""

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import notifications
from accounts.models import User
from chats import events
from chats.models import Conversation, Membership, SharedLink
from chats.querysets import Right


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
    """Tell pages of members, on commit, that these conversations are gone.

    What they, and the people named on links, were told of them, titles included, is taken back.
    Two queries, and some where there are any.
    """
    rows = Membership.objects.filter(conversation__in=conversations)
    closed: dict[UUID, list[UUID]] = {}
    for conversation_id, user_id in rows.values_list("conversation_id", "user_id"):
        closed.setdefault(conversation_id, []).append(user_id)
    named = SharedLink.people.through.objects.filter(sharedlink__conversation__in=conversations)
    links = list(named.values_list("sharedlink_id", "user_id"))
    subjects = [told_of_chat(each) for each in closed] + [f"link:{each}" for each, _user in links]
    told = {user_id for user_ids in closed.values() for user_id in user_ids}
    told |= {user_id for _link, user_id in links}
    if told:
        notifications.withdraw(user_ids=told, subjects=subjects)
    for conversation_id, user_ids in closed.items():
        events.people_changed(conversation_id, user_ids)
    for user_id in {each for user_ids in closed.values() for each in user_ids}:
        events.sidebar_changed(user_id)


def told_of_chat(conversation_id: UUID) -> str:
    """The subject of what members are told of a conversation."""
    return f"shared:{reverse('chats:conversation', args=[conversation_id])}"


def require_writer(conversation: Conversation, author: User | None) -> None:
    """Raise ValidationError when `author`, not the owner, may write there no more.

    Call with the conversation locked: roles are changed under the same lock. No query for the
    owner, one for others.
    """
    if author is None or author.pk == conversation.owner_id:
        return
    open_ones = Conversation.objects.open_to(author, Right.WRITE)
    if not open_ones.filter(id=conversation.id).exists():
        raise ValidationError(_("You can write in this chat no more."), code="not_writer")


def author_id(conversation: Conversation, author: User | None) -> UUID | None:
    """What `Message.author` says of somebody: nothing of the owner."""
    return None if author is None or author.pk == conversation.owner_id else author.pk
