"""The administration's pages that show no model, and their places in its index."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext as _

from providers import plugin_admin


class Administration(AdminSite):
    """Django's, with a page about plug-ins."""

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Ours first: Django's end with a pattern that takes every address."""
        plugins = self.admin_view(plugin_admin.plugin_list)
        return [path("providers/plugins/", plugins, name="plugins"), *super().get_urls()]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Plug-ins stand below the models of `providers`."""
        apps: list[Any] = super().get_app_list(request, app_label)
        if request.user.has_perm(plugin_admin.PERMISSION):
            for app in apps:
                if app["app_label"] == "providers":
                    app["models"].append(
                        {
                            "name": _("Plug-ins"),
                            "object_name": "Plugin",
                            "admin_url": reverse("admin:plugins"),
                            "add_url": None,
                            "view_only": True,
                            "perms": {"view": True},
                        }
                    )
        return apps
