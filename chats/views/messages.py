"""One message: its parts, and what can be done with it."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render

from chats.access import Right, changeable_message_or_404, message_or_404
from chats.comparing import checked_model_in
from chats.messages import (
    continue_reply,
    edit_message,
    regenerate_reply,
    retry_reply,
    stop_reply,
    switch_branch,
)
from chats.models import Message
from chats.thread import load_turn
from chats.views.answers import (
    PageRequest,
    page,
    parsed_id,
    refuse,
    show_thread,
    to_conversation,
)


@page("GET", "HEAD")
def message(request: PageRequest, message_id: UUID) -> HttpResponse:
    """The message as it is now; what a page without a socket asks for every second."""
    found = message_or_404(request.user, message_id, Right.READ)
    if not request.htmx:
        return to_conversation(found.conversation_id, message_id=found.id)
    return render(request, "chats/message.html#message-answer", _context(found))


@page("GET", "HEAD")
def footer(request: PageRequest, message_id: UUID) -> HttpResponse:
    """What stands under a message, after its reply has ended."""
    found = message_or_404(request.user, message_id, Right.READ)
    if not request.htmx:
        return to_conversation(found.conversation_id, message_id=found.id)
    return render(request, "chats/message.html#footer-answer", _context(found))


@page("GET", "HEAD")
def raw(request: PageRequest, message_id: UUID) -> HttpResponse:
    """The text as it was written, to copy."""
    found = message_or_404(request.user, message_id, Right.READ)
    return HttpResponse(found.content, content_type="text/plain; charset=utf-8")


@page("POST")
def stop(request: PageRequest, message_id: UUID) -> HttpResponse:
    """Stop a reply; the page learns of its end by the socket or by polling."""
    found = message_or_404(request.user, message_id, Right.WRITE)
    stop_reply(message=found)
    if request.htmx:
        return HttpResponse(status=204)
    return to_conversation(found.conversation_id, message_id=found.id)


@page("POST")
def retry(request: PageRequest, message_id: UUID) -> HttpResponse:
    """Try a reply again that ended badly."""
    found = message_or_404(request.user, message_id, Right.WRITE)
    try:
        reply = retry_reply(message=found, author=request.user)
    except ValidationError as error:
        return _refused(request, error, found)
    return show_thread(request, reply.conversation, message_id=reply.id)


@page("POST")
def regenerate(request: PageRequest, message_id: UUID) -> HttpResponse:
    """Answer once more, beside the first answer; by `model` instead of the chat's, once."""
    found = message_or_404(request.user, message_id, Right.WRITE)
    model = request.POST.get("model", "")
    try:
        reply = regenerate_reply(
            message=found,
            model=checked_model_in(found.conversation, model, user=request.user) if model else "",
            key=parsed_id(request.POST.get("key")),
            author=request.user,
        )
    except ValidationError as error:
        return _refused(request, error, found)
    return show_thread(request, reply.conversation, message_id=reply.id)


@page("POST")
def resume(request: PageRequest, message_id: UUID) -> HttpResponse:
    """Go on writing where a reply ended."""
    found = message_or_404(request.user, message_id, Right.WRITE)
    try:
        reply = continue_reply(message=found, author=request.user)
    except ValidationError as error:
        return _refused(request, error, found)
    return show_thread(request, reply.conversation, message_id=reply.id)


@page("GET", "HEAD", "POST")
def edit(request: PageRequest, message_id: UUID) -> HttpResponse:
    """GET: the form, in the message's place or as a page. POST: ask again in other words."""
    found = changeable_message_or_404(request.user, message_id)
    context = {"message": found, "conversation": found.conversation, "content": found.content}
    template = "chats/edit.html#edit" if request.htmx else "chats/edit.html"
    if request.method != "POST":
        return render(request, template, context)
    content = request.POST.get("content", "")
    try:
        key = parsed_id(request.POST.get("key"))
        posted = edit_message(message=found, content=content, key=key, author=request.user)
    except ValidationError as error:
        context |= {"content": content, "errors": error.messages}
        answer = render(request, template, context, status=422)
        answer["HX-Retarget"], answer["HX-Reswap"] = f"#message-{found.id}", "outerHTML"
        return answer
    return show_thread(request, posted.reply.conversation, message_id=posted.reply.id)


@page("POST")
def switch(request: PageRequest, message_id: UUID) -> HttpResponse:
    """Show another branch."""
    found = message_or_404(request.user, message_id, Right.WRITE)
    switch_branch(message=found)
    return show_thread(request, found.conversation, message_id=found.id, keep=True)


def _context(found: Message) -> dict[str, object]:
    return {"turn": load_turn(found), "conversation": found.conversation}


def _refused(request: PageRequest, error: ValidationError, found: Message) -> HttpResponse:
    back = to_conversation(found.conversation_id, message_id=found.id)
    return refuse(request, error, back=back)
