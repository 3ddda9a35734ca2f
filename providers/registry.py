"""Which kinds of provider there are: built in, and brought by plug-ins.

Adapters are imported when first asked for. A plug-in that cannot be used is no kind.
"""

from functools import cache

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from providers.contract import Adapter
from providers.errors import PluginFailedError
from providers.plugins import Plugin, PluginProblem, Plugins
from providers.types import Connection

BUILT_IN: dict[str, str] = {
    "openai": "providers.adapters.openai.OpenAIAdapter",
    "anthropic": "providers.adapters.anthropic.AnthropicAdapter",
    "openrouter": "providers.adapters.openrouter.OpenRouterAdapter",
    "ollama": "providers.adapters.ollama.OllamaAdapter",
    "openai_compatible": "providers.adapters.openai_compatible.OpenAICompatibleAdapter",
    "demo": "providers.adapters.demo.DemoAdapter",
}

plugins = Plugins(reserved=frozenset(BUILT_IN))
"""Those that are installed beside Parley."""


def kinds() -> tuple[str, ...]:
    """Names of all kinds, in the order in which people see them. Imports the plug-ins."""
    return (*BUILT_IN, *plugins.kinds())


def is_known(kind: str) -> bool:
    """Whether there is an adapter of a kind. Imports no plug-in but the one of that name."""
    try:
        return kind in BUILT_IN or bool(plugins.adapter_class(kind))
    except KeyError:
        return False


def adapter_class(kind: str) -> type[Adapter]:
    """The adapter of a kind. Raises `KeyError` for an unknown one. Imports no SDK."""
    return _built_in(kind) if kind in BUILT_IN else plugins.adapter_class(kind)


def make_adapter(kind: str, connection: Connection) -> Adapter:
    """An adapter over a connection. Cheap: sockets are made, and shared, when it is used.

    Raises `PluginFailedError` for a plug-in that cannot be used, or that was removed.
    """
    try:
        return adapter_class(kind)(connection)
    except KeyError:
        raise PluginFailedError(_("It is not installed.")) from None


def plugin_states() -> tuple[Plugin, ...]:
    """Every plug-in that is installed, with its label, or why it is left out."""
    return plugins.states()


def problems() -> tuple[PluginProblem, ...]:
    """The plug-ins that are left out."""
    return plugins.problems()


@cache
def _built_in(kind: str) -> type[Adapter]:
    adapter: type[Adapter] = import_string(BUILT_IN[kind])
    return adapter
