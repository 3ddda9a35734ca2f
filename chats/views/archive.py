"""Pinning chats, and the archive: putting chats into it, bringing them back, looking at it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from chats.access import conversation_or_404
from chats.conversations import archive_conversation, set_pinned, unarchive_conversation
from chats.listing import list_archived
from chats.views.answers import (
    ARCHIVE_CHANGED,
    PageRequest,
    SeeOther,
    is_open,
    list_beside,
    list_context,
    page,
    to_conversation,
    with_toasts,
)


@page("GET", "HEAD")
def archive(request: PageRequest) -> HttpResponse:
    """The archived chats; for htmx a further page of them, or the first one anew."""
    context = {"archive": list_archived(user=request.user, before=request.GET.get("before", ""))}
    part = "#items" if request.htmx else ""
    return render(request, f"chats/archive.html{part}", context)


@page("POST")
def pin(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """To the top of the sidebar."""
    return _pin(request, conversation_id, is_pinned=True)


@page("POST")
def unpin(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """Back among the others."""
    return _pin(request, conversation_id, is_pinned=False)


@page("POST")
def put_away(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """Archive, with a way back."""
    conversation = conversation_or_404(request.user, conversation_id)
    archive_conversation(conversation=conversation)
    messages.success(
        request,
        _("“%(title)s” was archived.") % {"title": conversation},
        extra_tags=f"unarchive:{conversation.id}",
    )
    if not request.htmx:
        return SeeOther("/")
    if is_open(request, conversation):
        return HttpResponse(headers={"HX-Redirect": "/"})
    answer = with_toasts(request)
    answer["HX-Trigger-After-Swap"] = ARCHIVE_CHANGED
    return answer


@page("POST")
def bring_back(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """Out of the archive, and out of the place on the page that asked."""
    conversation = conversation_or_404(request.user, conversation_id)
    unarchive_conversation(conversation=conversation)
    if not request.htmx:
        return to_conversation(conversation.id)
    # The archive's own row only goes: the others keep their places, and the focus.
    is_row = request.htmx.target == f"archived-{conversation.id}"
    answer = list_beside(request, with_archive=not is_row)
    context = {"conversation": conversation, "is_open": is_open(request, conversation)}
    answer.write(render(request, "chats/archive.html#brought-back", context).content)
    return answer


def _pin(request: PageRequest, conversation_id: UUID, *, is_pinned: bool) -> HttpResponse:
    conversation = conversation_or_404(request.user, conversation_id)
    set_pinned(conversation=conversation, is_pinned=is_pinned)
    if not request.htmx:
        return to_conversation(conversation.id)
    context = {**list_context(request), "conversation": conversation}
    return render(request, "chats/sidebar.html#pinned", context)
