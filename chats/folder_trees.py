"""Folders inside each other, as they are read.

Nothing here trusts that folders end at the top. Should some ever stand in a circle, one of them
counts as being at the top, for every reader the same one (`cut_circles`): so all are shown and
every walk ends. The next change to one of the person's folders stores it so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count

from accounts.models import User
from chats.models import Conversation, Folder
from chats.order import by_name


@dataclass(slots=True)
class Branch:
    """A folder as trees show it. `count` is of the chats right in it that lists show."""

    folder: Folder
    level: int
    """1 at the top."""
    count: int = 0
    children: list["Branch"] = field(default_factory=list)


def folder_tree(*, user: User) -> list[Branch]:
    """All folders of `user`, nested, by name. Two queries, whatever the number."""
    inside = folders_inside(user.id)
    mine = Conversation.objects.filter(owner=user, deleted_at=None, folder__isnull=False).listed()
    counts = dict(mine.order_by().values_list("folder_id").annotate(count=Count("id")))

    def grown(parent_id: UUID | None, level: int) -> list[Branch]:
        return [
            Branch(each, level, counts.get(each.id, 0), grown(each.id, level + 1))
            for each in inside.get(parent_id, [])
        ]

    return grown(None, 1)


def flat_tree(*, user: User) -> list[Branch]:
    """As `folder_tree`, each one followed by what is in it: for lists to choose from."""

    def walk(branches: list[Branch]) -> Iterable[Branch]:
        for branch in branches:
            yield branch
            yield from walk(branch.children)

    return list(walk(folder_tree(user=user)))


def find_branch(branches: list[Branch], folder_id: UUID) -> Branch | None:
    """The one of a folder in a tree."""
    for branch in branches:
        if branch.folder.id == folder_id:
            return branch
        if found := find_branch(branch.children, folder_id):
            return found
    return None


def path_of(folder: Folder) -> list[Folder]:
    """From the top down to `folder`, as it hangs by now. One query."""
    known = {each.id: each for each in load_folders(folder.owner_id)}
    path = [known.get(folder.id, folder)]
    while (parent_id := path[0].parent_id) in known:
        path.insert(0, known[parent_id])
    return path


def folders_inside(owner_id: UUID) -> dict[UUID | None, list[Folder]]:
    """Somebody's folders, sorted, by the id of the folder that they are in. One query."""
    inside: dict[UUID | None, list[Folder]] = {}
    for folder in sorted(load_folders(owner_id), key=by_name):
        inside.setdefault(folder.parent_id, []).append(folder)
    return inside


def load_folders(owner_id: UUID) -> list[Folder]:
    """Names and places of all folders of somebody, without circles. One query."""
    folders = stored_folders(owner_id)
    cut_circles(folders)
    return folders


def stored_folders(owner_id: UUID) -> list[Folder]:
    """The same, circles and all."""
    return list(Folder.objects.filter(owner_id=owner_id).only("owner_id", "parent_id", "name"))


def cut_circles(folders: list[Folder]) -> list[Folder]:
    """Put one folder of each circle among somebody's folders to the top, stored or not; which."""
    known = {each.id: each for each in folders}
    ended: set[UUID] = set()
    cut = []
    for folder in folders:
        path: list[UUID] = []
        at: UUID | None = folder.id
        while at in known and at not in ended and at not in path:
            path.append(at)
            at = known[at].parent_id
        if at in path:
            first = known[min(path[path.index(at) :])]
            first.parent_id = None
            cut.append(first)
        ended.update(path)
    return cut
