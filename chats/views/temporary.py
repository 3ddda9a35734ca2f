"""Temporary chats: staying with one, keeping it, ending it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from chats.access import conversation_or_404
from chats.models import Conversation
from chats.temporary import end_conversation, keep_conversation, keep_open
from chats.views.answers import PageRequest, SeeOther, page, to_conversation


@page("POST")
def stay(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """An open page says that it is still there."""
    keep_open(conversation=_temporary_or_404(request, conversation_id))
    return HttpResponse(status=204)


@page("POST")
def keep(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """Make an ordinary chat of it. Its page comes anew, as that."""
    keep_conversation(conversation=_temporary_or_404(request, conversation_id))
    return to_conversation(conversation_id)


@page("POST")
def end(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """Delete it for good: the button, or a page that came in the place of the chat's."""
    end_conversation(conversation=_temporary_or_404(request, conversation_id))
    if request.htmx:
        return HttpResponse(status=204)
    messages.success(request, _("The temporary chat was deleted, with its files."))
    return SeeOther("/")


def _temporary_or_404(request: PageRequest, conversation_id: UUID) -> Conversation:
    conversation = conversation_or_404(request.user, conversation_id)
    if not conversation.is_temporary:
        raise Http404
    return conversation
