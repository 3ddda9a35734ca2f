"""Whole pages, and the parts of them that load on scroll."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from chats import unread
from chats.access import Right, conversation_or_404
from chats.conversations import preferred_model, start_conversation
from chats.messages import post_message
from chats.models import Conversation
from chats.picker import chosen_model
from chats.presets import preset_settings
from chats.temporary import keep_open
from chats.thread import PAGE_SIZE, Thread, load_thread, load_thread_around, load_turn, locate
from chats.views.answers import (
    PageRequest,
    SeeOther,
    conversation_context,
    list_context,
    page,
    parsed_id,
    to_conversation,
)
from chats.views.chosen_folder import posted_folder, shown_folder, with_opened
from chats.views.chosen_preset import posted_preset, shown_preset
from chats.views.comparing import compared_context, posted_models
from chats.views.uploads import posted_attachments
from providers.connections import DEMO, sources_for

MOST_SHOWN = 300
"""Messages at the most in a thread that is fetched anew."""


@page("GET", "HEAD")
def new_chat(request: PageRequest) -> HttpResponse:
    """An empty conversation; `?model=provider/model` chooses its model, `?compare=` several.

    `?preset=` names a preset to set it up with, `?folder=` the folder it goes into; `?temporary=1`
    makes it a temporary one.
    """
    return show_new_chat(request, model=request.GET.get("model", ""))


@page("POST")
def start(request: PageRequest) -> HttpResponse:
    """The first message."""
    content, model = request.POST.get("content", ""), request.POST.get("model", "")
    try:
        preset, models = posted_preset(request), posted_models(request)
        folder = posted_folder(request)
        model = model or (preset.model if preset else "")
        settings = None
        if preset:
            settings = preset_settings(preset, model=[*models, model][0], user=request.user)
        posted = start_conversation(
            user=request.user,
            content=content,
            model=model,
            models=models,
            settings=settings,
            attachments=posted_attachments(request),
            folder=folder,
            is_temporary=bool(request.POST.get("temporary")),
            key=parsed_id(request.POST.get("key")),
        )
    except ValidationError as error:
        if request.htmx:
            return _composer_error(request, error)
        return show_new_chat(request, model=model, content=content, error=error)
    conversation = posted.question.conversation
    if not request.htmx:
        return with_opened(request, to_conversation(conversation.id), folder)
    context = conversation_context(request, conversation, current_id=conversation.id)
    answer = render(request, "chats/conversation.html#started", context)
    answer["HX-Push-Url"] = reverse("chats:conversation", args=[conversation.id])
    answer["HX-Retarget"], answer["HX-Reswap"] = "#main", "innerHTML"
    # The list follows a moment later: the reply comes first.
    answer["HX-Trigger-After-Swap"] = "parley:latest, parley:started"
    return with_opened(request, answer, folder)


@page("GET", "HEAD")
def conversation(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """A conversation's newest part; `?compare=` names models to ask side by side.

    `?message=` leads to a message of it, in whatever version, which changes nothing for others.
    """
    found = conversation_or_404(request.user, conversation_id, Right.READ)
    keep_open(conversation=found)
    if request.htmx.target == "thread":
        # As many as the page shows already, or a reader of earlier ones would lose the place.
        shown = request.GET.get("show", "")[:4]
        limit = min(max(int(shown), PAGE_SIZE), MOST_SHOWN) if shown.isdecimal() else PAGE_SIZE
        context = {"conversation": found, "thread": load_thread(found, limit=limit)}
        return render(request, "chats/conversation.html#thread-answer", context)
    refreshed = request.GET.get("refresh", "")
    wanted = parsed_id(request.GET.get("message"))
    place = locate(found, wanted) if wanted else None
    if wanted and place and place.below >= MOST_SHOWN:
        earlier = reverse("chats:messages", args=[found.id])
        return SeeOther(f"{earlier}?before={place.later_id}#message-{wanted}")
    whole = conversation_context(
        request,
        found,
        thread=load_thread_around(found, wanted, place) if wanted and place else None,
        refresh=int(refreshed[:6]) + 1 if refreshed[:6].isdecimal() else 1,
        **compared_context(request, request.GET.getlist("compare"), conversation=found),
    )
    if request.method == "GET":
        turns = whole["thread"].turns
        last = turns[-1].message if turns else None
        unread.opened(conversation=found, last=last, user=request.user)
    return render(request, "chats/conversation.html", whole)


@page("GET", "HEAD", "POST")
def messages(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """GET: the part before the message `before`. POST: the next message."""
    right = Right.WRITE if request.method == "POST" else Right.READ
    found = conversation_or_404(request.user, conversation_id, right)
    if request.method == "POST":
        return _post(request, found)
    before = parsed_id(request.GET.get("before"))
    context = {"conversation": found, "thread": load_thread(found, before=before)}
    part = "#turns" if request.htmx else ""
    return render(request, f"chats/earlier.html{part}", context)


@page("GET", "HEAD")
def sidebar(request: PageRequest) -> HttpResponse:
    """A further page of the list of conversations, or the first one anew."""
    before = parsed_id(request.GET.get("before"))
    context = list_context(request, before=before)
    template = "chats/sidebar.html#items" if request.htmx else "chats/list.html"
    answer = render(request, template, context)
    if request.htmx and before is None:
        answer.write(render(request, "chats/sidebar_shared.html#beside", context).content)
    return answer


def _post(request: PageRequest, found: Conversation) -> HttpResponse:
    content = request.POST.get("content", "")
    try:
        posted = post_message(
            conversation=found,
            content=content,
            models=posted_models(request, conversation=found),
            attachments=posted_attachments(request),
            parent_id=parsed_id(request.POST.get("parent")),
            key=parsed_id(request.POST.get("key")),
            author=request.user,
        )
    except ValidationError as error:
        if request.htmx:
            return _composer_error(request, error)
        names = request.POST.getlist("compare")
        composer = compared_context(request, names, conversation=found)
        composer |= {"content": content, "errors": error.messages}
        context = conversation_context(request, found, **composer)
        return render(request, "chats/conversation.html", context, status=422)
    if not request.htmx:
        return to_conversation(found.id, message_id=posted.reply.id)
    turns = [load_turn(posted.question), load_turn(posted.reply)]
    context = {"conversation": posted.reply.conversation, "thread": Thread(turns, None)}
    return render(request, "chats/conversation.html#posted", context)


def show_new_chat(
    request: PageRequest,
    *,
    model: str = "",
    content: str = "",
    error: ValidationError | None = None,
) -> HttpResponse:
    """The page of a new chat with a text in its composer, and why that was not sent."""
    preset, errors = shown_preset(request)
    folder = shown_folder(request)
    model = model or (preset.model if preset else "")
    preferred = model or preferred_model(request.user, folder=folder)
    chosen = chosen_model(preferred, user=request.user)
    context = {
        "chosen": chosen,
        "demo_only": chosen.slug == DEMO and len(sources_for(request.user)) == 1,
        "content": content,
        "is_temporary": bool((request.POST or request.GET).get("temporary")),
        "preset": preset,
        "folder": folder,
        "errors": errors,
        **compared_context(request, (request.POST or request.GET).getlist("compare")),
    }
    if error:
        context["errors"] = error.messages
    status = 422 if error else 200
    return render(request, "chats/conversation.html", context, status=status)


def _composer_error(request: PageRequest, error: ValidationError) -> HttpResponse:
    """Only the sentence goes back: the text is still in the composer."""
    context = {"errors": error.messages}
    answer = render(request, "chats/composer.html#errors", context, status=422)
    answer["HX-Retarget"], answer["HX-Reswap"] = "#composer-errors", "outerHTML"
    return answer
