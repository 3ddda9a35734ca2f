"""Lists of conversations, in pages.

The sidebar's has the pinned ones first, then the folders, then all that is in none, newest first
under the names of days. The archive's has those put away last first.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from chats.models import Conversation, Folder, Tag
from chats.querysets import ConversationQuerySet
from chats.shelves import SHOWN, Shelves, add_tags, chats_in, list_shelves

PAGE_SIZE = 30
MOST_PINNED = 50
"""At the top of the sidebar. Older pinned ones stand under their days, where all others do; those
in folders are on the folders' pages."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Day:
    """Conversations of one stretch of time.

    An empty label goes on with the page before.
    """

    label: str
    conversations: list[Conversation]


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list. `older_before` names where the next one starts, if there is one.

    Only the first page has pinned ones and folders.
    """

    days: list[Day]
    older_before: UUID | None
    pinned: list[Conversation] = field(default_factory=list)
    folders: Shelves = field(default_factory=Shelves)
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Archive:
    """A page of the archive. `older_before` is where the next one starts, or empty."""

    conversations: list[Conversation]
    older_before: str


def list_conversations(
    *,
    user: User,
    before: UUID | None = None,
    opened: Collection[UUID] = (),
    current_id: UUID | None = None,
) -> Listing:
    """The pinned ones, the folders and the newest PAGE_SIZE in none; or those after `before`.

    Of the folders, those in `opened` have what is in them; the one that holds the chat `current_id`
    is marked. At most eight queries. An unknown `before` gives an empty page.
    """
    mine = Conversation.objects.for_user(user).only(*SHOWN)
    listed = mine.listed()
    last = mine.filter(id=before).first() if before else None
    if before and last is None:
        return Listing(days=[], older_before=None)
    pinned = listed.pinned(MOST_PINNED)
    others = listed.filter(folder=None).exclude(id__in=pinned.values("id"))
    rows, older_before = _page(_after(others, last).newest_first())
    days = _by_day(rows, continued=last)
    if last is not None:
        add_tags(rows)
        return Listing(days=days, older_before=older_before)
    top = list(pinned)
    folders = list_shelves(user=user, opened=opened, current_id=current_id)
    add_tags([*top, *chats_in(folders.shelves), *rows])
    return Listing(days, older_before, pinned=top, folders=folders, is_first=True)


def list_in(
    *,
    user: User,
    folder: Folder | None = None,
    tag: Tag | None = None,
    before: UUID | None = None,
) -> Listing:
    """What is in a folder or has a tag, newest first, pinned ones as well. At most three queries.

    The PAGE_SIZE newest, or those after `before`. An unknown `before` gives an empty page.
    """
    mine = Conversation.objects.for_user(user).only(*SHOWN)
    last = mine.filter(id=before).first() if before else None
    if before and last is None:
        return Listing(days=[], older_before=None)
    listed = mine.listed()
    listed = listed.filter(folder=folder) if folder else listed.filter(tags=tag)
    rows, older_before = _page(_after(listed, last).newest_first())
    add_tags(rows)
    return Listing(_by_day(rows, continued=last), older_before, is_first=last is None)


def list_archived(*, user: User, before: str = "") -> Archive:
    """The PAGE_SIZE archived last, or those after the place `before`. One query.

    A place holds even when the chat that stood there was brought back meanwhile. What is no place
    gives the first page.
    """
    archived = Conversation.objects.for_user(user).archived().only(*SHOWN, "archived_at")
    if place := _place(before):
        moment, last_id = place
        archived = archived.filter(
            Q(archived_at__lt=moment) | Q(archived_at=moment, id__lt=last_id)
        )
    rows, more = _page(archived)
    return Archive(conversations=rows, older_before=_name_of_place(rows[-1]) if more else "")


def _after(found: ConversationQuerySet, last: Conversation | None) -> ConversationQuerySet:
    """Those that come after `last`, newest first."""
    if last is None:
        return found
    older = Q(updated_at__lt=last.updated_at)
    return found.filter(older | Q(updated_at=last.updated_at, id__lt=last.id))


def _name_of_place(conversation: Conversation) -> str:
    """Microseconds and id: whole numbers, for the comparison is exact."""
    moment = conversation.archived_at or _EPOCH
    return f"{(moment - _EPOCH) // timedelta(microseconds=1)}.{conversation.id}"


def _place(name: str) -> tuple[datetime, UUID] | None:
    moment, _dot, last_id = name.partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(moment)), UUID(last_id)
    except (ValueError, OverflowError):
        return None


def _page(found: QuerySet[Conversation]) -> tuple[list[Conversation], UUID | None]:
    """The first PAGE_SIZE, and the last one's id when there are more. One query."""
    rows = list(found[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    return shown, shown[-1].id if len(rows) > PAGE_SIZE else None


def _by_day(rows: Iterable[Conversation], *, continued: Conversation | None) -> list[Day]:
    today = timezone.localdate()
    above = _label(continued.updated_at, today) if continued else ""
    return [
        Day(label="" if label == above else label, conversations=list(group))
        for label, group in groupby(rows, key=lambda c: _label(c.updated_at, today))
    ]


def _label(moment: datetime, today: date) -> str:
    day = timezone.localdate(moment)
    if day >= today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    if day >= today - timedelta(days=7):
        return _("Previous 7 days")
    return date_format(day, "F" if day.year == today.year else "F Y")
