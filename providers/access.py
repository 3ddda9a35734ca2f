"""The one way from an identifier in a request to a key. What is not yours does not exist."""

from uuid import UUID

from django.http import Http404

from providers.models import ApiKey
from providers.querysets import AnyUser


def key_or_404(user: AnyUser, key_id: UUID) -> ApiKey:
    """A key that the user may change: their own, for administrators the site's too."""
    key = ApiKey.objects.changeable_by(user).filter(pk=key_id).first()
    if key is None:
        raise Http404
    return key
