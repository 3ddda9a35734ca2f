"""What users are told that happened while they looked elsewhere: writing, listing, reading.

Announcements have no row until they are read (`accounts.announcements`); lists and counts have them
among the others all the same.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Func, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import events, sentences
from accounts.announcements import read_announcements, unread_announcements
from accounts.models import Announcement, Notification, User
from accounts.sentences import Sentence

Kind = Notification.Kind

PAGE_SIZE: Final = 20
KEPT_FOR: Final = timedelta(days=90)
KEPT: Final = 500
"""Of one user, at the most."""
_BATCH: Final = 500

_ICONS: Final[Mapping[str, str]] = {
    Kind.REPLY: "message",
    Kind.SHARED: "message",
    Kind.QUOTA: "alert",
    Kind.ANNOUNCEMENT: "megaphone",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

OnRead = Callable[[UUID, Sequence[Notification]], None]
_on_read: dict[str, OnRead] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list. An announcement without a row has no `notification_id`."""

    kind: str
    sentence: Sentence
    created_at: datetime
    is_read: bool
    notification_id: UUID | None = None
    announcement_id: int | None = None

    @property
    def key(self) -> str:
        """Names the line on a page."""
        if self.notification_id:
            return f"notification-{self.notification_id}"
        return f"announcement-{self.announcement_id}"

    @property
    def is_fresh(self) -> bool:
        """Whether it is less than a minute old."""
        return timezone.now() - self.created_at < timedelta(minutes=1)

    @property
    def icon(self) -> str:
        """Of the sprite."""
        return _ICONS.get(self.kind, "bell")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list. `older_before` is where the next one starts, or empty."""

    entries: list[Entry]
    older_before: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What every page says: how many are unread, and the newest unread announcement."""

    unread: int
    announcement: Announcement | None


def set_reader(kind: str, on_read: OnRead) -> None:
    """Name who has more to do when its user has read notifications of a kind."""
    _on_read[kind] = on_read


def notify(
    *, user_id: UUID, kind: str, data: Mapping[str, Any], subject: str = "", once: bool = False
) -> Notification | None:
    """Tell a user of something, on all open pages and in the list.

    While one about the same `subject` is unread, it is renewed instead. With `once`, a subject that
    is in the list already, read or not, is not told of again: then None.
    """
    mine = Notification.objects.filter(user_id=user_id, subject=subject).exclude(subject="")
    with transaction.atomic():
        if once and mine.exists():
            return None
        unread = mine.filter(read_at=None)
        fields = {"kind": kind, "data": dict(data), "created_at": timezone.now()}
        if not unread.update(**fields):
            made = Notification(user_id=user_id, subject=subject, **fields)
            # Another process may be first: then there is one about this.
            Notification.objects.bulk_create([made], ignore_conflicts=True)
        told = unread.get() if subject else made
        payload = {"t": "notification", "id": str(told.id), "kind": kind, "subject": subject}
        _tell(user_id, payload)
    return told


def notify_shared(*, user_id: UUID, title: str, path: str, by: str = "") -> Notification | None:
    """A chat that the user shares was answered. `path` leads there, `by` is who answered."""
    data = {"title": title, "path": path, "by": by}
    return notify(user_id=user_id, kind=Kind.SHARED, data=data, subject=f"shared:{path}"[:100])


def notify_link(
    *, user_id: UUID, title: str, path: str, subject: str, by: str = ""
) -> Notification | None:
    """A snapshot of a chat was shared with the user by name; told once for each `subject`."""
    data = {"what": "link", "title": title, "path": path, "by": by}
    return notify(user_id=user_id, kind=Kind.SHARED, data=data, subject=subject, once=True)


def withdraw(
    *, user_ids: Collection[UUID], subject: str = "", subjects: Collection[str] = ()
) -> None:
    """Take back what these users were told about `subject`, or several, read or not.

    Two queries for each few hundred subjects, none without users.
    """
    wanted = list(subjects) or [subject]
    with transaction.atomic():
        for at in range(0, len(wanted) if user_ids else 0, _BATCH):
            told = Notification.objects.filter(
                user__in=user_ids, subject__in=wanted[at : at + _BATCH]
            )
            for user_id in set(told.filter(read_at=None).values_list("user_id", flat=True)):
                _tell(user_id, {"t": "read"})
            told.delete()


def notify_quota(
    *, user_id: UUID, name: str, percent: int, period: str, resets_at: datetime, path: str = ""
) -> Notification | None:
    """A limit is near or reached: told once in a `period` for each `percent`, such as 80 and 100.

    `name` is what the limit is called. None when it was told before.
    """
    data = {"name": name, "percent": percent, "resets_at": resets_at.isoformat(), "path": path}
    subject = f"quota:{period}:{percent}:{name}"[:100]
    return notify(user_id=user_id, kind=Kind.QUOTA, data=data, subject=subject, once=True)


def count_unread(user: User) -> int:
    """How many a user has not read, announcements included. One query."""
    return summarise(user).unread


def summarise(user: User) -> Summary:
    """What every page says. One query, and one more while there is an announcement to be read."""
    own = Notification.objects.filter(user=OuterRef("pk"), read_at=None).order_by()
    announced = unread_announcements(user)
    count = Func(F("pk"), function="COUNT")
    (found,) = User.objects.filter(pk=user.pk).values_list(
        Coalesce(Subquery(own.values("user").annotate(n=Count("pk")).values("n")), 0),
        Coalesce(Subquery(announced.order_by().annotate(n=count).values("n")), 0),
    )
    newest = announced.first() if found[1] else None
    return Summary(unread=found[0] + found[1], announcement=newest)


