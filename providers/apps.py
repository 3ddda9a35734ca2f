"""The providers app: AI providers, their keys and their models. Knows no users' chats."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProvidersConfig(AppConfig):
    """Providers, keys and models."""

    name = "providers"
    verbose_name = _("Providers")
