"""A small HTTP server on the loopback address, in a thread, that answers as it is told.

In a thread, so that an adapter which blocks its event loop is found out and not waited for.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from providers.testing.protocol import Received

PATIENCE = 5.0
"""Seconds: for what has to happen, and does not."""


@dataclass(frozen=True)
class Answer:
    """What to send. After its pieces a streamed answer ends, is cut off, or is held open.

    `gate` is waited for before the last piece; when it stays shut, the connection breaks.
    """

    status: int = 200
    content_type: str = "application/json"
    pieces: Iterable[bytes] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    streamed: bool = False
    ending: Literal["end", "cut", "hold"] = "end"
    gate: threading.Event | None = None


class LoopbackServer:
    """As a context manager it runs. `None` for an answer closes the connection without a word."""

    def __init__(self, answer: Callable[[Received], Answer | None]) -> None:
        self.requests: list[Received] = []
        self.left = threading.Event()
        """Set when a client has closed a connection on which an answer is held open."""
        self._answer = answer
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def answer_with(self, answer: Callable[[Received], Answer | None]) -> None:
        """From now on."""
        self._answer = answer

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),), daemon=True)
        self._thread.start()
        if not self._ready.wait(PATIENCE):
            raise RuntimeError("The server did not start.")
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self._port: int = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("Streams are served in tasks.")
        self._tasks.add(task)
        try:
            while await self._one_request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # The client left, or the test is over.
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _one_request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one; whether another may follow on the connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, path, _version = first.split(" ", 2)
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await _body(reader, headers)
        request = Received(method, path, headers, body)
        self.requests.append(request)
        answer = self._answer(request)
        if answer is None:
            return False
        try:
            return await self._send(answer, reader, writer)
        finally:
            if answer.ending == "hold":
                self.left.set()

    async def _send(
        self, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        pieces = list(answer.pieces)
        length = "" if answer.streamed else f"Content-Length: {sum(map(len, pieces))}\r\n"
        chunked = "Transfer-Encoding: chunked\r\n" if answer.streamed else ""
        more = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        writer.write(
            f"HTTP/1.1 {answer.status} Told\r\nContent-Type: {answer.content_type}\r\n"
            f"{length}{chunked}{more}\r\n".encode()
        )
        for number, piece in enumerate(pieces, 1):
            if (
                answer.gate is not None
                and number == len(pieces)
                and not await asyncio.to_thread(answer.gate.wait, PATIENCE)
            ):
                return False
            if piece:
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if answer.streamed else piece)
            await writer.drain()
        if answer.ending == "hold":
            await reader.read()
        if answer.ending != "end":
            return False
        if answer.streamed:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def always(answer: Answer | None) -> Callable[[Received], Answer | None]:
    """The same for every request."""
    return lambda _request: answer


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    """Of known length or in chunks, without trailers."""
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body
