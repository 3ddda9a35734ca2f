"""The plug-ins in the administration: which there are, and why one is not used. To look at only."""

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from providers import registry

PERMISSION = "providers.view_apikey"
"""Who may see the site's connections may see what they can be made with."""


@require_safe
@permission_required(PERMISSION, raise_exception=True)
def plugin_list(request: HttpRequest) -> HttpResponse:
    """All of them. Imports those that nobody asked for yet. No query of its own."""
    context = {
        **admin.site.each_context(request),
        "title": _("Plug-ins"),
        "plugins": registry.plugin_states(),
    }
    return render(request, "admin/providers/plugins.html", context)
