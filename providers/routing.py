"""From a model's name to the adapter that speaks to it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from providers import registry
from providers.cipher import DecryptionError
from providers.connections import find_source
from providers.contract import Adapter
from providers.errors import AuthenticationError, NotFoundError
from providers.querysets import AnyUser


@dataclass(frozen=True, slots=True)
class Route:
    """Which adapter to call for which of the provider's models."""

    adapter: Adapter
    model: str
    slug: str


def split_model_name(model_name: str) -> tuple[str, str]:
    """`openrouter/meta-llama/llama-3` -> (`openrouter`, `meta-llama/llama-3`)."""
    slug, _slash, model = model_name.partition("/")
    return slug, model


def resolve(model_name: str, *, user: AnyUser) -> Route:
    """The way to `provider/model` with the keys that the user may use. At most one query.

    Raises `NotFoundError` for a name without a connection; whether the provider knows the model is
    for the provider to say. Raises `AuthenticationError` when its stored key cannot be read.
    """
    slug, model = split_model_name(model_name)
    source = find_source(slug, user=user) if slug and model else None
    if source is None:
        raise NotFoundError(_("There is no connection for “%(name)s”.") % {"name": model_name})
    try:
        connection = source.connect()
    except DecryptionError as error:
        raise AuthenticationError(
            _("The stored key cannot be read: it was encrypted with another master key.")
        ) from error
    return Route(registry.make_adapter(source.kind, connection), model, slug)
