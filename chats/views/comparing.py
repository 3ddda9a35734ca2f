"""Replies side by side: which models are asked, which reply is gone on with."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.template.loader import render_to_string

from chats.access import Right, message_or_404, right_of
from chats.comparing import checked_models, choose_reply, stop_replies
from chats.models import Conversation
from chats.picker import chosen_model
from chats.views.answers import (
    PageRequest,
    page,
    refuse,
    show_thread,
    to_conversation,
    topbar_context,
)


def posted_models(request: PageRequest, *, conversation: Conversation | None = None) -> list[str]:
    """The models that a composer names to be compared; none for one message to one model.

    Of those that may be asked in an existing `conversation`. Raises ValidationError for those that
    cannot be.
    """
    names = request.POST.getlist("compare")
    return checked_models(names, user=request.user, conversation=conversation)


def compared_context(
    request: PageRequest, names: Sequence[str], *, conversation: Conversation | None = None
) -> dict[str, Any]:
    """For a composer that compares what `names` says, or says why it cannot.

    Nothing for those who may only read the `conversation`.
    """
    user = conversation.owner if conversation else request.user
    right = right_of(request.user, conversation) if conversation and names else Right.OWN
    if right is None or right < Right.WRITE:
        return {}
    try:
        names = checked_models(names, user=request.user, conversation=conversation)
    except ValidationError as error:
        return {"errors": error.messages}
    return {"compared": [chosen_model(name, user=user) for name in names]}


@page("POST")
def choose(request: PageRequest, message_id: UUID) -> HttpResponse:
    """Go on with one of the replies; the bar at the top names its model then."""
    found = message_or_404(request.user, message_id, Right.WRITE)
    try:
        choose_reply(message=found, by=request.user)
    except ValidationError as error:
        back = to_conversation(found.conversation_id)
        return refuse(request, error, back=back)
    answer = show_thread(request, found.conversation, message_id=found.id)
    if request.htmx:
        context = topbar_context(request, found.conversation) | {"beside": True}
        answer.content += render_to_string("chats/topbar.html", context, request).encode()
    return answer


@page("POST")
def stop_all(request: PageRequest, message_id: UUID) -> HttpResponse:
    """Stop a reply and what is side by side with it; pages learn of each end by themselves."""
    found = message_or_404(request.user, message_id, Right.WRITE)
    stop_replies(message=found)
    if request.htmx:
        return HttpResponse(status=204)
    return to_conversation(found.conversation_id, message_id=found.id)
