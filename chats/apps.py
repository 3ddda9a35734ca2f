"""The chats app: conversations, messages, replies and how they reach the page."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatsConfig(AppConfig):
    """Conversations and their replies."""

    name = "chats"
    verbose_name = _("Chats")

    def ready(self) -> None:
        """Say what notifications of replies mean."""
        from chats import unread  # noqa: PLC0415  models must be loaded first

        unread.register()
