"""The keys page, under /settings/providers/. Every control is a plain form."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from providers import catalogue, keys
from providers.access import key_or_404
from providers.forms import AddKeyForm, ChangeKeyForm


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("key")
@sensitive_variables("values")
def key_list(request: HttpRequest) -> HttpResponse:
    """All connections, and the form for a new key."""
    is_administrator = bool(getattr(request.user, "is_superuser", False))
    form = AddKeyForm(request.POST or None, is_administrator=is_administrator)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        owner = None if values.pop("for_everyone", False) else request.user
        try:
            key = keys.add_key(user=owner, **values)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _tested(request, key.pk)
    context = {
        "form": form,
        "connections": catalogue.connections_for(request.user),
        "settings_page": "providers",
    }
    status = 422 if form.errors else 200
    return render(request, "providers/keys.html", context, status=status)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("key")
@sensitive_variables("values")
def change_key(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """One key's name, address and replacement."""
    key = key_or_404(request.user, key_id)
    form = ChangeKeyForm(request.POST or None, instance=key)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        try:
            keys.update_key(key=key, new_key=values.pop("key"), **values)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Changes saved."))
            return redirect("providers:keys")
    context = {"form": form, "key": key, "settings_page": "providers"}
    status = 422 if form.errors else 200
    return render(request, "providers/key.html", context, status=status)


@login_required
@require_POST
def test_key(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Ask the provider now, and say what it answered."""
    return _tested(request, key_or_404(request.user, key_id).pk)


@login_required
@require_POST
def delete_key(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Remove one."""
    key = key_or_404(request.user, key_id)
    keys.delete_key(key=key)
    messages.success(request, _("“%(name)s” was removed.") % {"name": key.key_name})
    return redirect("providers:keys")


def _tested(request: HttpRequest, key_id: UUID) -> HttpResponse:
    key = key_or_404(request.user, key_id)
    error = keys.check_key(key=key)
    if error:
        text = _("“%(name)s” does not work: %(error)s") % {"name": key.key_name, "error": error}
        messages.error(request, text)
    else:
        messages.success(request, _("“%(name)s” works.") % {"name": key.key_name})
    return redirect("providers:keys")
