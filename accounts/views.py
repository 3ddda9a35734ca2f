"""Sign-up and sign-in as this site does them, and the settings pages."""

from typing import Any

from allauth.account import views as allauth_views
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import registration
from accounts.access import end_sessions
from accounts.forms import PreferencesForm
from accounts.models import User
from accounts.preferences import update_preferences


class SignupView(allauth_views.SignupView):
    """Sign-up; tells the first visitor what it makes of them."""

    def form_valid(self, form: Form) -> HttpResponse:
        """Sign up and in, or show what `register` refuses."""
        try:
            response: HttpResponse = super().form_valid(form)
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self.form_invalid(form)  # type: ignore[no-any-return]
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """`first_visit`: whether nobody has an account yet."""
        return super().get_context_data(**kwargs) | {"first_visit": registration.is_first_visit()}


class LoginView(allauth_views.LoginView):
    """Sign-in; while nobody has an account, it leads to sign-up."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form, or the way to the first account."""
        if registration.is_first_visit():
            query = request.GET.urlencode()
            return redirect(reverse("account_signup") + (f"?{query}" if query else ""))
        return super().get(request, *args, **kwargs)  # type: ignore[no-any-return]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """`signup_open`: whether to offer an account."""
        return super().get_context_data(**kwargs) | {"signup_open": registration.is_open()}


def _signed_in(request: HttpRequest) -> User:
    """The user of a view behind `login_required`."""
    assert isinstance(request.user, User)  # noqa: S101  tells the type; login_required decides
    return request.user


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def appearance(request: HttpRequest) -> HttpResponse:
    """Theme and default model."""
    user = _signed_in(request)
    initial = {
        "theme": user.theme,
        "default_model": user.default_model,
        "makes_titles": user.makes_titles,
    }
    form = PreferencesForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            update_preferences(user=user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:appearance")
    return render(
        request, "accounts/appearance.html", {"form": form, "settings_page": "appearance"}
    )


@login_required
@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who is signed in, and the ways to password, sessions and administration."""
    return render(request, "accounts/account.html", {"settings_page": "account"})


@login_required
@require_POST
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """End all sessions of this user but this one."""
    user = _signed_in(request)
    end_sessions(user=user)
    update_session_auth_hash(request, user)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("accounts:account")
