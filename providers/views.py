"""The keys page, under /settings/providers/. Its controls are plain forms; htmx saves reloads."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from providers import keys, limits, presets, registry
from providers.access import key_or_404
from providers.answers import PageRequest, is_administrator, page
from providers.contract import Adapter
from providers.forms import AddKeyForm, ChangeKeyForm, ConnectionForm
from providers.key_listing import list_connections
from providers.key_values import trimmed_key
from providers.models import ApiKey


@page("GET", "HEAD", "POST")
@sensitive_post_parameters("key")
@sensitive_variables("form", "values")
def key_list(request: PageRequest) -> HttpResponse:
    """All connections and what can be added; a POST adds one."""
    if request.method != "POST":
        return _key_list(request)
    adapter = keys.addable_kinds().get(request.POST.get("provider", ""))
    if adapter is None:
        messages.error(request, _("This kind of provider is not known."))
        return _key_list(request, status=422)
    form = AddKeyForm(request.POST, adapter=adapter, may_share=is_administrator(request))
    if form.is_valid():
        values = form.values()
        try:
            key = keys.add_key(
                user=None if form.is_for_site else request.user,
                provider=adapter.kind,
                key=form.cleaned_data["key"],
                **values,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            _say_trimmed(request, form)
            _test(request, key, done=_("“%(name)s” was added."))
            return redirect("providers:keys")
    preset = presets.find_preset(request.POST.get("preset", ""))
    about = {"adding": preset.name if preset else adapter.label, "preset": preset}
    return _key_form(request, form, about, status=422)


@page("GET", "HEAD")
def add_key(request: PageRequest, choice: str) -> HttpResponse:
    """The form for a new key: of a kind of provider, or of a well-known server."""
    preset = presets.find_preset(choice)
    adapter = keys.addable_kinds().get(presets.KIND if preset else choice)
    if adapter is None:
        raise Http404
    name = preset.name if preset else str(adapter.label)
    initial = {
        "key_name": keys.free_name(user=request.user, name=name),
        "base_url": preset.base_url if preset else adapter.usual_base_url,
    }
    form = AddKeyForm(adapter=adapter, may_share=is_administrator(request), initial=initial)
    return _key_form(request, form, {"adding": name, "preset": preset})


@page("GET", "HEAD", "POST")
@sensitive_post_parameters("key")
@sensitive_variables("form", "values")
def change_key(request: PageRequest, key_id: UUID) -> HttpResponse:
    """One key's name, address, options and replacement."""
    key = key_or_404(request.user, key_id)
    if not registry.is_known(key.provider):
        raise Http404
    adapter = registry.adapter_class(key.provider)
    form = ChangeKeyForm(request.POST or None, stored=key, adapter=adapter)
    if request.method == "POST" and form.is_valid():
        values = form.values()
        try:
            changed = keys.update_key(key=key, new_key=form.cleaned_data["key"], **values)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            _say_trimmed(request, form)
            if changed.last_checked_at is None and changed.is_active:
                _test(request, changed, done=_("“%(name)s” was changed."))
            else:
                messages.success(request, _("Changes saved."))
            return redirect("providers:keys")
    return _key_form(request, form, {"key": key}, status=422 if form.errors else 200)


@page("POST")
def test_key(request: PageRequest, key_id: UUID) -> HttpResponse:
    """Ask the provider now, and say what it answered."""
    _test(request, key_or_404(request.user, key_id))
    return _done(request)


@page("POST")
def switch_key(request: PageRequest, key_id: UUID, *, is_active: bool) -> HttpResponse:
    """Switch one on or off."""
    key = key_or_404(request.user, key_id)
    keys.set_active(key=key, is_active=is_active)
    said = _("“%(name)s” is switched on.") if is_active else _("“%(name)s” is switched off.")
    messages.success(request, said % {"name": key.key_name})
    return _done(request)


@page("POST")
def make_default(request: PageRequest, key_id: UUID) -> HttpResponse:
    """Let new chats start with this one."""
    key = key_or_404(request.user, key_id)
    try:
        keys.set_default_key(key=key)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        said = _("“%(name)s” is the default now: new chats start with it.")
        messages.success(request, said % {"name": key.key_name})
    return _done(request)


@page("POST")
def delete_key(request: PageRequest, key_id: UUID) -> HttpResponse:
    """Remove one."""
    key = key_or_404(request.user, key_id)
    keys.delete_key(key=key)
    messages.success(request, _("“%(name)s” was removed.") % {"name": key.key_name})
    return redirect("providers:keys")


def _key_list(request: PageRequest, *, status: int = 200) -> HttpResponse:
    context = {
        "providers": list_connections(user=request.user),
        "kinds": [(k, a.label, _needs(a)) for k, a in keys.addable_kinds().items()],
        "hosted": presets.HOSTED,
        "local": presets.LOCAL,
        "settings_page": "providers",
    }
    template = "providers/keys.html#answer" if request.htmx else "providers/keys.html"
    return render(request, template, context, status=status)


def _needs(adapter: type[Adapter]) -> str:
    if adapter.needs_key and adapter.needs_base_url:
        return _("Needs an address and a key")
    return _("Needs a key") if adapter.needs_key else _("Needs an address")


def _key_form(
    request: PageRequest, form: ConnectionForm, about: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    form.place_focus()
    place = about.get("key") or about["preset"]
    about["key_page"] = presets.key_page(form.adapter, place.base_url if place else "")
    context = {"form": form, "settings_page": "providers", **about}
    return render(request, "providers/key.html", context, status=status)


def _done(request: PageRequest) -> HttpResponse:
    return _key_list(request) if request.htmx else redirect("providers:keys")


def _say_trimmed(request: PageRequest, form: ConnectionForm) -> None:
    entered = form.cleaned_data["key"]
    if trimmed_key(entered) != entered:
        messages.info(request, _("Spaces around the key were removed."))


def _test(request: PageRequest, key: ApiKey, *, done: str = "") -> None:
    """Ask the provider, as often as that is allowed; say what was `done` before, and how it is."""
    name = {"name": key.key_name}
    works, fails = _("“%(name)s” works."), _("“%(name)s” does not work: %(error)s")
    if done:
        works, fails = f"{done} {_('It works.')}", f"{done} {_('It does not work: %(error)s')}"
    if wait := limits.seconds_to_wait(user=request.user):
        later = ngettext(
            "Too many tests: the next one is possible in %(count)d second.",
            "Too many tests: the next one is possible in %(count)d seconds.",
            wait,
        )
        messages.error(request, f"{done} {later}".strip() % {**name, "count": wait})
    elif error := keys.check_key(key=key):
        messages.error(request, fails % {**name, "error": error})
    else:
        messages.success(request, works % name)
