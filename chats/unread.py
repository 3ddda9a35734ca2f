"""Whether somebody saw that a reply ended; if not, its chat is unread and its user is told.

A visible page answers the end of a reply within moments (`{"seen": true}`). Where no answer comes,
the chat is marked. A page that answers late, or that opens the chat, takes the mark away.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notifications, sentences
from accounts.models import Notification, User
from accounts.sentences import Sentence
from chats import events, participants
from chats.models import Conversation, Membership, Message

Status = Message.Status

_FRESH: Final = timedelta(seconds=5)
"""Longer than it takes to find out whether a page shows a reply's end."""

_SHARED: Final = re.compile(r"shared:/c/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")
_ASKED: Final = ("conversation__title", "conversation__is_temporary")

WORTH_TELLING: Final = frozenset({Status.COMPLETE, Status.FAILED, Status.INTERRUPTED})
"""Ends that a user may wait for. Who stopped a reply knows it."""


def mark_unread(message_id: UUID, *, seen_by: Collection[UUID] = ()) -> None:
    """Mark the chat of a reply whose end only `seen_by` saw, for all others, and tell them.

    Temporary chats say nothing.
    """
    reply = (
        Message.objects.filter(id=message_id, status__in=WORTH_TELLING)
        .filter(conversation__deleted_at=None, conversation__is_temporary=False)
        .select_related("conversation", "asked_by")
        .only("status", "asked_by__username", "conversation__owner", *_ASKED)
        .first()
    )
    if reply is None:
        return
    conversation = reply.conversation
    with transaction.atomic():
        if conversation.owner_id not in seen_by:
            _tell_owner(reply)
        members = set(participants.member_ids(conversation)) - set(seen_by)
        memberships = Membership.objects.filter(conversation=conversation, user__in=members)
        if members and memberships.update(is_unread=True):
            for user_id in members:
                _tell_member(reply, user_id)


def _tell_owner(reply: Message) -> None:
    conversation = reply.conversation
    Conversation.objects.filter(id=conversation.id).update(is_unread=True)
    notifications.notify(
        user_id=conversation.owner_id,
        kind=Notification.Kind.REPLY,
        data={"conversation": str(conversation.id), "status": reply.status},
        subject=_subject(conversation.id),
    )
    events.marks_changed(conversation.owner_id, [conversation.id], is_unread=True)


def _tell_member(reply: Message, user_id: UUID) -> None:
    conversation = reply.conversation
    by = (reply.asked_by or conversation.owner).username if user_id != reply.asked_by_id else ""
    path = reverse("chats:conversation", args=[conversation.id])
    notifications.notify_shared(user_id=user_id, title=str(conversation), path=path, by=by)
    events.marks_changed(user_id, [conversation.id], is_unread=True)


def is_unread(*, conversation: Conversation, user: User) -> bool:
    """Whether something came while `user` was not looking. No query for the owner."""
    if user.pk == conversation.owner_id:
        return conversation.is_unread
    return Membership.objects.filter(conversation=conversation, user=user, is_unread=True).exists()


def mark_read(*, conversation: Conversation, user: User | None = None) -> None:
    """`user`, or the owner, looks at a chat. Writes only when it was unread."""
    if user is not None and user.pk != conversation.owner_id:
        _mark_member_read(conversation, user)
        return
    if not conversation.is_unread:
        return
    with transaction.atomic():
        Conversation.objects.filter(id=conversation.id).update(is_unread=False)
        conversation.is_unread = False
        notifications.mark_subject_read(
            user_id=conversation.owner_id, subject=_subject(conversation.id)
        )
        events.marks_changed(conversation.owner_id, [conversation.id], is_unread=False)


