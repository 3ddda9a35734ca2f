"""The models to choose from: a page, or the part of it that the picker shows."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page

from chats.access import conversation_or_404, message_or_404
from chats.conversations import preferred_model
from chats.picker import chosen_model, load_picker
from chats.views.answers import PageRequest, page, parsed_id

MOST_WORDS = 200
"""Characters of a search."""


@gzip_page
@page("GET", "HEAD")
def models(request: PageRequest) -> HttpResponse:
    """For `?conversation=`, else for a new chat with `?model=`; `?q=` narrows the list.

    With `?message=` to answer anew once, whatever the chat's model is; with `?several=` to tick
    those that the next message is sent to side by side.

    Compressed: a list of 500 models is large and alike. It holds nothing secret beside the words
    that were asked for, and a form's token is masked anew each time.
    """
    conversation_id = parsed_id(request.GET.get("conversation"))
    conversation = conversation_or_404(request.user, conversation_id) if conversation_id else None
    words = request.GET.get("q", "")[:MOST_WORDS]
    message_id = parsed_id(request.GET.get("message"))
    message = message_or_404(request.user, message_id) if message_id else None
    if message:
        conversation, current = message.conversation, message.model_name
    elif conversation:
        current = conversation.model_name
    else:
        current = request.GET.get("model", "")[:MOST_WORDS] or preferred_model(request.user)
    context: dict[str, Any] = {
        "picker": load_picker(user=request.user, current=current, words=words),
        "conversation": conversation,
        "message": message,
        "current": current,
        "words": words,
        "several": "several" in request.GET and message is None,
    }
    if request.htmx:
        return render(request, "chats/models.html#options", context)
    context["chosen"] = chosen_model(current, user=request.user)
    return render(request, "chats/models.html", context)
