"""What the adapters on official SDKs share: the request is the SDK's, the decoding is ours.

The SDK makes the request (addresses, authentication, error bodies) and retries nothing; the bytes
of the answer go through `providers.sse`. An adapter without an SDK can bring a client and a parser
of its own.
"""

import asyncio
import json
import logging
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from providers import errors
from providers.adapters import failures
from providers.clients import Client, fresh, lease
from providers.contract import Adapter
from providers.sse import EventParser
from providers.types import AdapterEvent, CompletionRequest, Finish, FinishReason

DRAIN_LIMIT = 0.1
MOST_TOKENS = 100_000_000
"""Far over what any call can use, and safe to store and to add up."""
# Both SDKs look for it in the request, and then leave the body of the answer to the caller.
UNREAD = {"X-Stainless-Raw-Response": "stream"}

logger = logging.getLogger(__name__)


class Decoder(Protocol):
    """Turns one event's JSON into ours. A new one for every stream."""

    finish_reason: FinishReason | None
    """Set once the provider said why the reply ends."""
    finished: bool
    """Set by the last event of the protocol."""

    def feed(self, event: dict[str, Any]) -> Iterator[AdapterEvent]:
        """Raises `ProviderError`s for error events; KeyError and the like for nonsense."""


class Answer(Protocol):
    """An open answer of an SDK."""

    @property
    def headers(self) -> Any:
        """Of the answer."""

    def iter_bytes(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives."""


class Parser(Protocol):
    """Cuts bytes into the data of events. A new one for every stream."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """What the chunk completes."""

    def end(self) -> Iterator[bytes]:
        """What counts as complete once the bytes are over."""


C = TypeVar("C", bound=Client)


class SdkAdapter(Adapter, Generic[C]):
    """An adapter on an SDK whose client is `C`."""

    content_types: ClassVar[tuple[str, ...]] = ("text/event-stream",)
    """Of answers that are streams."""
    parser: ClassVar[Callable[[], Parser]] = EventParser

    @property
    def base_url(self) -> str:
        """Never left to the SDK, which would take it from the environment."""
        return self.connection.base_url or self.default_base_url

    @abstractmethod
    def make_client(self) -> C:
        """Import the SDK and make a client. Called in a thread."""

    @abstractmethod
    def open(self, client: C, request: CompletionRequest) -> AbstractAsyncContextManager[Answer]:
        """Make the request."""

    @abstractmethod
    def make_decoder(self, request: CompletionRequest) -> Decoder:
        """For one stream."""

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[AdapterEvent, None]:
        """One upstream request; see `Adapter.stream`."""
        async with (
            self.translated(),
            self.client() as client,
            self.open(client, request) as answer,
            aclosing(answer.iter_bytes()) as chunks,
        ):
            if not _content_type(answer).startswith(self.content_types):
                raise await _complaint(answer, chunks, key=self.connection.api_key)
            decoder = self.make_decoder(request)
            async with aclosing(decoded(chunks, decoder, type(self).parser())) as events:
                async for event in events:
                    yield event
            if decoder.finish_reason is None:
                raise errors.CutStreamError
            yield Finish(decoder.finish_reason)
            await _drain(chunks)

    async def get_json(self, path: str) -> Any:
        """Ask for one page of the API, with a client of its own. Raises `ProviderError`s."""
        import httpx2

        async with self.translated(), fresh(self.make_client) as client:
            get: Any = client.get  # type: ignore[attr-defined]
            data: bytes = (await get(path, cast_to=httpx2.Response)).content
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise errors.MalformedStreamError(_excerpt(data)) from error

    def client(self) -> AbstractAsyncContextManager[C]:
        """The connection's, shared by its streams."""
        return lease(self.kind, self.connection, self.make_client)

    @asynccontextmanager
    async def translated(self) -> AsyncGenerator[None, None]:
        """Turn what the SDK and the network raise into `ProviderError`s.

        Their own exceptions hold the request, and the key in it: they are not kept as a cause.
        """
        try:
            yield
        except errors.ProviderError:
            raise
        except Exception as error:
            failure = failures.from_exception(error, key=self.connection.api_key)
            if failure is None:
                raise
            raise failure from None


@asynccontextmanager
async def unread(asked: Awaitable[Any]) -> AsyncGenerator[Answer, None]:
    """The answer to a request of an SDK's client that was made with the headers `UNREAD`."""
    answer = await asked
    try:
        yield answer
    finally:
        await answer.close()


async def decoded(
    chunks: AsyncIterator[bytes], decoder: Decoder, parser: Parser
) -> AsyncGenerator[AdapterEvent, None]:
    """The events in a stream of bytes, until the protocol or the bytes end."""
    async for chunk in chunks:
        for event in _events(parser.feed(chunk), decoder):
            yield event
        if decoder.finished:
            return
    for event in _events(parser.end(), decoder):
        yield event


def _events(pieces: Iterator[bytes], decoder: Decoder) -> Iterator[AdapterEvent]:
    for data in pieces:
        if data == b"[DONE]":
            decoder.finish_reason = decoder.finish_reason or "stop"
            decoder.finished = True
            return
        try:
            yield from decoder.feed(json.loads(data.decode()))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise errors.MalformedStreamError(_excerpt(data)) from error
        if decoder.finished:
            return


def clean(text: str) -> str:
    """Text that can be stored: without NUL, and with no half of a surrogate pair."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def count(value: object) -> int:
    """A number of tokens that can be stored; what is none counts as zero."""
    try:
        number: int = int(value or 0)  # type: ignore[call-overload]
    except (ValueError, TypeError, OverflowError):
        return 0
    return max(0, min(number, MOST_TOKENS))


def said(value: object) -> str:
    """A text of the answer that can be stored; what is none is empty."""
    return clean(value) if isinstance(value, str) else ""


def as_json(value: object) -> str:
    """A part of the answer as text again; a text is one already."""
    return said(value) if isinstance(value, str) else clean(json.dumps(value, ensure_ascii=False))


def rows(value: object) -> list[dict[str, Any]]:
    """The objects in a list of the answer's JSON; what is none has none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def mapping(value: object) -> dict[str, Any]:
    """An object of the answer's JSON; what is none is an empty one."""
    return value if isinstance(value, dict) else {}


def _excerpt(data: bytes) -> str:
    return data[:80].decode(errors="replace")


def _content_type(answer: Answer) -> str:
    return str(answer.headers.get("content-type", ""))


async def _complaint(
    answer: Answer, chunks: AsyncIterator[bytes], *, key: str
) -> errors.ProviderError:
    """Some servers say in plain JSON, with a status of 200, what went wrong."""
    if _content_type(answer).startswith("application/json"):
        body: object = None
        with suppress(ValueError, RecursionError):
            body = json.loads(b"".join([chunk async for chunk in chunks]))
        if mapping(body).get("error"):
            return failures.from_event(body, key=key)
    return errors.MalformedStreamError(_content_type(answer)[:100])


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read to the end of the body, so that the connection can be used again."""
    try:
        async with asyncio.timeout(DRAIN_LIMIT):
            async for _ in chunks:
                pass
    except Exception as error:
        # The reply is complete; all that is lost is a connection.
        logger.debug("A finished stream did not end well: %s", type(error).__name__)
