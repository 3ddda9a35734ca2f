"""The accounts app: users and what belongs to them alone. Knows no chats and no providers."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Users and their preferences."""

    name = "accounts"
    verbose_name = _("Accounts")
