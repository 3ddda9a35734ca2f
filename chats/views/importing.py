"""Imports: the upload, the report, how far it is, what came of it, and taking it back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from chats import transfers
from chats.importing import imports, sentences
from chats.models import Transfer
from chats.views.answers import PageRequest, SeeOther, page

_IMPORT = Transfer.Kind.IMPORT


@page("GET", "HEAD", "POST")
def imports_page(request: PageRequest) -> HttpResponse:
    """Earlier imports and a new one; POST uploads the file of one."""
    if request.method != "POST":
        return _list(request)
    upload = request.FILES.get("file")
    if upload is None:
        return _list(request, error=_("Choose a file first."))
    try:
        transfer = imports.upload_file(user=request.user, upload=upload)
    except ValidationError as error:
        return _list(request, error=" ".join(error.messages))
    return _to(transfer)


@page("GET", "HEAD")
def import_page(request: PageRequest, import_id: UUID) -> HttpResponse:
    """One import: its report, its progress or its result; for htmx only that."""
    transfer = _transfer_or_404(request, import_id)
    template = "chats/import.html#state" if request.htmx else "chats/import.html"
    context = {
        "transfer": transfer,
        "report": transfer.report,
        "first": sentences.day_of(transfer.report.get("first")),
        "last": sentences.day_of(transfer.report.get("last")),
        "problems": sentences.problems_of(transfer),
        "remarks": sentences.remarks_of(transfer),
        "fresh": transfer.report.get("found", 0) - transfer.report.get("known", 0),
        "settings_page": "data",
    }
    return render(request, template, context)


@page("POST")
def start_import(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Import what the report told."""
    transfer = _transfer_or_404(request, import_id)
    imports.start_import(
        transfer=transfer,
        into_archive="archive" in request.POST,
        into_folder="folder" in request.POST,
    )
    return _to(transfer)


@page("POST")
def cancel_import(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Forget the upload, or end the import where it is."""
    transfer = _transfer_or_404(request, import_id)
    was_running = transfer.state == Transfer.State.RUNNING
    if not imports.cancel_import(transfer=transfer) or was_running:
        return _to(transfer)
    messages.success(request, _("The import was cancelled and its file deleted."))
    return SeeOther(reverse("chats:imports"))


@page("POST")
def undo_import(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Delete for good what an import brought."""
    transfer = _transfer_or_404(request, import_id)
    imports.request_undo(transfer=transfer)
    return _to(transfer)


def _transfer_or_404(request: PageRequest, transfer_id: UUID) -> Transfer:
    found = transfers.find_transfer(user=request.user, kind=_IMPORT, transfer_id=transfer_id)
    if found is None:
        raise Http404
    return found


def _to(transfer: Transfer) -> SeeOther:
    return SeeOther(reverse("chats:import", args=[transfer.id]))


def _list(request: PageRequest, *, error: str = "") -> HttpResponse:
    context = {
        "imports": transfers.list_transfers(user=request.user, kind=_IMPORT),
        "open_import": imports.open_import(user=request.user),
        "error": error,
        "settings_page": "data",
    }
    return render(request, "chats/imports.html", context, status=422 if error else 200)
