"""Downloads of models, under /settings/providers/…/downloads/. Every control is a plain form."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from providers import downloads
from providers.access import download_or_404, downloading_source_or_404
from providers.answers import PageRequest, page
from providers.connections import Source


@page("GET", "HEAD", "POST")
def of_key(request: PageRequest, key_id: UUID) -> HttpResponse:
    """The downloads of a stored connection; a POST begins one."""
    return _downloads(request, downloading_source_or_404(request.user, key_id=key_id))


@page("GET", "HEAD", "POST")
def of_environment(request: PageRequest, slug: str) -> HttpResponse:
    """Those of a server that the environment sets, or that was found on this machine."""
    return _downloads(request, downloading_source_or_404(request.user, slug=slug))


@page("POST")
def cancel(request: PageRequest, download_id: int) -> HttpResponse:
    """Give one up, or take one that has ended off the list."""
    download, source = download_or_404(request.user, download_id)
    downloads.cancel_download(download=download)
    return redirect(_address_of(source))


def _downloads(request: PageRequest, source: Source) -> HttpResponse:
    context: dict[str, Any] = {"settings_page": "providers", "source": source}
    if request.method == "POST":
        context["model"] = request.POST.get("model", "")
        try:
            downloads.start_download(source=source, model=context["model"])
        except ValidationError as error:
            context["error"] = error.messages[0]
        else:
            return redirect(_address_of(source))
    found = downloads.downloads_of(source)
    context |= {
        "downloads": found,
        "is_running": any(download.is_running for download in found),
        "address": _address_of(source),
    }
    part = "#list" if request.htmx else ""
    status = 422 if "error" in context else 200
    return render(request, f"providers/downloads.html{part}", context, status=status)


def _address_of(source: Source) -> str:
    if source.key is not None:
        return reverse("providers:downloads", args=[source.key.pk])
    return reverse("providers:environment_downloads", args=[source.slug])
