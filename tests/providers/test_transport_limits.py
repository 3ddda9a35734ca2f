"""A server that never comes to an end is left, however it goes about it."""

import asyncio
import gzip
import itertools
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from providers.contract import Adapter
from providers.errors import MalformedStreamError, NetworkError, ProviderTimeoutError
from tests.providers.conftest import collect, request_for

MakeAdapter = Callable[..., Adapter]
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
TOKEN = b'data: {"choices": [{"index": 0, "delta": {"content": "word "}}]}\n\n'
FAR_TOO_MUCH = 64 * 1024 * 1024


class Sender:
    """Answers any request with parts that never end, `pause` seconds apart."""

    def __init__(self, parts: Iterator[bytes], pause: float) -> None:
        self.sent = 0
        self.port = 0
        self.left = asyncio.Event()
        self._parts, self._pause = parts, pause

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        await reader.readuntil(b"\r\n\r\n")
        try:
            for part in self._parts:
                if writer.is_closing() or self.sent > FAR_TOO_MUCH:
                    break
                writer.write(part)
                await writer.drain()
                self.sent += len(part)
                await asyncio.sleep(self._pause)
        except ConnectionError:
            pass
        finally:
            writer.close()
            self.left.set()

    @property
    def url(self) -> str:
        """Of the API."""
        return f"http://127.0.0.1:{self.port}/v1"


@asynccontextmanager
async def sending(parts: Iterator[bytes], pause: float = 0) -> AsyncIterator[Sender]:
    sender = Sender(parts, pause)
    server = await asyncio.start_server(sender.serve, "127.0.0.1", 0)
    sender.port = server.sockets[0].getsockname()[1]
    yield sender
    async with asyncio.timeout(10):
        await sender.left.wait()  # The connection was closed, not kept.
    server.close()
    await server.wait_closed()


@pytest.fixture(params=[True, False], ids=["trusted", "guarded"])
def trusted(request: pytest.FixtureRequest, settings: Any) -> bool:
    settings.PROVIDER_ALLOW_PRIVATE = True
    return bool(request.param)


def begun_with(first: bytes, *, then: bytes) -> Iterator[bytes]:
    return itertools.chain([first], itertools.repeat(then))


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (EVENTS, TOKEN),
        (EVENTS, b": nothing\n\n"),
        (EVENTS, b":"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 500 Oh\r\nContent-Type: text/plain\r\n\r\n", b"x"),
    ],
    ids=["tokens", "comments", "bytes", "headers", "informational answers", "an error"],
)
async def test_dripping_for_ever(
    *, first: bytes, then: bytes, trusted: bool, adapter_for: MakeAdapter, settings: Any
) -> None:
    """Each part comes long before any limit on silence."""
    settings.REPLY_TOTAL_TIMEOUT = 0.6
    async with sending(begun_with(first, then=then), 0.05) as sender:
        adapter = adapter_for("openai", base_url=sender.url, trusted=trusted)
        begun = time.monotonic()

        with pytest.raises(ProviderTimeoutError):
            await collect(adapter.stream(request_for("any")))

    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
        EVENTS,
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n",
        b"HTTP/1.1 500 Oh\r\nContent-Type: text/event-stream\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
    ],
)
async def test_flooding(head: bytes, trusted: bool, adapter_for: MakeAdapter) -> None:
    line = b"X-More: yes\r\n" * 5000
    for ask in (_list, _stream) if b"event-stream" not in head or b"500" in head else (_list,):
        async with sending(begun_with(head, then=line)) as sender:
            adapter = adapter_for("openai", base_url=sender.url, trusted=trusted)

            with pytest.raises((MalformedStreamError, NetworkError)):
                await ask(adapter)

        assert sender.sent < FAR_TOO_MUCH / 2


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
async def test_gzip_bombs(kind: str, trusted: bool, adapter_for: MakeAdapter) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Encoding: gzip\r\n\r\n".encode()
    bomb = gzip.compress(bytes(FAR_TOO_MUCH))
    for ask in (_stream, _list):
        async with sending(iter([head, bomb])) as sender:
            adapter = adapter_for("openai", base_url=sender.url, trusted=trusted)

            with pytest.raises(MalformedStreamError, match="compressed"):
                await ask(adapter)


async def test_a_connection_that_does_not_come_about(
    trusted: bool, adapter_for: MakeAdapter, settings: Any
) -> None:
    """The TLS handshake is never answered."""
    settings.PROVIDER_CONNECT_TIMEOUT = 0.2
    begun = time.monotonic()

    with socket.create_server(("127.0.0.1", 0)) as server:
        base_url = f"https://127.0.0.1:{server.getsockname()[1]}/v1"
        with pytest.raises(ProviderTimeoutError):
            await _list(adapter_for("openai", base_url=base_url, trusted=trusted))

    assert time.monotonic() - begun < 5


async def _stream(adapter: Adapter) -> object:
    return await collect(adapter.stream(request_for("any")))


def _list(adapter: Adapter) -> Awaitable[object]:
    return adapter.list_models()
