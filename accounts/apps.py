"""The accounts app: users and what belongs to them alone. Knows no chats and no providers."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Users and their preferences."""

    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        """Hear of sign-outs, which Django tells by signal only."""
        user_logged_out.connect(close_sockets, dispatch_uid="accounts.close_sockets")


def close_sockets(sender: object, request: HttpRequest, **kwargs: Any) -> None:
    """Close the sockets of the session that is being signed out."""
    from accounts import events  # noqa: PLC0415  models must be loaded first

    if request.session.session_key:
        events.session_ended(request.session.session_key)
