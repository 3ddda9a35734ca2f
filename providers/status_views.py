"""The status page, under /settings/providers/status/: how connections and models do right now.

The page fetches its live part again while it is looked at (`static/js/status.js`), which is also
what has the providers asked in the background.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from providers import catalogue
from providers.catalogue import ModelEntry, ProviderModels

MAX_SHOWN = 50
"""Models of one connection: those that fail, then those that were called last."""
OPEN_UP_TO = 5
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """One connection as the page shows it."""

    models: ProviderModels
    called: list[ModelEntry]
    """Models that were called within the last hour."""
    failing: int

    @property
    def is_open(self) -> bool:
        """Whether its models are shown without being asked for."""
        return len(self.called) <= OPEN_UP_TO


@never_cache
@login_required
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """All connections that the user may use; for a page that is open already only the live part."""
    providers = catalogue.models_for(request.user, watched=True)
    context = {
        "connections": [_status(each) for each in providers if not each.is_fixed],
        "settings_page": "providers",
    }
    part = "#live" if request.headers.get("HX-Request") else ""
    return render(request, f"providers/status.html{part}", context)


@login_required
@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Have providers asked again: the one of `slug`, or all. Does not wait for them.

    Answers a script with 204, a plain form with the page.
    """
    catalogue.ask_now(request.user, slug=request.POST.get("slug", ""))
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    return redirect("providers:status")


def _status(models: ProviderModels) -> ConnectionStatus:
    called = [entry for entry in models.models if entry.checked_at is not None]
    called.sort(key=lambda entry: entry.checked_at or NEVER, reverse=True)
    called.sort(key=lambda entry: entry.state != "failing")
    failing = sum(entry.state == "failing" for entry in called)
    return ConnectionStatus(models, called[:MAX_SHOWN], failing)
