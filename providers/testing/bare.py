"""What all tests of the suite stand on: an adapter over a connection, a server to speak to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, ClassVar, Final, TypeVar

from providers.clients import close_clients
from providers.contract import Adapter
from providers.errors import ProviderError
from providers.testing.protocol import End, Protocol, Received, Row, Say, Script, Tokens
from providers.testing.server import Answer, LoopbackServer, always
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    Connection,
    ModelInfo,
    OptionValue,
    PromptMessage,
    ReasoningDelta,
    Text,
    TextDelta,
)

T = TypeVar("T")
NEEDS: Final = "conformance_needs"
WIRE: Final = "encode"
"""What every protocol has: needed by tests that need one at all."""
HELLO: Final = (Say("Hello, "), Say("world."), End("stop", Tokens(11, 5)))


def needs(*features: str) -> Callable[[T], T]:
    """Marks a test, or all tests of a class, as one for protocols with these features."""

    def mark(target: T) -> T:
        tests = vars(target).items() if isinstance(target, type) else [("test_", target)]
        for name, test in tests:
            if name.startswith("test_"):
                setattr(test, NEEDS, {*features, *getattr(test, NEEDS, ())})
        return target

    return mark


class Bare:
    """What an author sets, and what tests are made of."""

    adapter_class: ClassVar[type[Adapter]]
    protocol: ClassVar[Protocol | None] = None
    """None for an adapter that speaks to no server: only what holds for all is tested then."""
    connection: ClassVar[Connection] = Connection(slug="conformance")
    """For an adapter without a protocol; the others get one to the test's server."""
    model: ClassVar[str] = "test-model"
    key: ClassVar[str] = "conformance-key-0123456789abcdef"
    options: ClassVar[Mapping[str, OptionValue]] = {}
    """Sent with every request: values of the adapter's own options."""
    time_limit: ClassVar[float] = 20.0
    """Seconds a test may take; the first one may have to import an SDK."""

    @property
    def wire(self) -> Protocol:
        """The protocol, in tests that need one."""
        if self.protocol is None:
            raise TypeError("This test needs a protocol.")
        return self.protocol

    def run(self, scenario: Coroutine[Any, Any, T]) -> T:
        """Run to the end on an event loop of its own."""

        async def limited() -> T:
            try:
                async with asyncio.timeout(self.time_limit):
                    return await scenario
            finally:
                await close_clients()

        return asyncio.run(limited())

    # --- Servers ------------------------------------------------------------------------------

    def playing(self, script: Script = HELLO, **how: Any) -> LoopbackServer:
        """A server that answers every request for a reply with a script."""
        answer = self.streamed(self.wire.encode(script), **how)
        return LoopbackServer(lambda request: self.answer_to(request, answer))

    def streamed(self, pieces: Any, **how: Any) -> Answer:
        """An answer that streams the pieces."""
        how.setdefault("content_type", self.wire.content_type)
        return Answer(pieces=list(pieces), streamed=True, **how)

    def answer_to(self, request: Received, answer: Answer) -> Answer:
        """The answer to a request for a reply; what belongs to anything else."""
        if self.wire.is_completion(request):
            return answer
        if (other := self.wire.other(request)) is not None:
            return Answer(pieces=[other])
        return Answer(pieces=[self.wire.models([Row(self.model)])])

    def failing(self, status: int, message: str = "No.", **headers: str) -> LoopbackServer:
        """A server that answers everything with an error."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = Answer(status, pieces=[self.wire.error(status, message)], headers=named)
        return LoopbackServer(always(answer))

    # --- Adapters -----------------------------------------------------------------------------

    def connect(self, server: LoopbackServer) -> Adapter:
        """An adapter over a connection to a server."""
        return self.connect_to(server.url + self.wire.base_path)

    def connect_to(self, base_url: str) -> Adapter:
        """An adapter over a connection to an address."""
        connection = Connection(
            slug="conformance", api_key=self.key, base_url=base_url, trusted=True
        )
        return self.adapter_class(connection)

    def request(self, *texts: str, **values: Any) -> CompletionRequest:
        """A prompt of turns that take turns, the user's first."""
        turns = tuple(
            PromptMessage("assistant" if number % 2 else "user", (Text(text),))
            for number, text in enumerate(texts or ("Hello",))
        )
        return CompletionRequest(self.model, turns, options=self.options, **values)

    def completions(self, server: LoopbackServer) -> list[Received]:
        """Requests for a reply that a server got."""
        return [request for request in server.requests if self.wire.is_completion(request)]

    def play(self, server: LoopbackServer, request: CompletionRequest | None = None) -> "Played":
        """All events of one reply. What the adapter raises is raised after one upstream request."""
        played = Played()
        try:
            self.run(played.collect(self.connect(server).stream(request or self.request())))
        except Exception as error:
            played.error = error
        assert len(self.completions(server)) == 1, "A stream is one upstream request."
        return played

    def list_from(self, server: LoopbackServer) -> list[ModelInfo]:
        """The models that the adapter lists."""
        return self.run(self.connect(server).list_models())


class Played:
    """The events of a stream, and what it raised."""

    def __init__(self) -> None:
        self.events: list[AdapterEvent] = []
        self.error: Exception | None = None

    async def collect(self, stream: AsyncIterator[AdapterEvent]) -> None:
        """To the end."""
        async with aclosing(stream) as events:  # type: ignore[type-var]  # a generator
            async for event in events:
                self.events.append(event)

    @property
    def text(self) -> str:
        """What the reply says."""
        return "".join(e.text for e in self.events if isinstance(e, TextDelta))

    @property
    def reasoning(self) -> str:
        """What the model thought aloud."""
        return "".join(e.text for e in self.events if isinstance(e, ReasoningDelta))

    def of(self, kind: type[T]) -> list[T]:
        """The events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def failed_with(self, kind: type[ProviderError]) -> ProviderError:
        """The error, which must be of this kind, and not of one below that says something else."""
        assert self.error is not None, f"Expected {kind.__name__}, got {self.events!r:.300}"
        said = getattr(self.error, "kind", "")
        if not isinstance(self.error, kind) or said != kind.kind:
            raise AssertionError(
                f"Expected {kind.__name__}, got {type(self.error).__name__}"
            ) from self.error
        return self.error

    def ended(self) -> "Played":
        """Itself, after a reply that must have ended well."""
        if self.error is not None:
            raise AssertionError(f"The reply failed: {self.error!r}") from self.error
        return self
