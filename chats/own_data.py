"""All that a person has here: how much it is, and what is done to all of it at once."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from chats import events, participants, temporary
from chats.bulk import delete_chats
from chats.conversations import UNDO_PERIOD
from chats.models import Attachment, Conversation, Message


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much there is. `chats` counts the archived ones too, temporary ones nowhere."""

    chats: int
    archived: int
    messages: int
    files: int
    bytes: int
    """Of the files as they were given."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """Chats that were deleted together and can still be brought back."""

    deleted_at: datetime
    count: int

    @property
    def ends_at(self) -> datetime:
        """Until when."""
        return self.deleted_at + UNDO_PERIOD


def count_data(*, user: User) -> Amounts:
    """Three queries."""
    mine = _chats(user)
    found = mine.aggregate(
        chats=Count("id"), archived=Count("id", filter=Q(archived_at__isnull=False))
    )
    files = Attachment.objects.for_user(user).aggregate(files=Count("id"), bytes=Sum("size"))
    return Amounts(
        chats=found["chats"],
        archived=found["archived"],
        messages=Message.objects.filter(conversation__in=mine).count(),
        files=files["files"],
        bytes=files["bytes"] or 0,
    )


def archive_all(*, user: User) -> int:
    """Put all chats of the sidebar into the archive; how many."""
    with transaction.atomic():
        count = _chats(user).filter(archived_at=None).update(archived_at=timezone.now())
        events.sidebar_changed(user.id)
    return count


def delete_all(*, user: User) -> int:
    """Delete every chat; how many. Temporary ones are gone at once, the others can be restored.

    For UNDO_PERIOD, as one that was deleted alone. Running replies are stopped.
    """
    temporary.end_all(user=user)
    return delete_chats(user=user, chats=_chats(user)).count


def delete_archived(*, user: User) -> int:
    """Delete what is in the archive, as `delete_all`; how many."""
    archived = _chats(user).filter(archived_at__isnull=False)
    return delete_chats(user=user, chats=archived).count


def list_deletions(*, user: User, limit: int = 10) -> list[Deletion]:
    """What can be brought back, deleted last first. One query."""
    since = timezone.now() - UNDO_PERIOD
    rows = (
        Conversation.objects.deleted_by(user)
        .filter(deleted_at__gte=since)
        .values_list("deleted_at")
        .annotate(count=Count("id"))
        .order_by("-deleted_at")
    )
    return [Deletion(deleted_at, count) for deleted_at, count in rows[:limit] if deleted_at]


def restore_deletion(*, user: User, deleted_at: datetime) -> int:
    """Bring back what was deleted at that moment; how many. None after UNDO_PERIOD."""
    if deleted_at < timezone.now() - UNDO_PERIOD:
        return 0
    with transaction.atomic():
        gone = Conversation.objects.deleted_by(user).filter(deleted_at=deleted_at)
        participants.lists_changed(gone)
        count = gone.update(deleted_at=None)
        events.sidebar_changed(user.id)
    return count


def _chats(user: User) -> QuerySet[Conversation]:
    return Conversation.objects.for_user(user).filter(is_temporary=False)
