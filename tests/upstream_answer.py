"""The answer of the fake upstream to one request."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from tests import upstream_modes as modes
from tests.upstream_openrouter import OpenRouterWire
from tests.upstream_responses import ResponsesWire
from tests.upstream_wire import AnthropicWire, OpenAIWire

if TYPE_CHECKING:
    from tests.upstream import Upstream

Wire = OpenAIWire | AnthropicWire | ResponsesWire


def wire_at(path: str) -> type[OpenAIWire | ResponsesWire]:
    """The protocol that is spoken at an address."""
    if path.startswith("/api/v1/"):
        return OpenRouterWire
    return ResponsesWire if path == "/v1/responses" else OpenAIWire


class Answer:
    """The answer to one request."""

    stream_type = "text/event-stream; charset=utf-8"

    def __init__(
        self,
        upstream: "Upstream",
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        *,
        number: int,
        headers: dict[str, str],
        body: dict[str, Any],
    ) -> None:
        self.upstream, self.number = upstream, number
        self.reader, self.writer = streams
        self.log: dict[str, Any] = {"tokens": [], "end": "under way"}
        self.prompt = modes.prompt_of(body)
        self.wire: Wire = OpenAIWire(self.prompt)
        self._is_anthropic = "anthropic-version" in headers
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        self.key = headers.get("x-api-key", bearer)

    async def send(self, method: str, path: str) -> bool:
        """Answer; whether another request may follow on the connection."""
        self.wire = (AnthropicWire if self._is_anthropic else wire_at(path))(self.prompt)
        page = (method, path)
        if self.key == "wrong" and page != OpenRouterWire.catalogue:
            return await self._error(401, "Incorrect API key provided.", "invalid_api_key")
        if page == self.wire.catalogue:
            return await self._catalogue()
        if page == ("GET", "/api/v1/key"):
            await send_json(self.writer, 200, OpenRouterWire.key_page)
            return True
        if page != self.wire.completions:
            return await self._error(404, f"No such page: {method} {path}")
        mode = modes.mode_of(self.prompt)
        self.log.update(model=self.prompt.model, mode=mode)
        self.upstream.timeline[self.number] = self.log
        try:
            return await self._completion(mode)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.log["end"] = "closed by client"
            raise

    async def _catalogue(self) -> bool:
        if self.key == "patient":
            return await self._hang()
        odd = ["half \ud83d"] if self.key == "half" else []
        listing = self.upstream.listing or self.wire.models(modes.LISTED + odd)
        await send_json(self.writer, 200, listing)
        return True

    async def _completion(self, mode: str) -> bool:
        if mode.endswith("-once"):
            if not self.upstream.first_time(mode, self.prompt.text):
                mode = "ok"
            elif mode == "cut-once":
                return self._break()
            else:
                mode = {"429-once": "error-429-1", "500-once": "error-500"}[mode]
        if mode == "no-stream-options" and self.prompt.has_stream_options:
            return await self._error(400, "Unrecognized request argument: stream_options")
        if mode == "error-json":
            await send_json(self.writer, 200, self.wire.error(503, "There is no model."))
            return True
        if mode.startswith("error-") and not mode.startswith("error-event"):
            return await self._failure(mode)
        if mode == "hang":
            return await self._hang()
        if mode in modes.ODD_PAGES:
            status, headers, text = modes.ODD_PAGES[mode]
            await send(self.writer, status, text, headers)
            return True
        steps = modes.steps(mode, self.prompt)
        if not self.prompt.streamed:
            return await self._whole(steps)
        return await self._stream(steps, byte_by_byte=mode == "byte-by-byte")

    async def _failure(self, mode: str) -> bool:
        if mode == "error-echo":
            return await self._error(400, self.prompt.text)
        status, message, code, retry_after = modes.failure(mode, self.key, self.wire.context_code)
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        if mode == "error-429-date":
            headers["Retry-After"] = formatdate(time.time() + 5, usegmt=True)
        return await self._error(status, message, code, headers)

    async def _whole(self, steps: AsyncIterator[modes.Step]) -> bool:
        text, reason = "", "stop"
        async for step in steps:
            text += step.text if step.kind == "text" else ""
            reason = step.text if step.kind == "finish" else reason
        await send_json(self.writer, 200, self.wire.whole(text, reason, len(text) // 3))
        self.log["end"] = "complete"
        return True

    async def _stream(self, steps: AsyncIterator[modes.Step], *, byte_by_byte: bool) -> bool:
        self.writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: {self.stream_type}\r\n".encode()
            + b"Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        size = 1 if byte_by_byte else 0
        await self._chunk(self.wire.start(), size)
        async for step in steps:
            if step.kind == "cut":
                return self._break()
            if step.kind == "hang":
                return await self._hang()
            if step.kind == "finish":
                end = self.wire.finish(step.text, len(self.log["tokens"])) + self.wire.done
                await self._chunk(end, size)
                self.log["end"] = "complete"
            else:
                data = getattr(self.wire, step.kind)(*filter(None, (step.text, step.code)))
                self.log["tokens"].append(time.time())
                await self._chunk(data, size)
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        return True

    async def _chunk(self, data: bytes, size: int) -> None:
        """One HTTP chunk, or many of `size` bytes."""
        for start in range(0, len(data), size or len(data)):
            part = data[start : start + size] if size else data
            self.writer.write(b"%x\r\n%b\r\n" % (len(part), part))
            if size:
                await asyncio.sleep(0)
        if self.writer.is_closing():
            raise ConnectionResetError
        await self.writer.drain()

    async def _hang(self) -> bool:
        """Until the client leaves."""
        self.log["end"] = "hang"
        while await self.reader.read(1):
            pass
        self.log["end"] = "closed by client"
        return False

    def _break(self) -> bool:
        self.log["end"] = "cut"
        self.writer.transport.abort()
        return False

    async def _error(
        self,
        status: int,
        message: str,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> bool:
        await send_json(self.writer, status, self.wire.error(status, message, code), headers)
        return True


async def send_json(
    writer: asyncio.StreamWriter, status: int, body: object, headers: dict[str, str] | None = None
) -> None:
    """One answer with a JSON body."""
    fields = {"Content-Type": "application/json", **(headers or {})}
    await send(writer, status, json.dumps(body), fields)


async def send(
    writer: asyncio.StreamWriter, status: int, text: str, headers: dict[str, str]
) -> None:
    """One whole answer."""
    data = text.encode()
    fields = {**headers, "Content-Length": str(len(data))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"HTTP/1.1 {status} Test\r\n{lines}\r\n".encode() + data)
    await writer.drain()
