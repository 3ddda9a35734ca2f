"""Files that people attach."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from chats.access import Right, attachment_or_404
from chats.attachments import (
    MAX_PER_MESSAGE,
    discard_attachment,
    own_drafts,
    store_upload,
    too_many_files,
)
from chats.models import Attachment
from chats.views.answers import PageRequest, SeeOther, page

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""Raster types, told by their first bytes. Anything else is only ever downloaded."""
PREVIEW = "chats/composer_file.html#preview"


def posted_attachments(request: PageRequest) -> list[Attachment]:
    """What a composer sends along: uploads made before, and files of a page without script.

    Raises ValidationError for a file that cannot be taken; then none of this request is kept.
    """
    drafts = own_drafts(user=request.user, ids=request.POST.getlist("attachment"))
    given = request.FILES.getlist("file")
    if len(drafts) + len(given) > MAX_PER_MESSAGE:
        raise too_many_files()
    stored: list[Attachment] = []
    try:
        for upload in given:
            stored.append(store_upload(user=request.user, upload=upload))  # noqa: PERF401  undone below
    except ValidationError:
        for attachment in stored:
            discard_attachment(attachment=attachment)
        raise
    return drafts + stored


@page("POST")
def upload(request: PageRequest) -> HttpResponse:
    """Keep one file; answers with its preview for the composer. It is read afterwards."""
    file = request.FILES.get("file")
    if file is None:
        return HttpResponse(status=400)
    try:
        attachment = store_upload(user=request.user, upload=file)
    except ValidationError as error:
        context = {"errors": error.messages}
        return render(request, "chats/composer.html#errors", context, status=422)
    return render(request, PREVIEW, {"attachment": attachment})


@page("GET", "HEAD")
def attachment_state(request: PageRequest, attachment_id: UUID) -> HttpResponse:
    """The preview anew: how far its reading is."""
    found = attachment_or_404(request.user, attachment_id, Right.READ)
    return render(request, PREVIEW, {"attachment": found})


@page("GET", "HEAD")
def attachment_text(request: PageRequest, attachment_id: UUID) -> HttpResponse:
    """A page with what was read, which is what models get. One query more than the gate's."""
    found = attachment_or_404(request.user, attachment_id, Right.READ)
    return render(request, "chats/file.html", {"attachment": found, "text": found.text})


@page("GET", "HEAD")
def attachment(request: PageRequest, attachment_id: UUID) -> HttpResponseBase:
    """The file itself. Whatever its bytes hold, it cannot act as a page of this site."""
    found = attachment_or_404(request.user, attachment_id, Right.READ)
    inline = found.media_type in SHOWN_INLINE
    return served(found.file, found.media_type if inline else "", found.name)


@page("GET", "HEAD")
def thumbnail(request: PageRequest, attachment_id: UUID) -> HttpResponseBase:
    """An image small enough for a page: the image itself until there is such a one."""
    found = attachment_or_404(request.user, attachment_id, Right.READ)
    if found.thumbnail:
        return served(found.thumbnail, "image/webp", found.name)
    if found.media_type not in SHOWN_INLINE:
        raise Http404
    return served(found.file, found.media_type, found.name, cache="private, no-store")


def served(
    file: FieldFile, media_type: str, name: str, *, cache: str = "private, max-age=3600"
) -> FileResponse:
    """A stored file, through us whatever the storage. Without a type it is only downloaded."""
    try:
        opened = file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    return FileResponse(
        opened,
        as_attachment=not media_type,
        filename=name,
        content_type=media_type or "application/octet-stream",
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": cache,
        },
    )


@page("POST")
def discard(request: PageRequest, attachment_id: UUID) -> HttpResponse:
    """Take a file out of the composer again."""
    discard_attachment(attachment=attachment_or_404(request.user, attachment_id))
    return HttpResponse() if request.htmx else SeeOther("/")
