"""Folders: making, naming, moving and deleting them, and what is in them.

Everything here is for their owner alone. What changes the shape of somebody's tree locks their row
first: else two moves at once could close a circle, and two new folders exceed a limit. What was
read before the lock may be old: where a folder hangs is taken from what is read behind it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chats import events
from chats.conversations import checked_model, clean_system_prompt
from chats.folder_trees import cut_circles, stored_folders
from chats.models import FOLDER_NAME_LENGTH, Conversation, Folder, Transfer
from chats.order import batches, by_name, free_name, lock_order
from chats.texts import clean_name

MOST_FOLDERS: Final = 500
"""That one person can keep."""
MOST_LEVELS: Final = 8
"""Of folders inside each other."""


@dataclass(frozen=True, slots=True)
class ImportedFolder:
    """A folder as a file has it."""

    path: Sequence[str]
    system_prompt: str = ""
    default_model: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


def usable_model(folder: Folder | None, *, user: User) -> str:
    """The folder's model while `user` can reach it, else empty."""
    try:
        named = folder.default_model if folder else ""
        return checked_model(named, user=user) if named else ""
    except ValidationError:
        return ""


def create_folder(
    *,
    user: User,
    name: str,
    parent: Folder | None = None,
    system_prompt: str = "",
    default_model: str = "",
) -> Folder:
    """A new folder of `user`'s, in `parent` of theirs. Raises ValidationError by field."""
    folder = Folder(owner=user, system_prompt=clean_system_prompt(system_prompt))
    folder.default_model = _clean_model(default_model, folder)
    with transaction.atomic():
        folders = _lock_tree(user.id)
        if len(folders) >= MOST_FOLDERS:
            raise ValidationError(
                _("You have %(count)d folders already, and more are not possible.")
                % {"count": MOST_FOLDERS},
                code="too_many",
            )
        _place(folder, parent, folders)
        folder.name = _free_checked(name, folder, folders)
        folder.save(force_insert=True)
        events.sidebar_changed(user.id)
    return folder


def update_folder(
    *,
    folder: Folder,
    name: str,
    parent: Folder | None,
    system_prompt: str,
    default_model: str,
) -> None:
    """Change all of a folder. Raises ValidationError by field; then nothing is changed.

    A model that was chosen before may be gone by now; that is no reason to refuse all else.
    """
    prompt, model = clean_system_prompt(system_prompt), _clean_model(default_model, folder)
    with transaction.atomic():
        folders = _lock_tree(folder.owner_id)
        _refresh(folder, folders)
        _place(folder, parent, folders)
        folder.name = _free_checked(name, folder, folders)
        folder.system_prompt, folder.default_model = prompt, model
        _save(folder, "name", "parent", "system_prompt", "default_model")


def move_folder(*, folder: Folder, parent: Folder | None) -> None:
    """Into another folder of the same owner's, or to the top. Raises ValidationError by field."""
    with transaction.atomic():
        folders = _lock_tree(folder.owner_id)
        _refresh(folder, folders)
        _place(folder, parent, folders)
        _free_checked(folder.name, folder, folders)
        _save(folder, "parent")


def delete_folder(*, folder: Folder) -> UUID | None:
    """Delete a folder for good; nothing happens when it is gone already.

    Its chats and folders go where it was, the folders numbered where need be. Returns the id of
    that folder, None for the top.
    """
    with transaction.atomic():
        folders = _lock_tree(folder.owner_id)
        doomed = next((each for each in folders if each.id == folder.id), None)
        if doomed is None:
            return None
        taken = {f.name.lower() for f in folders if f.parent_id == doomed.parent_id}
        taken.discard(doomed.name.lower())
        # One of those in it may have its name.
        Folder.objects.filter(id=doomed.id).update(name=str(doomed.id))
        for child in sorted((f for f in folders if f.parent_id == doomed.id), key=by_name):
            child.name = _numbered(child.name, taken)
            child.parent_id = doomed.parent_id
            child.save(update_fields=["name", "parent"])
            taken.add(child.name.lower())
        Conversation.objects.filter(folder=doomed).update(folder_id=doomed.parent_id)
        Folder.objects.filter(id=doomed.id).delete()
        events.sidebar_changed(folder.owner_id)
    return doomed.parent_id


