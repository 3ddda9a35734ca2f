"""What is done to many chats at once. Each function is one transaction, and tells the pages once.

The number of queries does not depend on how many chats there are; moving and tagging take some for
each few hundred.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from chats import events, participants, unread
from chats.folders import move_conversations
from chats.models import Conversation, Folder, Message, Tag
from chats.selection import Selection, owned_chats, selected_chats
from chats.tags import tag_conversations


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many chats of the user's were meant, and the moment by which it can be undone."""

    count: int
    at: datetime


def count_selected(*, user: User, selection: Selection) -> int:
    """How many chats of the user's are meant. One query."""
    return selected_chats(user=user, selection=selection).count()


def move_selected(*, user: User, selection: Selection, folder: Folder | None) -> int:
    """Into a folder of the user's, or out of all; how many were somewhere else.

    Raises ValidationError when the folder is gone meanwhile.
    """
    with transaction.atomic():
        ids = list(selected_chats(user=user, selection=selection).values_list("id", flat=True))
        return move_conversations(user=user, conversation_ids=ids, folder=folder)


def tag_selected(*, user: User, selection: Selection, tag: Tag, add: bool) -> int:
    """Mark with a tag of the user's, or no longer; how many changed.

    Raises ValidationError when the tag is gone meanwhile.
    """
    with transaction.atomic():
        ids = list(selected_chats(user=user, selection=selection).values_list("id", flat=True))
        return tag_conversations(user=user, conversation_ids=ids, tag=tag, add=add)


def archive_selected(*, user: User, selection: Selection) -> Outcome:
    """Take chats out of the sidebar. Those that are archived already keep their date."""
    with transaction.atomic():
        chats = selected_chats(user=user, selection=selection)
        outcome = Outcome(chats.count(), timezone.now())
        chats.filter(archived_at=None).update(archived_at=outcome.at)
        events.sidebar_changed(user.id)
    return outcome


def undo_archiving(*, user: User, at: datetime) -> int:
    """Bring back what was archived together at that moment; how many."""
    with transaction.atomic():
        count = owned_chats(user).filter(archived_at=at).update(archived_at=None)
        events.sidebar_changed(user.id)
    return count


def bring_selected_back(*, user: User, selection: Selection) -> Outcome:
    """Out of the archive, to their old places."""
    return _set(selected_chats(user=user, selection=selection), user=user, archived_at=None)


def pin_selected(*, user: User, selection: Selection, is_pinned: bool) -> Outcome:
    """Keep chats at the top of the sidebar, or no longer."""
    return _set(selected_chats(user=user, selection=selection), user=user, is_pinned=is_pinned)


def delete_selected(*, user: User, selection: Selection) -> Outcome:
    """Delete chats; `chats.own_data.restore_deletion` brings them back for UNDO_PERIOD."""
    return delete_chats(user=user, chats=selected_chats(user=user, selection=selection))


def delete_chats(*, user: User, chats: QuerySet[Conversation]) -> Outcome:
    """Hide chats of the user's, all at one moment. Running replies are stopped.

    Search does not find them from then on; `chats.indexing` takes them out of its index later.
    """
    with transaction.atomic():
        live = Message.objects.live().filter(conversation__in=chats)
        for message_id in live.values_list("id", flat=True):
            events.stop_requested(message_id)
        live.update(stop_requested=True)
        unread.mark_all_read(user=user, chats=chats)
        participants.doors_closed(chats)
        at = timezone.now()
        count = chats.update(deleted_at=at)
        events.sidebar_changed(user.id)
    return Outcome(count, at)


def _set(chats: QuerySet[Conversation], *, user: User, **fields: bool | None) -> Outcome:
    with transaction.atomic():
        outcome = Outcome(chats.count(), timezone.now())
        chats.update(**fields)
        events.sidebar_changed(user.id)
    return outcome
