"""What the buttons over a selection do: the value of `action` is a verb and perhaps an id."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chats import bulk
from chats.access import folder_or_404, tag_or_404
from chats.folders import find_or_create_folder
from chats.models import Folder, Tag
from chats.selection import Selection
from chats.tags import find_or_create_tag
from chats.views.answers import PageRequest, parsed_id
from chats.views.selecting import selection_of

Said = tuple[str, str]
"""What a toast says, and the tag that tells how it is undone (`undo_address`), or nothing."""


def carry_out(request: PageRequest) -> Said:
    """Do what the pressed button says to what is selected.

    404 when none of it is the user's; raises ValidationError with what to do instead.
    """
    selection = selection_of(request.POST)
    if not bulk.count_selected(user=request.user, selection=selection):
        if selection.ids:
            raise Http404
        raise ValidationError(_("No chat is selected. Tick some first."))
    verb, _colon, name = request.POST.get("action", "").partition(":")
    do = _ACTIONS.get(verb or _entered(request))
    if do is None:
        raise ValidationError(_("Press one of the buttons to say what is to be done."))
    return do(request, selection, name)


def _entered(request: PageRequest) -> str:
    """The verb of the field in which Enter was pressed: that presses the form's first button."""
    fields = {"new_folder": "move-new", "new_tag": "tag-new"}
    return next((verb for field, verb in fields.items() if request.POST.get(field, "").strip()), "")


def _known_id(name: str) -> UUID:
    if found := parsed_id(name):
        return found
    raise Http404


def _archive(request: PageRequest, selection: Selection, _name: str) -> Said:
    done = bulk.archive_selected(user=request.user, selection=selection)
    said = ngettext("%(n)d chat was archived.", "%(n)d chats were archived.", done.count)
    return said % {"n": done.count}, f"archived:{done.at.isoformat()}"


def _delete(request: PageRequest, selection: Selection, _name: str) -> Said:
    done = bulk.delete_selected(user=request.user, selection=selection)
    said = ngettext("%(n)d chat was deleted.", "%(n)d chats were deleted.", done.count)
    return said % {"n": done.count}, f"deleted:{done.at.isoformat()}"


def _bring_back(request: PageRequest, selection: Selection, _name: str) -> Said:
    count = bulk.bring_selected_back(user=request.user, selection=selection).count
    said = ngettext("%(n)d chat is not archived.", "%(n)d chats are not archived.", count)
    return said % {"n": count}, ""


def _pin(request: PageRequest, selection: Selection, _name: str) -> Said:
    count = bulk.pin_selected(user=request.user, selection=selection, is_pinned=True).count
    said = ngettext("%(n)d chat is pinned.", "%(n)d chats are pinned.", count)
    return said % {"n": count}, ""


def _unpin(request: PageRequest, selection: Selection, _name: str) -> Said:
    count = bulk.pin_selected(user=request.user, selection=selection, is_pinned=False).count
    said = ngettext("%(n)d chat is not pinned.", "%(n)d chats are not pinned.", count)
    return said % {"n": count}, ""


def _move(request: PageRequest, selection: Selection, name: str) -> Said:
    folder = folder_or_404(request.user, _known_id(name)) if name else None
    return _moved(request, selection, folder)


def _move_to_new(request: PageRequest, selection: Selection, _name: str) -> Said:
    named = request.POST.get("new_folder", "")
    return _moved(request, selection, find_or_create_folder(user=request.user, path=[named]))


def _moved(request: PageRequest, selection: Selection, folder: Folder | None) -> Said:
    count = bulk.move_selected(user=request.user, selection=selection, folder=folder)
    if not count:
        return _("Nothing had to be moved."), ""
    if folder is None:
        said = ngettext(
            "%(n)d chat is in no folder any more.", "%(n)d chats are in no folder any more.", count
        )
        return said % {"n": count}, ""
    said = ngettext(
        "%(n)d chat was moved to “%(name)s”.", "%(n)d chats were moved to “%(name)s”.", count
    )
    return said % {"n": count, "name": folder.name}, ""


def _tag(request: PageRequest, selection: Selection, name: str) -> Said:
    tag = tag_or_404(request.user, _known_id(name))
    return _tagged(request, selection, tag, add=True)


def _untag(request: PageRequest, selection: Selection, name: str) -> Said:
    tag = tag_or_404(request.user, _known_id(name))
    return _tagged(request, selection, tag, add=False)


def _tag_anew(request: PageRequest, selection: Selection, _name: str) -> Said:
    tag = find_or_create_tag(user=request.user, name=request.POST.get("new_tag", ""))
    return _tagged(request, selection, tag, add=True)


def _tagged(request: PageRequest, selection: Selection, tag: Tag, *, add: bool) -> Said:
    count = bulk.tag_selected(user=request.user, selection=selection, tag=tag, add=add)
    if not count:
        return _("Nothing had to be changed."), ""
    if add:
        said = ngettext(
            "%(n)d chat is tagged “%(name)s” now.", "%(n)d chats are tagged “%(name)s” now.", count
        )
    else:
        said = ngettext(
            "“%(name)s” was taken off %(n)d chat.", "“%(name)s” was taken off %(n)d chats.", count
        )
    return said % {"n": count, "name": tag.name}, ""


_ACTIONS: Final[dict[str, Callable[[PageRequest, Selection, str], Said]]] = {
    "archive": _archive,
    "bring-back": _bring_back,
    "delete": _delete,
    "move": _move,
    "move-new": _move_to_new,
    "pin": _pin,
    "tag": _tag,
    "tag-new": _tag_anew,
    "unpin": _unpin,
    "untag": _untag,
}