def move_conversations(
    *, user: User, conversation_ids: Iterable[UUID], folder: Folder | None
) -> int:
    """Put those of these chats that are `user`'s own into a folder, or into none.

    Returns how many were somewhere else before. Chats keep their places in time. Raises
    ValidationError when the folder is gone meanwhile.
    """
    if folder and folder.owner_id != user.id:
        raise ValueError(folder.owner_id)
    ids, moved = list(conversation_ids), 0
    with transaction.atomic():
        if folder and not Folder.objects.select_for_update().filter(id=folder.id).exists():
            raise gone()
        mine = Conversation.objects.filter(owner=user, deleted_at=None, is_temporary=False)
        elsewhere = mine.exclude(folder=folder) if folder else mine.exclude(folder=None)
        for batch in batches(ids):
            moved += elsewhere.filter(id__in=batch).update(folder=folder)
        if moved:
            events.sidebar_changed(user.id)
    return moved


def find_or_create_folder(*, user: User, path: Sequence[str]) -> Folder:
    """The folder at a path of names, made as far as it is missing. Case does not count.

    Names are cut to what fits, levels past MOST_LEVELS are left out. Raises ValidationError for an
    empty path, a name that nothing can be seen of, and above MOST_FOLDERS; then none is made.
    """
    found: Folder | None = None
    with transaction.atomic():
        inside = {(f.parent_id, f.name.lower()): f for f in _lock_tree(user.id)}
        for name in path[:MOST_LEVELS]:
            cleaned = clean_name(name[:FOLDER_NAME_LENGTH], limit=FOLDER_NAME_LENGTH)
            key = (found.id if found else None, cleaned.lower())
            found = inside.get(key) or create_folder(user=user, name=cleaned, parent=found)
    if found is None:
        raise ValidationError(_("A name needs at least one character."), code="empty")
    return found


def import_folders(*, transfer: Transfer, folders: Sequence[ImportedFolder]) -> list[Folder | None]:
    """The folders at these paths, made as far as they are missing, as `find_or_create_folder` does.

    Those that are here stay as they are. None for those that cannot be: without a name that can be
    seen, or above MOST_FOLDERS. A few queries, whatever the number.
    """
    user = transfer.owner
    found: list[Folder | None] = []
    with transaction.atomic():
        here = _lock_tree(user.id)
        inside = {(f.parent_id, f.name.lower()): f for f in here}
        new: list[Folder] = []
        for wanted in folders:
            folder: Folder | None = None
            names = _clean_path(wanted.path)
            for number, name in enumerate(names, start=1):
                key = (folder.id if folder else None, name.lower())
                folder = inside.get(key)
                if folder is None and len(inside) < MOST_FOLDERS:
                    about = wanted if number == len(wanted.path) else ImportedFolder(())
                    folder = inside[key] = _imported(about, name, key[0], transfer)
                    new.append(folder)
                if folder is None:
                    break
            found.append(folder)
        Folder.objects.bulk_create(new)
        if new:
            events.sidebar_changed(user.id)
    return found


def delete_imported_folders(*, transfer: Transfer) -> int:
    """Delete the folders that an import made, that nobody changed and that are empty; how many."""
    with transaction.atomic():
        folders = _lock_tree(transfer.owner_id)
        made = set(Folder.objects.filter(imported_by=transfer).values_list("id", flat=True))
        chats = Conversation.objects.filter(folder__imported_by=transfer, deleted_at=None)
        made -= set(chats.order_by().values_list("folder_id", flat=True).distinct())
        parents = {each.id: each.parent_id for each in folders}
        # What is in use keeps all that is above it.
        for each in parents.keys() - made:
            made.difference_update(_ids_above(each, parents))
        ids = list(made)
        Conversation.objects.filter(folder_id__in=ids).update(folder=None)
        Folder.objects.filter(id__in=ids).delete()
        if ids:
            events.sidebar_changed(transfer.owner_id)
    return len(ids)


def gone() -> ValidationError:
    """What is said of a folder that was there a moment ago."""
    return ValidationError(
        _("The folder is not there any more. Choose another one."), code="no_folder"
    )


