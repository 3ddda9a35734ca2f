"""Which kinds of provider there are. Adapters are imported when first asked for."""

from functools import cache

from django.utils.module_loading import import_string

from providers.contract import Adapter
from providers.types import Connection

BUILT_IN: dict[str, str] = {
    "openai": "providers.adapters.openai.OpenAIAdapter",
    "anthropic": "providers.adapters.anthropic.AnthropicAdapter",
    "openai_compatible": "providers.adapters.openai_compatible.OpenAICompatibleAdapter",
    "demo": "providers.adapters.demo.DemoAdapter",
}


def kinds() -> tuple[str, ...]:
    """Names of all kinds, in the order in which people see them."""
    return tuple(BUILT_IN)


@cache
def adapter_class(kind: str) -> type[Adapter]:
    """The adapter of a kind. Raises `KeyError` for an unknown one. Imports no SDK."""
    adapter: type[Adapter] = import_string(BUILT_IN[kind])
    return adapter


def make_adapter(kind: str, connection: Connection) -> Adapter:
    """An adapter over a connection. Cheap: sockets are made, and shared, when it is used."""
    return adapter_class(kind)(connection)
