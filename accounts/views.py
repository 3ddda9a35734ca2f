"""Sign-up and sign-in as this site does them, and the settings pages."""

from typing import Any

from allauth.account import views as allauth_views
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

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


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def general(request: HttpRequest) -> HttpResponse:
    """What a person likes. A POST saves what it names: one control for htmx, or the whole form."""
    if not isinstance(request.user, User):
        # htmx would put the sign-in page into this one.
        is_part = "HX-Request" in request.headers
        return HttpResponse(status=401) if is_part else redirect_to_login(request.path)
    user = request.user
    form = PreferencesForm(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            update_preferences(user=user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
    if form.is_bound and "HX-Request" in request.headers:
        return _saved(request, form)
    if form.is_bound and not form.errors:
        messages.success(request, _("Saved."))
        return redirect("accounts:general")
    context = {"form": form, "settings_page": "general"}
    return render(request, "accounts/general.html", context, status=422 if form.errors else 200)


def _saved(request: HttpRequest, form: PreferencesForm) -> HttpResponse:
    """What stands beside a control that was changed."""
    status = 422 if form.errors else 200
    answer = render(request, "accounts/general.html#saved", {"form": form}, status=status)
    if not form.errors and "language" in form.fields:
        answer["HX-Refresh"] = "true"
    return answer


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
