"""The sidebar's list: conversations newest first, in pages, under the names of days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from chats.models import Conversation

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class Day:
    """Conversations of one stretch of time. An empty label goes on with the page before."""

    label: str
    conversations: list[Conversation]


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list. `older_before` names where the next one starts, if there is one."""

    days: list[Day]
    older_before: UUID | None


def list_conversations(*, user: User, before: UUID | None = None) -> Listing:
    """The newest PAGE_SIZE conversations, or those after `before` in the list. At most two queries.

    An unknown `before` gives an empty page.
    """
    mine = Conversation.objects.for_user(user).only("id", "title", "updated_at")
    last = mine.filter(id=before).first() if before else None
    if before and last is None:
        return Listing(days=[], older_before=None)
    if last is not None:
        mine = mine.filter(
            Q(updated_at__lt=last.updated_at) | Q(updated_at=last.updated_at, id__lt=last.id)
        )
    rows = list(mine.newest_first()[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    days = _by_day(shown, continued=last)
    return Listing(days=days, older_before=shown[-1].id if len(rows) > PAGE_SIZE else None)


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
