"""A real upstream, and adapters that speak to it over HTTP."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from providers import guard, registry
from providers.adapters.ollama import OllamaAdapter
from providers.adapters.openai import OpenAIAdapter
from providers.clients import close_clients
from providers.contract import Adapter
from providers.plugins import Plugins
from providers.types import (
    CompletionRequest,
    Connection,
    Event,
    Parameters,
    PromptMessage,
    ReasoningDelta,
    Text,
    TextDelta,
)
from tests.canary import Canary
from tests.ollama_upstream import OllamaUpstream
from tests.providers.packages import Install, Package
from tests.upstream import Upstream

KEY = "test-key-0123456789abcdef"


@pytest.fixture(scope="session")
def running_upstream() -> Iterator[Upstream]:
    """One server for all tests."""
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(running_upstream: Upstream) -> Upstream:
    """The server, without what it remembers of other tests."""
    running_upstream.reset()
    return running_upstream


@pytest.fixture(scope="session")
def running_ollama() -> Iterator[OllamaUpstream]:
    """One server for all tests."""
    with OllamaUpstream() as upstream:
        yield upstream


@pytest.fixture
def ollama(running_ollama: OllamaUpstream) -> OllamaUpstream:
    """The Ollama server, without what it remembers of other tests."""
    running_ollama.reset()
    return running_ollama


@pytest.fixture
async def ollama_adapter(ollama: OllamaUpstream) -> AsyncIterator[Callable[..., OllamaAdapter]]:
    """Makes an adapter over a connection to the Ollama server."""

    def make(*, key: str = "", base_url: str = "", trusted: bool = True) -> OllamaAdapter:
        address = base_url or ollama.url
        return OllamaAdapter(Connection("ollama", key, address, trusted=trusted))

    yield make
    await close_clients()


@pytest.fixture
async def adapter_for(upstream: Upstream) -> AsyncIterator[Callable[..., Adapter]]:
    """Makes an adapter of a kind over a trusted connection to the upstream.

    For `responses` the upstream is OpenAI itself, which is spoken to over Responses.
    """

    def make(kind: str, *, key: str = KEY, base_url: str = "", trusted: bool = True) -> Adapter:
        path = {"anthropic": "", "openrouter": "/api/v1"}.get(kind, "/v1")
        address = base_url or upstream.url + path
        connection = Connection(slug=kind, api_key=key, base_url=address, trusted=trusted)
        if kind == "responses":

            class Home(OpenAIAdapter):
                default_base_url = address

            return Home(connection)
        return registry.make_adapter(kind, connection)

    yield make
    await close_clients()


@pytest.fixture
def canary() -> Iterator[Canary]:
    """A listener inside the network that must see no connection."""
    found = Canary()
    yield found
    found.close()
    assert found.seen == 0


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Answers of the resolver, by name: one list an answer, the last one repeats."""
    answers: dict[str, list[list[str]]] = {}

    async def resolve(host: str, port: int) -> list[str]:
        found = answers[host]
        return found.pop(0) if len(found) > 1 else found[0]

    monkeypatch.setattr(guard, "resolve", resolve)
    return answers


def request_for(model: str, text: str = "Hello", **parameters: float | None) -> CompletionRequest:
    """A prompt of one message."""
    message = PromptMessage("user", (Text(text),))
    return CompletionRequest(model, (message,), parameters=Parameters(**parameters))  # type: ignore[arg-type]


async def collect(events: AsyncIterator[Event], into: list[Event] | None = None) -> list[Event]:
    """All of them; those before an error are in `into`."""
    found = [] if into is None else into
    async for event in events:
        found.append(event)
    return found


def text_of(events: list[Event]) -> str:
    """What the reply says."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def reasoning_of(events: list[Event]) -> str:
    """What the model thought aloud."""
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs packages; the registry knows those of this test only."""
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = Plugins(reserved=frozenset(registry.BUILT_IN), path=[str(tmp_path)])
    monkeypatch.setattr(registry, "plugins", plugins)
    modules = set(sys.modules)
    yield lambda *args, **options: Package(tmp_path, *args, **options)
    for name in set(sys.modules) - modules:
        if name.startswith("plugin_"):
            del sys.modules[name]