def list_notifications(*, user: User, before: str = "") -> Page:
    """The newest PAGE_SIZE, or those after the place `before`; unread announcements come first.

    Two queries, and one for each kind whose sentences need one. What is no place gives the first
    page. What has ceased to matter (a deleted chat) is left out, and unread no more.
    """
    mine = Notification.objects.filter(user=user).select_related("announcement")
    place = _place(before)
    if place:
        moment, last_id = place
        mine = mine.filter(Q(created_at__lt=moment) | Q(created_at=moment, id__lt=last_id))
    rows = list(mine.order_by("-created_at", "-id")[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    entries = _entries(user, shown)
    found = {entry.notification_id for entry in entries}
    if gone := [row for row in shown if row.id not in found and row.read_at is None]:
        _mark_rows_read(user, gone)
    announced = [] if place else [_announced(each) for each in unread_announcements(user)]
    return Page(
        entries=[*announced, *entries],
        older_before=_name_of_place(shown[-1]) if len(rows) > PAGE_SIZE else "",
    )


def find_entry(*, user: User, notification_id: UUID) -> Entry | None:
    """One line of the user's list; None when it is not there or has ceased to matter."""
    mine = Notification.objects.filter(user=user, id=notification_id)
    entries = _entries(user, list(mine.select_related("announcement")))
    return entries[0] if entries else None


def mark_read(*, user: User, notification_id: UUID | None = None) -> None:
    """Mark one as read, or without an id all, announcements included."""
    unread = Notification.objects.filter(user=user, read_at=None)
    if notification_id is not None:
        unread = unread.filter(id=notification_id)
    with transaction.atomic():
        count = 0
        if notification_id is None:
            count = read_announcements(user=user, announcements=unread_announcements(user))
        rows = list(unread)
        if rows or count:
            _mark_rows_read(user, rows)


def mark_announcement_read(*, user: User, announcement_id: int) -> None:
    """Mark one announcement as read; nothing when it does not hold any more."""
    found = unread_announcements(user).filter(id=announcement_id)
    with transaction.atomic():
        if read_announcements(user=user, announcements=found):
            _tell(user.pk, {"t": "read", "announcement": announcement_id})


def mark_subject_read(*, user_id: UUID, subject: str) -> bool:
    """Mark what is about `subject` as read; whether anything was unread."""
    return mark_subjects_read(user_id=user_id, subjects=[subject])


def mark_subjects_read(*, user_id: UUID, subjects: Collection[str]) -> bool:
    """Mark what is about any of `subjects` as read; whether anything was unread. One query."""
    unread = Notification.objects.filter(user_id=user_id, subject__in=subjects, read_at=None)
    with transaction.atomic():
        if not unread.update(read_at=timezone.now()):
            return False
        _tell(user_id, {"t": "read"})
    return True


def prune() -> int:
    """Remove what is older than KEPT_FOR, and of each user what is beyond KEPT. How many rows.

    That an announcement was read is kept as long as it holds.
    """
    limit = timezone.now() - KEPT_FOR
    ended = Q(announcement__isnull=True) | Q(announcement__ends_at__lt=limit)
    count, _kinds = Notification.objects.filter(ended, created_at__lt=limit).delete()
    mine = Notification.objects.filter(announcement__isnull=True)
    crowded = mine.order_by().values("user").annotate(n=Count("pk")).filter(n__gt=KEPT)
    for user_id in crowded.values_list("user", flat=True):
        rows = mine.filter(user=user_id).order_by("-created_at", "-id")
        beyond = list(rows.values_list("id", flat=True)[KEPT:])
        count += Notification.objects.filter(id__in=beyond).delete()[0]
    return count


def _tell(user_id: UUID, payload: dict[str, Any]) -> None:
    """Tell the user's pages on commit; each finds out by itself how many are unread then."""
    events.send_on_commit(events.user_group(user_id), events.user_event(payload))


def _mark_rows_read(user: User, rows: Sequence[Notification]) -> None:
    """Mark these, tell who has more to do then, and the user's pages."""
    ids = [row.id for row in rows]
    with transaction.atomic():
        Notification.objects.filter(id__in=ids, read_at=None).update(read_at=timezone.now())
        for kind in {row.kind for row in rows} & _on_read.keys():
            _on_read[kind](user.pk, [row for row in rows if row.kind == kind])
        _tell(user.pk, {"t": "read"})


def _entries(user: User, rows: Sequence[Notification]) -> list[Entry]:
    said = sentences.describe(user, rows)
    return [
        Entry(
            kind=row.kind,
            sentence=said[row.id],
            created_at=row.created_at,
            is_read=row.read_at is not None,
            notification_id=row.id,
            announcement_id=row.announcement_id,
        )
        for row in rows
        if row.id in said
    ]


def _announced(announcement: Announcement) -> Entry:
    return Entry(
        kind=Kind.ANNOUNCEMENT,
        sentence=Sentence(announcement.title, announcement.text),
        created_at=announcement.created_at,
        is_read=False,
        announcement_id=announcement.pk,
    )


def _name_of_place(row: Notification) -> str:
    """Microseconds and id: whole numbers, for the comparison is exact."""
    return f"{(row.created_at - _EPOCH) // timedelta(microseconds=1)}.{row.id}"


def _place(name: str) -> tuple[datetime, UUID] | None:
    moment, _dot, last_id = name.partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(moment)), UUID(last_id)
    except (ValueError, OverflowError):
        return None
