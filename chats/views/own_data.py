"""Settings, Data: how much a person has, and what is done to all of it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chats import own_data
from chats.importing.imports import open_import
from chats.models import Transfer
from chats.transfers import list_transfers
from chats.views.answers import PageRequest, SeeOther, page, parsed_moment

_ADDRESS = "/settings/data/"


@page("GET", "HEAD")
def data(request: PageRequest) -> HttpResponse:
    """The figures, and what can be done."""
    return _show(request)


@page("POST")
def archive_all(request: PageRequest) -> HttpResponse:
    """Empty the sidebar into the archive."""
    count = own_data.archive_all(user=request.user)
    said = ngettext("%(count)d chat was archived.", "%(count)d chats were archived.", count)
    return _done(request, said, count)


@page("POST")
def delete_archived(request: PageRequest) -> HttpResponse:
    """Empty the archive."""
    return _done(request, *_deleted(own_data.delete_archived(user=request.user)))


@page("POST")
def delete_all(request: PageRequest) -> HttpResponse:
    """Delete every chat, if the own name was typed."""
    typed = request.POST.get("username", "").strip()
    if typed.casefold() != request.user.username.casefold():
        error = _("Type your username, %(name)s, to delete all chats.")
        return _show(request, error=error % {"name": request.user.username})
    return _done(request, *_deleted(own_data.delete_all(user=request.user)))


@page("POST")
def restore_deletion(request: PageRequest) -> HttpResponse:
    """Bring back what was deleted together."""
    moment = parsed_moment(request.POST.get("deleted_at"))
    restored = own_data.restore_deletion(user=request.user, deleted_at=moment) if moment else 0
    said = ngettext("%(count)d chat is back.", "%(count)d chats are back.", restored)
    return _done(request, said, restored)


def _show(request: PageRequest, *, error: str = "") -> HttpResponse:
    context = {
        "amounts": own_data.count_data(user=request.user),
        "deletions": own_data.list_deletions(user=request.user),
        "open_import": open_import(user=request.user),
        "has_imports": bool(list_transfers(user=request.user, kind=Transfer.Kind.IMPORT, limit=1)),
        "delete_error": error,
        "settings_page": "data",
    }
    return render(request, "chats/data.html", context, status=422 if error else 200)


def _deleted(count: int) -> tuple[str, int]:
    said = ngettext(
        "%(count)d chat was deleted. It can be brought back for an hour.",
        "%(count)d chats were deleted. They can be brought back for an hour.",
        count,
    )
    return said, count


def _done(request: PageRequest, said: str, count: int) -> HttpResponse:
    messages.success(request, said % {"count": count})
    return SeeOther(_ADDRESS)
