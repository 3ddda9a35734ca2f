"""A real HTTP proxy and a real TLS server, in the event loop of the test that uses them."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Proxy:
    """Takes every connection to `target`, whatever it is asked for, and keeps what it was asked.

    With `refusal` it answers that instead.
    """

    target: int
    refusal: bytes = b""
    heads: list[str] = field(default_factory=list)
    """First line and headers of each request that was addressed to the proxy."""
    port: int = 0

    @property
    def url(self) -> str:
        """For HTTP_PROXY."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def asked_for(self) -> list[str]:
        """The first lines, without the version."""
        return [head.splitlines()[0].rpartition(" ")[0] for head in self.heads]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode("latin-1"))
        if self.refusal:
            writer.write(self.refusal)
            return
        there = await asyncio.open_connection("127.0.0.1", self.target)
        if head.startswith(b"CONNECT "):
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            method, url, rest = head.split(b" ", 2)
            there[1].write(b" ".join((method, b"/" + url.split(b"/", 3)[3], rest)))
        await join((reader, writer), there)


async def join(one: Streams, other: Streams) -> None:
    """Carry bytes both ways until one side ends."""
    ways = {
        asyncio.create_task(_carry(one[0], other[1])),
        asyncio.create_task(_carry(other[0], one[1])),
    }
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        other[1].close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def running_proxy(target: int, *, refusal: bytes = b"") -> AsyncIterator[Proxy]:
    """Until the end of the block."""
    proxy = Proxy(target, refusal)
    async with _listening(proxy.serve) as proxy.port:
        yield proxy


@asynccontextmanager
async def tls_front(target: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """The port of a TLS server that hands all to `target`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await join((reader, writer), await asyncio.open_connection("127.0.0.1", target))

    async with _listening(serve, context) as port:
        yield port


@asynccontextmanager
async def _listening(serve: object, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            await serve(reader, writer)  # type: ignore[operator]
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
