"""The site itself as an app: its commands and its system checks."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SiteConfig(AppConfig):
    """Where `manage.py serve` lives."""

    name = "config"
    verbose_name = _("Site")

    def ready(self) -> None:
        """Register the system checks."""
        from config import checks  # noqa: F401, PLC0415  registers itself, once apps are loaded
