"""The page of all chats, and what is done to those that are selected on it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chats import bulk, own_data
from chats.folder_trees import Branch, flat_tree
from chats.models import Folder
from chats.selection import Show, Sort, list_chats
from chats.tags import tags_of
from chats.views.answers import (
    PageRequest,
    SeeOther,
    list_beside,
    page,
    parsed_moment,
    refuse,
    with_toasts,
)
from chats.views.bulk_actions import carry_out
from chats.views.selecting import criteria_of, query_of, sort_of

SHOWS: Final = {
    Show.ALL: gettext_lazy("All chats"),
    Show.LISTED: gettext_lazy("Not archived"),
    Show.PINNED: gettext_lazy("Pinned"),
    Show.ARCHIVED: gettext_lazy("Archived"),
}
SORTS: Final = {
    Sort.NEWEST: gettext_lazy("Newest first"),
    Sort.OLDEST: gettext_lazy("Oldest first"),
    Sort.TITLE: gettext_lazy("By title"),
}


@page("GET", "HEAD")
def chats(request: PageRequest) -> HttpResponse:
    """All chats, a page of them; for htmx the list alone."""
    part = "#list" if request.htmx else ""
    return render(request, f"chats/chats.html{part}", _context(request))


@page("POST")
def change(request: PageRequest) -> HttpResponse:
    """Do to the selected ones what the pressed button says: `action`, a verb and perhaps an id."""
    try:
        said, undo = carry_out(request)
    except ValidationError as error:
        return refuse(request, error, back=SeeOther(_address(request)))
    messages.success(request, said, extra_tags=undo)
    if not request.htmx:
        return SeeOther(_address(request))
    answer = list_beside(request, with_archive=False)
    # Folders and tags to choose from may be new.
    context = {**_context(request), "is_beside": True}
    answer.write(render(request, "chats/chats.html#changed", context).content)
    answer.write(with_toasts(request).content)
    return answer


@page("POST")
def restore(request: PageRequest) -> HttpResponse:
    """Bring back what was deleted together."""
    return _undo(request, lambda at: own_data.restore_deletion(user=request.user, deleted_at=at))


@page("POST")
def unarchive(request: PageRequest) -> HttpResponse:
    """Bring back what was archived together."""
    return _undo(request, lambda at: bulk.undo_archiving(user=request.user, at=at))


def _context(request: PageRequest) -> dict[str, Any]:
    data = request.POST if request.method == "POST" else request.GET
    criteria, sort = criteria_of(data), sort_of(data)
    place = {"after": data.get("after", ""), "before": data.get("before", "")}
    return {
        "found": list_chats(user=request.user, criteria=criteria, sort=sort, **place),
        "criteria": criteria,
        "sort": sort,
        "place": place,
        "query": query_of(criteria, sort),
        "here": query_of(criteria, sort, **place),
        "shows": SHOWS,
        "sorts": SORTS,
        "folders": _with_paths(flat_tree(user=request.user)),
        "tags": tags_of(request.user),
    }


def _with_paths(branches: list[Branch]) -> list[tuple[Folder, str]]:
    """Each folder with its name and those of the folders around it."""
    above: list[str] = []
    found = []
    for branch in branches:
        above[branch.level - 1 :] = [branch.folder.name]
        found.append((branch.folder, " / ".join(above)))
    return found


def _address(request: PageRequest) -> str:
    """Of the list that was looked at."""
    data = request.POST
    place = {"after": data.get("after", ""), "before": data.get("before", "")}
    return reverse("chats:chats") + query_of(criteria_of(data), sort_of(data), **place)


def _undo(request: PageRequest, bring_back: Callable[[datetime], int]) -> HttpResponse:
    at = parsed_moment(request.GET.get("at"))
    count = bring_back(at) if at else 0
    if count:
        said = ngettext("%(n)d chat is back.", "%(n)d chats are back.", count)
        messages.success(request, said % {"n": count})
    else:
        messages.error(request, _("This cannot be undone any more."))
    if not request.htmx:
        return SeeOther(reverse("chats:chats"))
    answer = list_beside(request, with_archive=True)
    answer.write(with_toasts(request).content)
    return answer
