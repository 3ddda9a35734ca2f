"""What administrators say to everybody. A user gets a row of their own by reading it only."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts import events
from accounts.models import Announcement, Notification, User


def current_announcements() -> QuerySet[Announcement]:
    """Those that hold, newest first."""
    holds = Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now())
    return Announcement.objects.filter(holds).order_by("-created_at", "-id")


def unread_announcements(user: User) -> QuerySet[Announcement]:
    """Those that hold and that `user` has not read."""
    read = Notification.objects.filter(user=user, announcement=OuterRef("pk"))
    return current_announcements().filter(~Exists(read))


def read_announcements(*, user: User, announcements: QuerySet[Announcement]) -> int:
    """Note that `user` has read these; how many. Reading twice changes nothing. Two queries."""
    now = timezone.now()
    rows = [
        Notification(
            user=user,
            kind=Notification.Kind.ANNOUNCEMENT,
            announcement=announcement,
            created_at=announcement.created_at,
            read_at=now,
        )
        for announcement in announcements
    ]
    # Another tab may have been first.
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def announcements_changed() -> None:
    """Tell all open pages, on commit, to look again what is announced."""
    events.send_on_commit(events.EVERYBODY, events.page_event({"t": "announcement"}))


def publish_announcement(*, announcement: Announcement, by: User) -> None:
    """Save a new or changed announcement and tell all open pages. Who wrote it first stays."""
    with transaction.atomic():
        announcement.created_by = announcement.created_by or by
        announcement.save()
        announcements_changed()
