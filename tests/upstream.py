"""A real HTTP server that speaks the wire formats of providers, and can fail on purpose.

    python -m tests.upstream --port 9000        # as a process
    with Upstream() as upstream: ...            # in a thread; `upstream.url`

`POST /v1/chat/completions`, `POST /v1/responses` and `POST /v1/messages` (streamed or not),
`GET /v1/models` (Anthropic's format when the request has an `anthropic-version` header), and
OpenRouter's `POST /api/v1/chat/completions`, `GET /api/v1/models` and `GET /api/v1/key`. A list of
models is what `upstream.listing` says when it is set. The key `wrong` gets 401 (not from
OpenRouter's list); the key `patient` waits for a list for ever; for `half` one of the models is
named with half a surrogate pair.

How it answers is chosen by the model's name, or by the first line of the last user message when
that is `/mode <name>` (not with the model `echo`):

    ok                  a short Markdown answer, at once
    echo                the last user message, exactly, in deltas of three characters
    echo-whole          the same in one delta
    echo-chars          the same in deltas of one character, at most 1,000 a second
    echo-reasoning      the same as reasoning, then "Done."
    fast-N@R            N tokens at R a second; fast-400@100
    code-N@R            the same as one code block
    prose-N@R           the same as Markdown in many paragraphs, lists and tables
    slow                ten tokens, two a second
    slow-first-S        S seconds before the first token, then ok
    hang                takes the request and never answers
    hang-after-N        N tokens, then silence
    cut-after-N         N tokens at 100 a second, then the connection breaks
    end-after-N         N tokens, then a proper end of the body without any sign of completion
    malformed           two tokens, then an event that is not JSON
    byte-by-byte        an answer with many-byte characters, each byte in a write of its own
    huge-line           two tokens, then one line of 10 MB
    u2028               text with U+2028, U+2029 and U+0085 raw inside the JSON
    reasoning           reasoning deltas, then text
    parts               a web search, text and a source
    tools               asks for a tool, without a word
    echo-parts          "Done.", and each line of the last user message as a source, as a source's
                        address, and as a tool call with all that belongs to one
    thinks-S            reasoning for S seconds, then ok, 50 deltas a second
    length              ends because of the token limit
    refuse              ends because of the content filter
    empty               ends without any text
    say TEXT            TEXT, with the escapes of JSON
    html                200 with a web page instead of a stream
    redirect            302 to /_redirected
    error-event         two tokens, then an error event in the stream
    error-event-NNN     the same with that number as the error's code
    error-json          200 with an error as JSON instead of a stream
    error-NNN           that status; 429 with Retry-After: 7
    error-429-date      Retry-After as an HTTP date, 5 seconds from now
    error-429-long      Retry-After: 3600
    error-half          400, saying half a surrogate pair
    error-echo          400, saying the last user message
    error-context       400, too many tokens
    error-filter        400, content policy
    error-key           400, with the key of the request in its message
    no-stream-options   400 to a request that has stream_options, else ok
    usage-none          no usage, whether it was asked for or not
    usage-odd           usage that is no object
    429-once            429 with Retry-After: 1 to the first request of a text, then ok
    500-once            500 to the first request of a text, then ok
    cut-once            the connection breaks before any answer, then ok

A request for a chat's title is answered as a line `/title <mode>` of the chat's first message says.

For tests and benchmarks: `GET /_requests` (id, at, method, path, headers, body), `GET /_timeline`
(per request: model, `tokens` = time of each token's write in Unix seconds, `end` = complete, cut,
hang, closed by client, ...), `POST /_reset`.
"""

import argparse
import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from tests.upstream_answer import Answer, send_json

MAX_BODY = 64 * 1024 * 1024


class Upstream:
    """The server; as a context manager it runs in a thread of its own."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port
        self.requests: list[dict[str, Any]] = []
        self.timeline: dict[int, dict[str, Any]] = {}
        self.connections_made = 0
        self.listing: object = None
        self._failed_once: set[tuple[str, str]] = set()
        self._connections: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()

    @property
    def answer(self) -> type[Answer]:
        """Speaks the protocol."""
        return Answer

    @property
    def url(self) -> str:
        """Without `/v1`: as Anthropic's base URLs are written."""
        return f"http://{self.host}:{self.port}"

    @property
    def completions(self) -> list[dict[str, Any]]:
        """Bodies of the requests for a completion."""
        return [entry["body"] for entry in self.requests if entry["method"] == "POST"]

    def reset(self) -> None:
        """Forget all requests."""
        self.requests.clear()
        self.timeline.clear()
        self.connections_made = 0
        self.listing = None
        self._failed_once.clear()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=asyncio.run, args=(self.serve(),), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def serve(self, announce: Callable[[str], object] = str) -> None:
        """Until stopped; `announce` is given the address."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, self.host, self.port, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        announce(self.url)
        await self._stop.wait()
        server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.connections_made += 1
        self._connections.add(task)
        try:
            while await self._one_request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # The client left, or the server stops.
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _one_request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; whether another may follow on the connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", 0))
        assert length <= MAX_BODY
        raw = await reader.readexactly(length)
        if path.startswith("/_") and path != "/_redirected":
            return await self._own_pages(method, path, writer)
        body = json.loads(raw) if raw else {}
        number = len(self.requests) + 1
        entry = {"id": number, "at": time.time(), "method": method, "path": path}
        self.requests.append({**entry, "headers": headers, "body": body})
        answer = self.answer(self, (reader, writer), number=number, headers=headers, body=body)
        return await answer.send(method, path.partition("?")[0])

    async def _own_pages(self, method: str, path: str, writer: asyncio.StreamWriter) -> bool:
        if (method, path) == ("POST", "/_reset"):
            self.reset()
        pages: dict[str, object] = {"/_requests": self.requests, "/_timeline": self.timeline}
        await send_json(writer, 200, pages.get(path, {}))
        return True

    def first_time(self, mode: str, text: str) -> bool:
        """Whether this text comes for the first time to a mode that fails once."""
        key = (mode, text)
        if key in self._failed_once:
            return False
        self._failed_once.add(key)
        return True


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A fake upstream for tests and benchmarks.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            Upstream(arguments.host, arguments.port).serve(
                lambda url: print(url, flush=True)  # noqa: T201
            )
        )
