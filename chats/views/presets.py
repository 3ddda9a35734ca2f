"""Presets: their pages, and setting chats up with them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from chats.access import conversation_or_404, own_preset_or_404, preset_or_404
from chats.conversations import ChatSettings, preferred_model
from chats.library import delete_entry
from chats.library_forms import PresetForm
from chats.models import Preset
from chats.picker import chosen_model
from chats.presets import (
    apply_preset,
    check_usable,
    create_preset,
    preset_settings,
    settings_of,
    undo_preset,
    update_preset,
)
from chats.views.answers import (
    PageRequest,
    SeeOther,
    page,
    parsed_id,
    refuse,
    to_conversation,
    topbar_context,
)
from chats.views.library import show_copy, show_list, to_list

URLS = {
    "list": "chats:presets",
    "add": "chats:new_preset",
    "show": "chats:preset",
    "use": "chats:use_preset",
    "copy": "chats:copy_preset",
    "delete": "chats:delete_preset",
}
_EMPTY: ChatSettings = {
    "system_prompt": "",
    "temperature": None,
    "top_p": None,
    "max_tokens": None,
    "options": {},
}


@page("GET", "HEAD")
def presets(request: PageRequest) -> HttpResponse:
    """Those that can be used, `?q=` narrows them; for htmx the best ones, for the composer."""
    return show_list(request, Preset, {"kind": "presets", "urls": URLS})


@page("GET", "HEAD", "POST")
def new_preset(request: PageRequest) -> HttpResponse:
    """GET: a form, with the settings of the chat `?conversation=`. POST: keep a preset."""
    conversation_id = parsed_id(request.GET.get("conversation"))
    model, settings = preferred_model(request.user), _EMPTY
    if conversation_id:
        conversation = conversation_or_404(request.user, conversation_id)
        model, settings = conversation.model_name or model, settings_of(conversation)
    form = _form(request, model=model, settings=settings)
    if form.is_bound and form.is_valid():
        try:
            made = create_preset(user=request.user, **_entered(form))
        except ValidationError as error:
            form.refuse(error)
        else:
            return to_list(request, URLS, _("“%(name)s” was saved."), made)
    return _page(request, form)


@page("GET", "HEAD", "POST")
def preset(request: PageRequest, preset_id: UUID) -> HttpResponse:
    """GET: the form, or the settings of somebody else's. POST: change one's own."""
    if request.method == "POST":
        found = own_preset_or_404(request.user, preset_id)
    else:
        found = preset_or_404(request.user, preset_id)
    if found.owner_id != request.user.id:
        return _page(request, None, entry=found)
    stored, title = preset_settings(found, model=found.model, user=request.user), found.name
    form = _form(request, model=found.model, settings=stored, name=title, is_shared=found.is_shared)
    if form.is_bound and form.is_valid():
        try:
            update_preset(preset=found, **_entered(form))
        except ValidationError as error:
            form.refuse(error)
        else:
            return to_list(request, URLS, _("“%(name)s” was saved."), found)
    return _page(request, form, entry=found, title=title)


@page("POST")
def delete_preset(request: PageRequest, preset_id: UUID) -> HttpResponse:
    """For good. Chats that were set up with it stay as they are."""
    found = own_preset_or_404(request.user, preset_id)
    delete_entry(entry=found)
    return to_list(request, URLS, _("“%(name)s” was deleted."), found)


@page("POST")
def copy_preset(request: PageRequest, preset_id: UUID) -> HttpResponse:
    """An own one of the same settings, to change."""
    return show_copy(request, URLS, preset_or_404(request.user, preset_id))


@page("GET", "HEAD")
def use_preset(request: PageRequest, preset_id: UUID) -> HttpResponse:
    """To a new chat that is set up with it; for htmx only what its composer shows of that."""
    found = preset_or_404(request.user, preset_id)
    if not request.htmx:
        return SeeOther(f"{reverse('chats:new')}?preset={found.id}")
    try:
        check_usable(found, user=request.user)
    except ValidationError as error:
        return refuse(request, error, back=SeeOther(reverse("chats:new")))
    context = {"preset": found, "chosen": chosen_model(found.model, user=request.user)}
    return render(request, "chats/composer_library.html#preset", context)


@page("POST")
def apply(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """Set a chat up with the preset that the form names, with a way back."""
    conversation = conversation_or_404(request.user, conversation_id)
    found = preset_or_404(request.user, parsed_id(request.POST.get("preset")) or UUID(int=0))
    said = _("“%(name)s” is set: it applies from the next reply on.") % {"name": found.name}
    try:
        before = apply_preset(conversation=conversation, preset=found)
    except ValidationError as error:
        return refuse(request, error, back=to_conversation(conversation.id))
    if not request.htmx:
        messages.success(request, said)
        return to_conversation(conversation.id)
    context = topbar_context(request, conversation) | {"before": before, "said": said}
    return render(request, "chats/preset_applied.html", context)


@page("POST")
def undo(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """Bring back a chat's settings from before a preset."""
    conversation = conversation_or_404(request.user, conversation_id)
    try:
        undo_preset(conversation=conversation, before=request.POST.get("before", ""))
    except ValidationError as error:
        return refuse(request, error, back=to_conversation(conversation.id))
    if not request.htmx:
        return to_conversation(conversation.id)
    context = topbar_context(request, conversation) | {"beside": True}
    return render(request, "chats/topbar.html", context)


def _form(request: PageRequest, *, model: str, settings: ChatSettings, **more: Any) -> PresetForm:
    data = request.POST if request.method == "POST" else None
    initial = {"model": model, **settings, **more}
    return PresetForm(data, user=request.user, initial=initial)


def _entered(form: PresetForm) -> dict[str, Any]:
    names = ("name", "model", "is_shared")
    return {name: form.cleaned_data[name] for name in names} | {"settings": form.settings()}


def _page(request: PageRequest, form: PresetForm | None, **more: Any) -> HttpResponse:
    context = {"form": form, "kind": "presets", "urls": URLS, **more}
    status = 422 if form and form.errors else 200
    return render(request, "chats/preset.html", context, status=status)
