"""Who takes part in a conversation beside its owner: inviting, changing roles, leaving.

The owner's keys and budget pay for what all of them ask. Knows nothing of sockets: they hear of a
change by `chats.events` and look for themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import notifications
from accounts.models import Notification, User
from accounts.people import find_people, nobody
from chats import events, participants
from chats.models import Conversation, Membership

Role = Membership.Role

MOST: Final = 30
"""Members of one conversation: all of them hear of each other."""
PAGE_SIZE: Final = 30


@dataclass(frozen=True, slots=True)
class Shared:
    """Conversations of others, last changed first. `next_page` is 0 on the last one."""

    memberships: list[Membership]
    next_page: int


def add_member(*, conversation: Conversation, who: str, role: str, by: User) -> Membership:
    """Let somebody in, named exactly by username or address, and tell them.

    Raises ValidationError, with the same sentence for whoever is not there and whoever cannot be
    let in; also after too many names, and for temporary chats, which nobody else sees.
    """
    if conversation.is_temporary:
        raise ValidationError(_("Nobody can be invited to a temporary chat."), code="temporary")
    role = _checked(role)
    person = _find(who, by=by)
    if person.pk == conversation.owner_id:
        raise ValidationError(_("This chat is your own."), code="owner")
    with transaction.atomic():
        _lock(conversation.id)
        mine = Membership.objects.filter(conversation=conversation)
        if mine.filter(user=person).exists():
            raise ValidationError(
                _("“%(name)s” takes part already.") % {"name": person.username}, code="member"
            )
        if mine.count() >= MOST:
            raise ValidationError(
                _("Up to %(most)d people can be invited to a chat.") % {"most": MOST}, code="full"
            )
        made = Membership.objects.create(
            conversation=conversation, user=person, role=role, is_unread=True
        )
        notifications.notify(
            user_id=person.pk,
            kind=Notification.Kind.SHARED,
            data={
                "what": "invited",
                "title": str(conversation),
                "path": _path(conversation),
                "by": by.username,
            },
            subject=participants.told_of_chat(conversation.id),
        )
        events.sidebar_changed(person.pk)
        events.people_changed(conversation.id, [person.pk])
    return made


def change_role(*, membership: Membership, role: str) -> None:
    """What a member may do from now on. Raises ValidationError for what is no role."""
    role = _checked(role)
    with transaction.atomic():
        _lock(membership.conversation_id)
        if Membership.objects.filter(id=membership.pk).exclude(role=role).update(role=role):
            events.people_changed(membership.conversation_id, [membership.user_id])
    membership.role = role


def remove_member(*, conversation: Conversation, user_id: UUID) -> bool:
    """End a membership, by the owner or by leaving; False when there was none.

    What they wrote stays. Their pages close, and what they were told of the chat is taken back.
    """
    with transaction.atomic():
        _lock(conversation.id)
        found = Membership.objects.filter(conversation=conversation, user_id=user_id)
        if not found.delete()[0]:
            return False
        told = participants.told_of_chat(conversation.id)
        notifications.withdraw(user_ids=[user_id], subject=told)
        events.sidebar_changed(user_id)
        events.people_changed(conversation.id, [user_id])
    return True


def members_of(conversation: Conversation) -> Sequence[Membership]:
    """Members with their users, by name. One query."""
    found = Membership.objects.filter(conversation=conversation).select_related("user")
    return list(found.order_by("user__username"))


def shared_with(user: User, *, page: int = 1, size: int = PAGE_SIZE) -> Shared:
    """Conversations of others that `user` takes part in, with them and their owners. One query."""
    start = (max(page, 1) - 1) * size
    found = Membership.objects.filter(
        user=user, conversation__deleted_at=None, conversation__is_temporary=False
    ).select_related("conversation__owner")
    found = found.order_by("-conversation__updated_at", "-conversation_id")
    rows = list(found.defer("conversation__system_prompt")[start : start + size + 1])
    return Shared(rows[:size], max(page, 1) + 1 if len(rows) > size else 0)


def _lock(conversation_id: UUID) -> None:
    """Who writes there is asked under the same lock. Call inside a transaction."""
    Conversation.objects.select_for_update().only("id").get(id=conversation_id)


def _find(who: str, *, by: User) -> User:
    found, unknown = find_people(who, by=by, limit=2)
    if len(found) != 1 or unknown:
        raise nobody()
    return next(iter(found.values()))


def _checked(role: str) -> str:
    if role not in Role.values:
        raise ValidationError(_("Choose what they may do."), code="role")
    return role


def _path(conversation: Conversation) -> str:
    return reverse("chats:conversation", args=[conversation.id])
