"""Naming, deleting and setting up conversations."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from chats import unread
from chats.access import Right, conversation_or_404, deleted_conversation_or_404
from chats.conversations import (
    choose_model,
    delete_conversation,
    rename_conversation,
    restore_conversation,
    update_settings,
)
from chats.forms import SettingsForm
from chats.models import Conversation
from chats.views.answers import (
    PageRequest,
    SeeOther,
    is_open,
    list_beside,
    page,
    refuse,
    to_conversation,
    topbar_context,
    with_toasts,
)


@page("GET", "HEAD")
def menu(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """The menu of a row of the sidebar, or the same as a page."""
    context = {"conversation": conversation_or_404(request.user, conversation_id)}
    template = "chats/menu.html#menu" if request.htmx else "chats/menu.html"
    return render(request, template, context)


@page("GET", "HEAD", "POST")
def rename(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """GET: the form, in the sidebar or as a page. POST: the new title."""
    conversation = conversation_or_404(request.user, conversation_id)
    context = {"conversation": conversation, "title": conversation.title}
    template = "chats/sidebar.html#rename" if request.htmx else "chats/rename.html"
    if request.method != "POST":
        return render(request, template, context)
    try:
        rename_conversation(conversation=conversation, title=request.POST.get("title", ""))
    except ValidationError as error:
        context |= {"title": request.POST.get("title", ""), "errors": error.messages}
        return render(request, template, context, status=422)
    if not request.htmx:
        return to_conversation(conversation.id)
    context |= {"current_id": conversation.id if is_open(request, conversation) else None}
    return render(request, "chats/sidebar.html#renamed", context)


@page("POST")
def delete(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """Delete, with a way back."""
    conversation = conversation_or_404(request.user, conversation_id)
    delete_conversation(conversation=conversation)
    messages.success(
        request,
        _("“%(title)s” was deleted.") % {"title": conversation},
        extra_tags="" if conversation.is_temporary else f"undo:{conversation.id}",
    )
    if not request.htmx:
        return SeeOther("/")
    if is_open(request, conversation):
        return HttpResponse(headers={"HX-Redirect": "/"})
    return with_toasts(request)


@page("POST")
def restore(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """Bring a deleted conversation back."""
    conversation = deleted_conversation_or_404(request.user, conversation_id)
    restore_conversation(conversation=conversation)
    if not request.htmx:
        return to_conversation(conversation.id)
    return list_beside(request, with_archive=True)


@page("POST")
def seen(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """A page without a socket is looked at: a reply's end that it shows was not missed."""
    conversation = conversation_or_404(request.user, conversation_id, Right.READ)
    unread.looked_at(conversation=conversation, user=request.user)
    return HttpResponse(status=204) if request.htmx else to_conversation(conversation.id)


@page("GET", "HEAD", "POST")
def change_settings(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """System prompt, parameters and options of the next replies. GET: the form as a page."""
    conversation = conversation_or_404(request.user, conversation_id)
    data = request.POST if request.method == "POST" else None
    form = SettingsForm.of(conversation, user=request.user, data=data)
    if data is None:
        return _settings_page(request, conversation, form)
    if form.is_valid():
        try:
            update_settings(
                conversation=conversation, model=conversation.model_name, **form.cleaned_data
            )
        except ValidationError as error:
            for field, sentences in getattr(error, "error_dict", {None: [error]}).items():
                form.add_error(field, sentences)
    if form.errors:
        return _settings_refused(request, conversation, form)
    if not request.htmx:
        return to_conversation(conversation.id)
    messages.success(request, _("Saved. It applies from the next reply on."))
    return with_toasts(request, _topbar(request, conversation))


@page("POST")
def change_model(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """The model of the next replies."""
    conversation = conversation_or_404(request.user, conversation_id)
    try:
        choose_model(conversation=conversation, model=request.POST.get("model", ""))
    except ValidationError as error:
        return refuse(request, error, back=to_conversation(conversation.id))
    if not request.htmx:
        return to_conversation(conversation.id)
    return with_toasts(request, _topbar(request, conversation))


def _topbar(request: PageRequest, conversation: Conversation) -> str:
    context = topbar_context(request, conversation)
    return render(request, "chats/topbar.html", context).content.decode()


def _settings_refused(
    request: PageRequest, conversation: Conversation, form: SettingsForm
) -> HttpResponse:
    if not request.htmx:
        return _settings_page(request, conversation, form, status=422)
    context = {"conversation": conversation, "settings_form": form}
    answer = render(request, "chats/settings_form.html#settings-form", context, status=422)
    answer["HX-Retarget"], answer["HX-Reswap"] = "#settings-form", "outerHTML"
    return answer


def _settings_page(
    request: PageRequest, conversation: Conversation, form: SettingsForm, *, status: int = 200
) -> HttpResponse:
    context = {"conversation": conversation, "settings_form": form}
    return render(request, "chats/settings.html", context, status=status)
