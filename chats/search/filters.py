"""What a search's filters mean: whose, where, by whom, when. Names are those of who searches."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chats.index_words import LAST_ID, REPLY, WITH_FILE, by_author, by_model, first_id
from chats.models import Conversation, Folder, Membership, SharedLink, Tag
from chats.querysets import Right
from chats.search.syntax import Filter, Term
from chats.words import words_of

MOST_PLACES: Final = 200
"""Conversations that the index is asked for by name; more are looked up as matches come."""

OF_MESSAGES: Final = ("from", "model", "has")
"""Filters that say something of a message; titles have none of it."""


@dataclass(slots=True)
class Narrowed:
    """Where to look, after all filters."""

    conversations: QuerySet[Conversation]
    marks: list[Term] = field(default_factory=list)
    lowest: int = 0
    end: int = LAST_ID
    only: list[UUID] | None = None
    """The conversations, where filters leave few of them."""
    notes: list[str] = field(default_factory=list)
    is_narrow: bool = False
    """A filter says something of conversations."""


def narrow(filters: Sequence[Filter], *, user: User) -> Narrowed:
    """What `filters` leave of all that `user` may read. A query for tags, folders, places each."""
    opened = Conversation.objects.open_to(user, Right.READ).filter(is_temporary=False)
    narrowed = Narrowed(conversations=opened)
    for each in filters:
        if each.key in ("before", "after"):
            _bound(narrowed, each)
        elif each.key in OF_MESSAGES:
            narrowed.marks += _marks(each, user)
        else:
            condition = _condition(each, user, narrowed.notes)
            left = narrowed.conversations
            left = left.exclude(condition) if each.is_excluded else left.filter(condition)
            narrowed.conversations, narrowed.is_narrow = left, True
    if narrowed.is_narrow:
        ids = _first_of(narrowed.conversations, user)
        narrowed.only = ids if len(ids) <= MOST_PLACES else None
    return narrowed


def readable_by(user: User) -> QuerySet[Conversation]:
    """What `user` may find. Looked up by what is asked of it, never by what it must be.

    Left the choice, SQLite goes through everybody's conversations that are not deleted.
    """
    opened = Conversation.objects.open_to(user, Right.READ).filter(is_temporary=False)
    return Conversation.objects.filter(Exists(opened.filter(pk=OuterRef("pk"))))


def _first_of(conversations: QuerySet[Conversation], user: User) -> list[UUID]:
    """One more than may be named, if there are as many. Two queries at most."""
    ids: list[UUID] = []
    joined = Membership.objects.filter(user=user).values("conversation_id")
    own = conversations.filter(owner=user).order_by("-updated_at", "-id")
    for some in (own, conversations.filter(id__in=joined).exclude(owner=user).order_by()):
        ids += some.values_list("id", flat=True)[: MOST_PLACES + 1 - len(ids)]
        if len(ids) > MOST_PLACES:
            break
    return ids


def shared_with(user: User, notes: list[str]) -> list[UUID]:
    """The conversations of others that `user` takes part in, the latest first. One query.

    MOST_PLACES at the most, and a note where there are more.
    """
    mine = Membership.objects.filter(user=user).order_by("-created_at")
    ids = list(mine.values_list("conversation_id", flat=True)[: MOST_PLACES + 1])
    if len(ids) > MOST_PLACES:
        said = _("Of chats of others, the last %(count)d you were invited to were looked through.")
        notes.append(said % {"count": MOST_PLACES})
    return ids[:MOST_PLACES]


def folder_paths(user: User) -> dict[UUID, str]:
    """By the folder's id, its name and those of the folders it is in. One query."""
    rows = Folder.objects.filter(owner=user).values_list("id", "parent_id", "name")
    known = {folder_id: (parent_id, name) for folder_id, parent_id, name in rows}
    paths: dict[UUID, str] = {}
    for folder_id in known:
        names: list[str] = []
        at: UUID | None = folder_id
        while at in known and len(names) <= len(known):
            at, name = known[at]
            names.insert(0, name)
        paths[folder_id] = " / ".join(names)
    return paths


def _bound(narrowed: Narrowed, each: Filter) -> None:
    """`before:2025` is before that year, `after:2025` after it; the other way round with `-`."""
    is_before = (each.key == "before") != each.is_excluded
    day = each.since if (each.key == "before") else each.until
    bound = _start_of(day) if day else 0
    if is_before:
        narrowed.end = min(narrowed.end, bound)
    else:
        narrowed.lowest = max(narrowed.lowest, bound)


def _start_of(day: date) -> int:
    if day.year < 1970:
        return 0
    return first_id(timezone.make_aware(datetime.combine(day, time.min)))


def _marks(each: Filter, user: User) -> list[Term]:
    if each.key == "has":
        words = [WITH_FILE]
    elif each.key == "model":
        words = by_model(each.value)
    else:
        words = [by_author(user.id)] if each.value == "me" else [REPLY]
    return [Term(tuple(words), each.is_excluded, is_prefix=each.key == "model")]


def _condition(each: Filter, user: User, notes: list[str]) -> Q:
    if each.key == "tag":
        return _tagged(each, user, notes)
    if each.key == "folder":
        return _in_folder(each, user, notes)
    if each.value == "archived":
        return Q(archived_at__isnull=False, owner=user)
    if each.value == "pinned":
        return Q(is_pinned=True, owner=user)
    links = SharedLink.objects.filter(conversation=OuterRef("pk"))
    members = Membership.objects.filter(conversation=OuterRef("pk"))
    return Q(Exists(links)) & Q(owner=user) | Q(Exists(members))


def _tagged(each: Filter, user: User, notes: list[str]) -> Q:
    words = words_of(each.value)
    tags = Tag.objects.filter(owner=user).values_list("id", "name")
    found = [tag_id for tag_id, name in tags if words_of(name) == words]
    if not found:
        notes.append(_("You have no tag “%(name)s”.") % {"name": each.value})
    through = Conversation.tags.through.objects.filter(
        conversation=OuterRef("pk"), tag_id__in=found
    )
    return Q(Exists(through))


def _in_folder(each: Filter, user: User, notes: list[str]) -> Q:
    """In a folder of that name, or path, or in what is inside it."""
    words = words_of(each.value)
    paths = folder_paths(user)
    # Names have letters of their own, so a path is told by where its last names begin.
    heads = [path for path in paths.values() if _ends_with(path, words)]
    if not heads:
        notes.append(_("You have no folder “%(name)s”.") % {"name": each.value})
    inside = [
        folder_id
        for folder_id, path in paths.items()
        if any(path == head or path.startswith(f"{head} / ") for head in heads)
    ]
    return Q(folder__in=inside, owner=user)


def _ends_with(path: str, words: list[str]) -> bool:
    names = path.split(" / ")
    return any(words_of(" ".join(names[at:])) == words for at in range(len(names)))
