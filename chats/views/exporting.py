"""Exports: what to choose, the download itself, and how far it is."""

from uuid import UUID

from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from accounts.models import User
from chats.access import conversation_or_404
from chats.exporting.choosing import Chosen, choose_all, choose_chats, choose_ids
from chats.exporting.exports import Export, Form, Format, Wanted, find_export, start_export
from chats.exporting.markdown import Taste
from chats.exporting.streaming import pieces_of
from chats.selection import selected_chats
from chats.views.answers import PageRequest, page, parsed_id
from chats.views.selecting import selection_of


class ExportResponse(StreamingHttpResponse):
    """A download that is made while it is sent, and ends with the connection."""

    def __init__(self, export: Export) -> None:
        super().__init__(pieces_of(export), content_type=export.media_type)
        self.export = export
        self["Content-Disposition"] = content_disposition_header(True, export.name)
        self["X-Content-Type-Options"] = "nosniff"
        self["Content-Security-Policy"] = "default-src 'none'; sandbox"

    def close(self) -> None:
        """The answer has gone out, or whoever asked has left."""
        self.export.close()
        super().close()


@page("GET")
def export_one(request: PageRequest, conversation_id: UUID) -> HttpResponseBase:
    """One chat; without a `format` the page where it is chosen."""
    conversation = conversation_or_404(request.user, conversation_id)
    chosen = choose_ids(user=request.user, ids=[conversation.id])
    if chosen is None:
        raise Http404
    if "format" not in request.GET:
        return render(request, "chats/export.html", {"conversation": conversation})
    return _send(request, chosen, request.GET)


@page("GET", "HEAD", "POST")
def export(request: PageRequest) -> HttpResponseBase:
    """All chats (`all`), those that a selection means, or those named by `conversation`.

    Whoever only looks is sent to the form.
    """
    if request.method != "POST":
        return redirect(f"{reverse('chats:data')}#export")
    chosen = _chosen(request.user, request.POST)
    if not chosen.ids and not chosen.is_all:
        return _refuse(request, _("No chat is selected."), status=422)
    return _send(request, chosen, request.POST)


@page("GET")
def export_progress(request: PageRequest, transfer_id: UUID) -> HttpResponse:
    """How far an export is."""
    transfer = find_export(user=request.user, transfer_id=transfer_id)
    if transfer is None:
        raise Http404
    return render(request, "chats/export_progress.html", {"transfer": transfer})


def _chosen(user: User, data: QueryDict) -> Chosen:
    if data.get("all"):
        return choose_all(user=user)
    if data.get("every"):
        return choose_chats(
            user=user, chats=selected_chats(user=user, selection=selection_of(data))
        )
    ids = [parsed_id(text) for text in data.getlist("conversation")]
    if not ids:
        return Chosen(owner=user, ids=())
    chosen = choose_ids(user=user, ids=[each for each in ids if each])
    if chosen is None or None in ids:
        raise Http404
    return chosen


def _send(request: PageRequest, chosen: Chosen, data: QueryDict) -> HttpResponseBase:
    try:
        wanted = Wanted(
            format=Format(data.get("format", Format.JSON)),
            form=Form(data.get("form", Form.FILE)),
            taste=Taste(
                with_reasoning="reasoning" in data,
                with_branches="branches" in data,
            ),
        )
    except ValueError as error:
        raise BadRequest from error
    try:
        running = start_export(
            chosen=chosen, wanted=wanted, transfer_id=parsed_id(data.get("transfer"))
        )
    except ValidationError as error:
        return _refuse(request, " ".join(error.messages), status=429)
    return ExportResponse(running)


def _refuse(request: PageRequest, sentence: str, *, status: int) -> HttpResponse:
    return render(request, "chats/export.html", {"refusal": sentence}, status=status)
