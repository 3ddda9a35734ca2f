"""Which of their chats somebody means: a page of them by criteria, ticked ones, or all that match.

Only what the person owns is ever found: neither deleted and temporary chats, nor those of others in
which they take part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from accounts.models import User
from chats.models import Conversation

PAGE_SIZE: Final = 50

_SHOWN: Final = ("title", "updated_at", "is_pinned", "archived_at", "folder__name")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Show(StrEnum):
    """What there is besides folders and tags."""

    ALL = ""
    LISTED = "listed"
    PINNED = "pinned"
    ARCHIVED = "archived"


class Sort(StrEnum):
    """In which order."""

    NEWEST = ""
    OLDEST = "oldest"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Criteria:
    """What chats have to be like. An unknown folder or tag, or another person's, matches none."""

    show: Show = Show.ALL
    folder: UUID | None = None
    without_folder: bool = False
    tag: UUID | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether they leave out something."""
        return self != Criteria()


@dataclass(frozen=True, slots=True)
class Selection:
    """Chats with these ids or, with `criteria`, all that match them when it is carried out."""

    ids: tuple[UUID, ...] = ()
    criteria: Criteria | None = None


@dataclass(frozen=True, slots=True)
class ChatPage:
    """A page of chats with their folders and tags, and how many match in all.

    `previous` and `next` are the places where the pages beside it end and start, or empty.
    """

    chats: Sequence[Conversation]
    total: int
    previous: str
    next: str


def owned_chats(user: User) -> QuerySet[Conversation]:
    """All that can be selected."""
    return Conversation.objects.for_user(user).filter(is_temporary=False)


def matching_chats(*, user: User, criteria: Criteria) -> QuerySet[Conversation]:
    """Those that match."""
    found = owned_chats(user)
    match criteria.show:
        case Show.LISTED:
            found = found.filter(archived_at=None)
        case Show.PINNED:
            found = found.filter(is_pinned=True)
        case Show.ARCHIVED:
            found = found.filter(archived_at__isnull=False)
        case Show.ALL:
            pass
    if criteria.without_folder:
        found = found.filter(folder=None)
    elif criteria.folder:
        found = found.filter(folder_id=criteria.folder)
    if criteria.tag:
        # By ids: what is updated cannot be joined.
        links = Conversation.tags.through.objects.filter(tag_id=criteria.tag)
        found = found.filter(id__in=links.values("conversation_id"))
    return found


def selected_chats(*, user: User, selection: Selection) -> QuerySet[Conversation]:
    """The user's own among those that are meant; ids of others are passed over."""
    if selection.criteria:
        return matching_chats(user=user, criteria=selection.criteria)
    return owned_chats(user).filter(id__in=selection.ids)


def list_chats(
    *, user: User, criteria: Criteria, sort: Sort = Sort.NEWEST, after: str = "", before: str = ""
) -> ChatPage:
    """PAGE_SIZE chats after a place, or those before one. Three queries.

    A place holds whatever became of the chat that stood there. What is none, or has nothing behind
    it any more, gives the first page.
    """
    found = matching_chats(user=user, criteria=criteria)
    # System prompts may be long, and what is sorted is copied.
    shown = found.select_related("folder").only(*_SHOWN).prefetch_related("tags")
    shown = shown.annotate(sort_title=Lower("title"))
    place = _place(after or before, sort)
    is_back = place is not None and not after
    step = shown.filter(_beyond(place, sort, is_back=is_back)) if place else shown
    rows = list(step.order_by(*_order(sort, is_back=is_back))[: PAGE_SIZE + 1])
    if place and not rows:
        return list_chats(user=user, criteria=criteria, sort=sort)
    has_more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if is_back:
        rows.reverse()
    return ChatPage(
        chats=rows,
        total=found.count(),
        previous=_name(rows[0], sort) if (has_more if is_back else place) else "",
        next=_name(rows[-1], sort) if is_back or has_more else "",
    )


def _order(sort: Sort, *, is_back: bool) -> tuple[str, str]:
    field = "sort_title" if sort is Sort.TITLE else "updated_at"
    sign = "-" if (sort is Sort.NEWEST) != is_back else ""
    return f"{sign}{field}", f"{sign}id"


def _beyond(place: tuple[datetime | str, UUID], sort: Sort, *, is_back: bool) -> Q:
    """What comes after a place, in either direction."""
    value, last_id = place
    field, _second = _order(sort, is_back=is_back)
    name, below = field.removeprefix("-"), "lt" if field.startswith("-") else "gt"
    # The first condition says nothing new: by it the index is entered at the place.
    return Q(**{f"{name}__{below}e": value}) & (
        Q(**{f"{name}__{below}": value}) | Q(**{f"id__{below}": last_id})
    )


def _name(chat: Conversation, sort: Sort) -> str:
    """Of a chat's place: whole microseconds or the title, for the comparison is exact."""
    if sort is Sort.TITLE:
        return f"{chat.id}.{chat.sort_title}"  # type: ignore[attr-defined]
    return f"{chat.id}.{(chat.updated_at - _EPOCH) // timedelta(microseconds=1)}"


def _place(name: str, sort: Sort) -> tuple[datetime | str, UUID] | None:
    last_id, _dot, value = name.partition(".")
    try:
        if sort is Sort.TITLE:
            # PostgreSQL takes no NUL.
            return value.replace("\0", ""), UUID(last_id)
        return _EPOCH + timedelta(microseconds=int(value)), UUID(last_id)
    except (ValueError, OverflowError):
        return None