def mark_all_read(*, user: User, chats: QuerySet[Conversation]) -> None:
    """Nobody will look at these chats of the user's any more. At most three queries."""
    with transaction.atomic():
        marked = list(chats.filter(is_unread=True).values_list("id", flat=True))
        if not marked:
            return
        chats.filter(is_unread=True).update(is_unread=False)
        subjects = [_subject(each) for each in marked]
        notifications.mark_subjects_read(user_id=user.pk, subjects=subjects)
        events.marks_changed(user.pk, marked, is_unread=False)


def _mark_member_read(conversation: Conversation, user: User) -> None:
    mine = Membership.objects.filter(conversation=conversation, user=user, is_unread=True)
    with transaction.atomic():
        if mine.update(is_unread=False):
            path = reverse("chats:conversation", args=[conversation.id])
            notifications.mark_subject_read(user_id=user.pk, subject=f"shared:{path}")
            events.marks_changed(user.pk, [conversation.id], is_unread=False)


def opened(*, conversation: Conversation, last: Message | None, user: User | None = None) -> None:
    """Somebody opens a chat, at its `last` message. Writes only when it was unread."""
    ended_at = last.finished_at if last else None
    if ended_at and timezone.now() - ended_at < _FRESH:
        looked_at(conversation=conversation, user=user)
    else:
        mark_read(conversation=conversation, user=user)


def looked_at(*, conversation: Conversation, user: User | None = None) -> None:
    """`user`, or the owner, looks at a chat, in which a reply may just have ended."""
    mark_read(conversation=conversation, user=user)
    is_shared = participants.is_shared(conversation)
    viewer = user.pk if user else conversation.owner_id
    async_to_sync(events.replies_seen)(conversation.id, viewer, is_shared=is_shared)


def describe(user: User, rows: Sequence[Notification]) -> Mapping[UUID, Sentence]:
    """What notifications of replies say, with the chats' present titles. One query."""
    wanted = {row.id: _conversation_id(row) for row in rows}
    mine = Conversation.objects.for_user(user).filter(id__in=set(wanted.values()))
    titles = {str(each.id): str(each) for each in mine.only("title")}
    return {
        row.id: Sentence(
            _sentence(row.data.get("status")) % {"title": titles[found]},
            link=reverse("chats:conversation", args=[found]),
        )
        for row in rows
        if (found := wanted[row.id]) in titles
    }


def take_marks_away(user_id: UUID, rows: Sequence[Notification]) -> None:
    """The user has read these notifications in the list: their chats are not unread any more."""
    ids = {_conversation_id(row) for row in rows}
    mine = Conversation.objects.filter(owner_id=user_id, id__in=ids, is_unread=True)
    if marked := list(mine.values_list("id", flat=True)):
        mine.update(is_unread=False)
        events.marks_changed(user_id, marked, is_unread=False)


def take_shared_marks_away(user_id: UUID, rows: Sequence[Notification]) -> None:
    """The same of chats that others own."""
    ids = {UUID(found[1]) for row in rows if (found := _SHARED.fullmatch(row.subject))}
    mine = Membership.objects.filter(user_id=user_id, conversation__in=ids, is_unread=True)
    if marked := list(mine.values_list("conversation_id", flat=True)):
        mine.update(is_unread=False)
        events.marks_changed(user_id, marked, is_unread=False)


def register() -> None:
    """Have the list of notifications know those of replies."""
    notifications.set_reader(Notification.Kind.SHARED, take_shared_marks_away)
    sentences.set_describer(Notification.Kind.REPLY, describe)
    notifications.set_reader(Notification.Kind.REPLY, take_marks_away)


def _subject(conversation_id: UUID) -> str:
    return f"conversation:{conversation_id}"


def _conversation_id(row: Notification) -> str:
    return row.subject.removeprefix("conversation:")


def _sentence(status: object) -> str:
    match status:
        case Status.FAILED:
            return _("The reply in “%(title)s” failed.")
        case Status.INTERRUPTED:
            return _("The reply in “%(title)s” was interrupted.")
        case _:
            return _("“%(title)s”: the reply is ready.")