def _clean_path(path: Sequence[str]) -> list[str]:
    """Names as stored; none when one of them cannot be."""
    try:
        names = path[:MOST_LEVELS]
        return [clean_name(each[:FOLDER_NAME_LENGTH], limit=FOLDER_NAME_LENGTH) for each in names]
    except ValidationError:
        return []


def _imported(
    about: ImportedFolder, name: str, parent_id: UUID | None, transfer: Transfer
) -> Folder:
    created_at = about.created_at or transfer.created_at
    return Folder(
        owner_id=transfer.owner_id,
        parent_id=parent_id,
        name=name,
        system_prompt=about.system_prompt,
        default_model=about.default_model,
        imported_by=transfer,
        created_at=created_at,
        updated_at=about.updated_at or created_at,
    )


def _lock_tree(owner_id: UUID) -> list[Folder]:
    """All folders of somebody, whose row is locked until the transaction ends. Two queries."""
    lock_order(owner_id)
    folders = stored_folders(owner_id)
    for folder in cut_circles(folders):
        at_top = {f.name.lower() for f in folders if f.parent_id is None and f.id != folder.id}
        folder.name = _numbered(folder.name, at_top)
        folder.save(update_fields=["name", "parent"])
    return folders


def _refresh(folder: Folder, folders: list[Folder]) -> None:
    """Have what was read before the lock hang where it hangs, under the name it has.

    Raises ValidationError when it is gone.
    """
    stored = next((each for each in folders if each.id == folder.id), None)
    if stored is None:
        raise ValidationError(_("The folder was deleted meanwhile."), code="gone")
    folder.parent_id, folder.name = stored.parent_id, stored.name


def _place(folder: Folder, parent: Folder | None, folders: list[Folder]) -> None:
    """Hang `folder` into `parent`. Raises ValidationError where it cannot be."""
    parents = {each.id: each.parent_id for each in folders}
    if parent is not None and parent.id not in parents:
        raise ValidationError({"parent": gone()})
    above = _ids_above(parent.id if parent else None, parents)
    if folder.id in above:
        raise ValidationError(
            {"parent": _("A folder cannot be put into itself or into a folder inside it.")},
            code="circle",
        )
    if len(above) + _height(folder.id, parents) > MOST_LEVELS:
        raise ValidationError(
            {"parent": _("Folders can be %(count)d levels deep.") % {"count": MOST_LEVELS}},
            code="too_deep",
        )
    folder.parent_id = parent.id if parent else None


def _ids_above(folder_id: UUID | None, parents: dict[UUID, UUID | None]) -> list[UUID]:
    """From a folder itself up to the top."""
    found: list[UUID] = []
    while folder_id is not None and folder_id not in found:
        found.append(folder_id)
        folder_id = parents[folder_id]
    return found


def _height(folder_id: UUID, parents: dict[UUID, UUID | None]) -> int:
    """Levels of a folder with all that is inside it; 1 when nothing is."""
    paths = (_ids_above(each, parents) for each in parents)
    return max((path.index(folder_id) + 1 for path in paths if folder_id in path), default=1)


def _free_checked(name: str, folder: Folder, folders: list[Folder]) -> str:
    """A name for `folder` where it hangs now, as stored. Raises ValidationError for the field."""
    beside = (f for f in folders if f.parent_id == folder.parent_id and f.id != folder.id)
    return free_name(
        name,
        limit=FOLDER_NAME_LENGTH,
        beside=[each.name for each in beside],
        taken=_("There is a folder by that name already."),
    )


def _numbered(name: str, taken: set[str]) -> str:
    """`name`, or with a number behind it where it is taken."""
    marks = (f" ({number})" for number in count(2))
    free = name
    while free.lower() in taken:
        mark = next(marks)
        free = name[: FOLDER_NAME_LENGTH - len(mark)] + mark
    return free


def _clean_model(model: str, folder: Folder) -> str:
    model = model.strip()
    if not model or model == folder.default_model:
        return model
    try:
        return checked_model(model, user=folder.owner)
    except ValidationError as error:
        raise ValidationError({"default_model": error}) from error


def _save(folder: Folder, *fields: str) -> None:
    folder.updated_at = timezone.now()
    folder.imported_by = None
    folder.save(update_fields=[*fields, "updated_at", "imported_by"])
    events.sidebar_changed(folder.owner_id)
