"""Thumbs up and down, with a note."""

from contextlib import suppress
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render

from chats.access import message_or_404
from chats.ratings import rate_reply
from chats.thread import load_turn
from chats.views.answers import PageRequest, page, refuse, to_conversation

_OTHER = 99
"""What is no number is no rating either."""


@page("POST")
def rate(request: PageRequest, message_id: UUID) -> HttpResponse:
    """Set or, with an empty `rating`, take away what one thinks of a reply."""
    found = message_or_404(request.user, message_id)
    back = to_conversation(found.conversation_id, message_id=found.id)
    note = request.POST.get("note")
    try:
        rate_reply(message=found, rating=_rating(request.POST.get("rating", "")), note=note)
    except ValidationError as error:
        return refuse(request, error, back=back)
    if not request.htmx:
        return back
    context = {
        "turn": load_turn(found),
        "conversation": found.conversation,
        # A note that was just written is folded away; a fresh rating asks for one.
        "asks_note": note is None and found.rating is not None,
        "has_saved": note is not None,
    }
    return render(request, "chats/message.html#footer", context)


def _rating(text: str) -> int | None:
    with suppress(ValueError):
        return int(text) if text else None
    return _OTHER
