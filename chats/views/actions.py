"""What is done with a message now and then: its menu, deleting from it, branching off."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext

from chats.access import Right, changeable_message_or_404, message_or_404
from chats.branches import branch_off, delete_from, is_all_of_it
from chats.models import Message
from chats.views.answers import (
    PageRequest,
    SeeOther,
    page,
    refuse,
    show_thread,
    to_conversation,
    with_toasts,
)
from chats.views.conversations import delete as delete_chat


@page("GET", "HEAD")
def more(request: PageRequest, message_id: UUID) -> HttpResponse:
    """The menu of a message, or the same as a page."""
    found = message_or_404(request.user, message_id, Right.READ)
    context = {
        "message": found,
        "conversation": found.conversation,
        "is_all": is_all_of_it(found),
        "below": len(Message.objects.ids_below(found.id)) - 1,
    }
    template = "chats/more.html#menu" if request.htmx else "chats/more.html"
    return render(request, template, context)


@page("POST")
def delete(request: PageRequest, message_id: UUID) -> HttpResponseBase:
    """Delete the message and what hangs on it; an empty chat goes as a whole, with a way back."""
    found = changeable_message_or_404(request.user, message_id)
    if is_all_of_it(found):
        return delete_chat(request, conversation_id=found.conversation_id)
    conversation, count = found.conversation, len(Message.objects.ids_below(found.id))
    try:
        delete_from(message=found, user=request.user)
    except ValidationError as error:
        back = to_conversation(found.conversation_id, message_id=found.id)
        return refuse(request, error, back=back)
    messages.success(
        request,
        ngettext("%(count)d message was deleted.", "%(count)d messages were deleted.", count)
        % {"count": count},
    )
    conversation.refresh_from_db()
    leaf_id = conversation.current_leaf_id or found.id
    answer = show_thread(request, conversation, message_id=leaf_id)
    if request.htmx:
        answer.content += with_toasts(request).content
    return answer


@page("POST")
def branch(request: PageRequest, message_id: UUID) -> HttpResponse:
    """Go on from a message in a new chat."""
    made = branch_off(
        message=message_or_404(request.user, message_id, Right.READ), user=request.user
    )
    address = reverse("chats:conversation", args=[made.id])
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": address})
    return SeeOther(f"{address}#message-{made.current_leaf_id}")
