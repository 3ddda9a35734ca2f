"""From a model's name to the adapter that speaks to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from providers import catalogue, discovery, registry
from providers.cipher import DecryptionError
from providers.connections import Source, find_source, usual_addresses
from providers.contract import Adapter
from providers.errors import AuthenticationError, NetworkError, NotFoundError
from providers.options import known_options
from providers.querysets import AnyUser
from providers.types import ModelInfo, OptionValue


@dataclass(frozen=True, slots=True)
class Route:
    """Which adapter to call for which of the provider's models."""

    adapter: Adapter
    model: str
    source: Source
    info: ModelInfo
    """What is known of the model."""

    @property
    def slug(self) -> str:
        """Of the connection."""
        return self.source.slug

    @property
    def model_name(self) -> str:
        """`provider/model`."""
        return f"{self.slug}/{self.model}"

    def options_with(self, chosen: Mapping[str, Any]) -> dict[str, OptionValue]:
        """The connection's options with those of a chat over them; only those that still apply."""
        stored = self.source.key.options if self.source.key is not None else {}
        per_chat = [option for option in self.adapter.options if option.per_chat]
        return known_options(self.adapter.options, stored) | known_options(per_chat, chosen)


def split_model_name(model_name: str) -> tuple[str, str]:
    """`openrouter/meta-llama/llama-3` -> (`openrouter`, `meta-llama/llama-3`)."""
    slug, _slash, model = model_name.partition("/")
    return slug, model


def resolve(model_name: str, *, user: AnyUser) -> Route:
    """The way to `provider/model` with the keys that the user may use. At most four queries.

    Raises `NotFoundError` for a name without a connection; whether the provider knows the model is
    for the provider to say. Raises `AuthenticationError` when its stored key cannot be read, and
    `NetworkError` when its server is looked for on this machine and is not there.
    """
    slug, model = split_model_name(model_name)
    source = find_source(slug, user=user) if slug and model else None
    if source is None:
        _look_for_server(slug)
        raise NotFoundError(_("There is no connection for “%(name)s”.") % {"name": model_name})
    try:
        connection = source.connect()
    except DecryptionError as error:
        raise AuthenticationError(
            _("The stored key cannot be read: it was encrypted with another master key.")
        ) from error
    return Route(
        adapter=registry.make_adapter(source.kind, connection),
        model=model,
        source=source,
        info=catalogue.model_info(source, model),
    )


def _look_for_server(slug: str) -> None:
    """Of a kind that is found by itself: look again, so that another try may find it."""
    address = usual_addresses().get(slug)
    if address is None:
        return
    discovery.look_later()
    label = registry.adapter_class(slug).label
    raise NetworkError(
        _("%(provider)s does not answer at %(address)s.") % {"provider": label, "address": address}
    )
