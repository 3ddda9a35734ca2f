"""What this site wants of allauth differently."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as request_context
from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from accounts import registration
from accounts.models import User

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up by the site's rules, limits by account, redirects within the site."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether the sign-up page shows its form."""
        return registration.is_open()

    def save_user(
        self, request: HttpRequest, user: object, form: BaseForm, commit: bool = True
    ) -> User:
        """The account that the form describes, in the database."""
        data = form.cleaned_data
        return registration.register(
            username=data["username"], email=data["email"], password=data["password1"]
        )

    def is_safe_url(self, url: str | None) -> bool:
        """Whether `next` stays on the host that was asked; other allowed hosts do not count."""
        request = request_context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send it; when the mail server fails, say so on the page and in the log."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError):
            logger.exception("Mail could not be sent: %s", template_prefix)
            messages.error(
                request_context.request,
                _("The mail could not be sent. Please tell whoever runs this site."),
            )

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures by what was typed alone.

        The original adds the Host header, whose port a visitor may vary to count anew.
        """
        login = credentials.get("email") or credentials.get("username") or ""
        return User.normalize_username(str(login).strip()).lower()
