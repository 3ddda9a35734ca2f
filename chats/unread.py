"""Whether somebody saw that a reply ended; if not, its chat is unread and its user is told.

A visible page answers the end of a reply within moments (`{"seen": true}`). Where no answer comes,
the chat is marked. A page that answers late, or that opens the chat, takes the mark away.
"""

from collections.abc import Mapping, Sequence
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
from chats import events
from chats.models import Conversation, Message

Status = Message.Status

_FRESH: Final = timedelta(seconds=5)
"""Longer than it takes to find out whether a page shows a reply's end."""

WORTH_TELLING: Final = frozenset({Status.COMPLETE, Status.FAILED, Status.INTERRUPTED})
"""Ends that a user may wait for. Who stopped a reply knows it."""


def mark_unread(message_id: UUID) -> None:
    """Nobody saw this reply's end: mark its chat and tell its user. Temporary chats say nothing."""
    reply = (
        Message.objects.filter(id=message_id, status__in=WORTH_TELLING)
        .filter(conversation__deleted_at=None, conversation__is_temporary=False)
        .select_related("conversation")
        .only("status", "conversation__owner")
        .first()
    )
    if reply is None:
        return
    conversation = reply.conversation
    with transaction.atomic():
        Conversation.objects.filter(id=conversation.id).update(is_unread=True)
        notifications.notify(
            user_id=conversation.owner_id,
            kind=Notification.Kind.REPLY,
            data={"conversation": str(conversation.id), "status": reply.status},
            subject=_subject(conversation.id),
        )
        events.marks_changed(conversation.owner_id, [conversation.id], is_unread=True)


def mark_read(*, conversation: Conversation) -> None:
    """Somebody looks at a chat. Writes only when it was unread."""
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


def opened(*, conversation: Conversation, last: Message | None) -> None:
    """Somebody opens a chat, at its `last` message. Writes only when it was unread."""
    ended_at = last.finished_at if last else None
    if ended_at and timezone.now() - ended_at < _FRESH:
        looked_at(conversation=conversation)
    else:
        mark_read(conversation=conversation)


def looked_at(*, conversation: Conversation) -> None:
    """Somebody looks at a chat, in which a reply may just have ended."""
    mark_read(conversation=conversation)
    async_to_sync(events.replies_seen)(conversation.id)


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


def register() -> None:
    """Have the list of notifications know those of replies."""
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
