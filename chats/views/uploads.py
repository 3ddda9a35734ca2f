"""Images that people attach."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from chats.access import attachment_or_404
from chats.attachments import (
    MAX_PER_MESSAGE,
    discard_attachment,
    own_drafts,
    store_upload,
)
from chats.models import Attachment
from chats.views.answers import PageRequest, SeeOther, page

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""Raster types, whose bytes were checked on upload. Anything else is only ever downloaded."""


def posted_attachments(request: PageRequest) -> list[Attachment]:
    """What a composer sends along: uploads made before, and files of a page without script.

    Raises ValidationError for a file that cannot be taken; then none of this request is kept.
    """
    drafts = own_drafts(user=request.user, ids=request.POST.getlist("attachment"))
    stored: list[Attachment] = []
    try:
        for upload in request.FILES.getlist("image")[: MAX_PER_MESSAGE - len(drafts)]:
            stored.append(store_upload(user=request.user, upload=upload))  # noqa: PERF401  undone below
    except ValidationError:
        for attachment in stored:
            discard_attachment(attachment=attachment)
        raise
    return drafts + stored


@page("POST")
def upload(request: PageRequest) -> HttpResponse:
    """Keep one image; answers with its preview for the composer."""
    file = request.FILES.get("image")
    if file is None:
        return HttpResponse(status=400)
    try:
        attachment = store_upload(user=request.user, upload=file)
    except ValidationError as error:
        context = {"errors": error.messages}
        return render(request, "chats/composer.html#errors", context, status=422)
    return render(request, "chats/composer.html#preview", {"attachment": attachment})


@page("GET", "HEAD")
def attachment(request: PageRequest, attachment_id: UUID) -> HttpResponseBase:
    """The file itself. Whatever its bytes hold, it cannot act as a page of this site."""
    found = attachment_or_404(request.user, attachment_id)
    inline = found.media_type in SHOWN_INLINE
    return FileResponse(
        found.file.open("rb"),
        as_attachment=not inline,
        filename=found.name,
        content_type=found.media_type if inline else "application/octet-stream",
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, max-age=3600",
        },
    )


@page("POST")
def discard(request: PageRequest, attachment_id: UUID) -> HttpResponse:
    """Take an image out of the composer again."""
    discard_attachment(attachment=attachment_or_404(request.user, attachment_id))
    return HttpResponse() if request.htmx else SeeOther("/")
