"""The chats app: conversations, messages, replies and how they reach the page."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class ChatsConfig(AppConfig):
    """Conversations and their replies."""

    name = "chats"
    verbose_name = _("Chats")

    def ready(self) -> None:
        """Hear of sign-outs, which Django tells by signal only."""
        user_logged_out.connect(close_sockets, dispatch_uid="chats.close_sockets")


def close_sockets(sender: object, request: HttpRequest, **kwargs: Any) -> None:
    """Close the sockets of the session that is being signed out."""
    from chats import events  # noqa: PLC0415  models must be loaded first

    if request.session.session_key:
        events.session_ended(request.session.session_key)
