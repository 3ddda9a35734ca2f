"""The one way from an identifier in a request to a key, a connection, a download.

What is not yours does not exist.
"""

from uuid import UUID

from django.conf import settings
from django.http import Http404

from providers import downloads
from providers.connections import Source, discovered_sources, environment_sources, source_of_key
from providers.models import ApiKey, ModelDownload
from providers.querysets import AnyUser


def key_or_404(user: AnyUser, key_id: UUID) -> ApiKey:
    """A key that the user may change: their own, for administrators the site's too."""
    key = ApiKey.objects.changeable_by(user).filter(pk=key_id).first()
    if key is None:
        raise Http404
    return key


def source_or_404(user: AnyUser, *, key_id: UUID | None = None, slug: str = "") -> Source:
    """A connection that the user may change; administrators also those without a stored key."""
    if key_id is not None:
        return source_of_key(key_or_404(user, key_id))
    if getattr(user, "is_superuser", False):
        for source in [*environment_sources(), *discovered_sources()]:
            if source.slug == slug:
                return source
    raise Http404


def may_download(user: AnyUser) -> bool:
    """Whether the user may have servers fetch models, on connections that they may change."""
    return settings.OLLAMA_DOWNLOADS == "everyone" or bool(getattr(user, "is_superuser", False))


def downloading_source_or_404(
    user: AnyUser, *, key_id: UUID | None = None, slug: str = ""
) -> Source:
    """A connection whose server the user may have fetch models."""
    source = source_or_404(user, key_id=key_id, slug=slug)
    if not (downloads.can_download(source.kind) and may_download(user)):
        raise Http404
    return source


def download_or_404(user: AnyUser, download_id: int) -> tuple[ModelDownload, Source]:
    """A download that the user may give up, and the connection that it belongs to."""
    download = ModelDownload.objects.filter(pk=download_id).first()
    if download is None:
        raise Http404
    source = downloading_source_or_404(user, key_id=download.api_key_id, slug=download.environment)
    return download, source
