"""The chats app: conversations, messages, replies and how they reach the page."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out
from django.utils.translation import gettext_lazy as _


class ChatsConfig(AppConfig):
    """Conversations and their replies."""

    name = "chats"
    verbose_name = _("Chats")

    def ready(self) -> None:
        """Say what notifications of replies mean; hear of sign-outs, told by signal only."""
        from chats import unread  # noqa: PLC0415  models must be loaded first

        unread.register()
        user_logged_out.connect(leave_nothing, dispatch_uid="chats.leave_nothing")


def leave_nothing(sender: object, user: object, **kwargs: Any) -> None:
    """Whoever signs out leaves their temporary chats, and the files that they did not send."""
    from accounts.models import User  # noqa: PLC0415  models must be loaded first
    from chats import attachments, temporary  # noqa: PLC0415

    if isinstance(user, User):
        temporary.end_all(user=user)
        attachments.discard_drafts(user=user)
