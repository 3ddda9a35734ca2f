"""Folders as the sidebar shows them: nested, and the opened ones with what is in them.

Which are open is the browser's to remember (`parse_opened`): the server only draws them so.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db.models import Count, Prefetch, prefetch_related_objects

from accounts.models import User
from chats.folder_trees import folders_inside
from chats.models import Conversation, Folder, Tag

COOKIE: Final = "folders"
"""Ids of the folders that are open in the sidebar, the last opened one last, between dots."""
MOST_OPEN: Final = 20
MOST_BESIDE: Final = 60
"""Folders beside each other; the page of all folders has the others."""
SHELF_SIZE: Final = 10
"""Chats of one folder; its own page has the others."""

SHOWN: Final = ("id", "title", "updated_at", "is_pinned", "is_unread", "folder")
"""Fields of a chat that its row in the sidebar needs."""


@dataclass(slots=True)
class Shelf:
    """A folder in the sidebar. What is in it is there only while it is open."""

    folder: Folder
    is_open: bool
    holds_current: bool
    """The chat of the page is in it, or in a folder inside it."""
    shelves: list["Shelf"] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    has_more: bool = False
    pinned: int = 0
    """Chats of an open folder that has nothing else: they stand at the top of the sidebar."""


@dataclass(slots=True)
class Shelves:
    """Those at the top."""

    shelves: list[Shelf] = field(default_factory=list)
    has_more: bool = False


def parse_opened(cookie: str) -> set[UUID]:
    """The folders that a browser says are open; what is no id, and too many, is left out."""
    found = set()
    for part in cookie[-MOST_OPEN * 37 :].split("."):
        try:
            found.add(UUID(part))
        except ValueError:
            continue
    return found


def list_shelves(
    *, user: User, opened: Collection[UUID], current_id: UUID | None = None
) -> Shelves:
    """The folders at the top. At most five queries, whatever the number; one without folders.

    The chats of the folders still need their tags: see `add_tags`.
    """
    inside = folders_inside(user.id)
    if not inside:
        return Shelves()
    return Shelves(
        _filled(inside, inside[None], user=user, opened=opened, current_id=current_id),
        has_more=len(inside[None]) > MOST_BESIDE,
    )


def open_shelf(
    *, folder: Folder, user: User, opened: Collection[UUID], current_id: UUID | None = None
) -> Shelf:
    """One folder with what is in it, tags included. At most six queries."""
    inside, opened = folders_inside(user.id), {*opened, folder.id}
    [shelf] = _filled(inside, [folder], user=user, opened=opened, current_id=current_id)
    add_tags(chats_in([shelf]))
    return shelf


def chats_in(shelves: list[Shelf]) -> list[Conversation]:
    """All chats that these folders show."""
    found = []
    for shelf in shelves:
        found += [*shelf.conversations, *chats_in(shelf.shelves)]
    return found


def add_tags(conversations: list[Conversation]) -> None:
    """Have the tags of all these ready. One query, none without chats."""
    prefetch_related_objects(conversations, Prefetch("tags", Tag.objects.order_by("name")))


def _filled(
    inside: dict[UUID | None, list[Folder]],
    folders: list[Folder],
    *,
    user: User,
    opened: Collection[UUID],
    current_id: UUID | None,
) -> list[Shelf]:
    current_folder = None
    if current_id:
        current = Conversation.objects.for_user(user).filter(id=current_id)
        current_folder = current.values_list("folder_id", flat=True).first()
    drawn: list[Shelf] = []

    def grown(folders: list[Folder]) -> list[Shelf]:
        return [shelf_of(folder) for folder in folders[:MOST_BESIDE]]

    def shelf_of(folder: Folder) -> Shelf:
        is_open = folder.id in opened and len(drawn) < MOST_OPEN
        shelf = Shelf(folder, is_open, holds_current=_holds(inside, folder.id, current_folder))
        if is_open:
            drawn.append(shelf)
            shelf.shelves = grown(inside.get(folder.id, []))
        return shelf

    shelves = grown(folders)
    newest = _newest_in([shelf.folder.id for shelf in drawn], user=user)
    for shelf in drawn:
        rows = newest.get(shelf.folder.id, [])
        shelf.conversations, shelf.has_more = rows[:SHELF_SIZE], len(rows) > SHELF_SIZE
    bare = [each for each in drawn if not each.shelves and not each.conversations]
    pinned = _pinned_in([shelf.folder.id for shelf in bare], user=user)
    for shelf in bare:
        shelf.pinned = pinned.get(shelf.folder.id, 0)
    return shelves


def _holds(
    inside: dict[UUID | None, list[Folder]], folder_id: UUID, wanted_id: UUID | None
) -> bool:
    if wanted_id is None:
        return False
    if folder_id == wanted_id:
        return True
    return any(_holds(inside, child.id, wanted_id) for child in inside.get(folder_id, []))


def _pinned_in(folder_ids: list[UUID], *, user: User) -> dict[UUID | None, int]:
    """How many pinned chats are in each of these folders. One query, none without folders."""
    if not folder_ids:
        return {}
    pinned = Conversation.objects.for_user(user).listed()
    pinned = pinned.filter(is_pinned=True, folder_id__in=folder_ids).order_by()
    return dict(pinned.values_list("folder_id").annotate(Count("id")))


def _newest_in(folder_ids: list[UUID], *, user: User) -> dict[UUID | None, list[Conversation]]:
    """The SHELF_SIZE newest of each folder, and one more where there are more. Two queries.

    Pinned ones are not among them: they stand at the top of the sidebar.
    """
    mine = Conversation.objects.for_user(user)
    ids = Conversation.objects.newest_ids_in(folder_ids, SHELF_SIZE + 1)
    found: dict[UUID | None, list[Conversation]] = {}
    for row in mine.filter(id__in=ids).only(*SHOWN).newest_first() if ids else ():
        found.setdefault(row.folder_id, []).append(row)
    return found
