"""A real HTTP server that speaks Ollama's protocol, and can fail on purpose.

    with OllamaUpstream() as ollama: ...            # in a thread; `ollama.url`

`POST /api/chat` knows the modes of `tests.upstream`, by the model's name or by the first line
`/mode <name>`; the model `absent` is not there (404). `GET /api/tags` and `POST /api/show` list
`MODELS` and what was downloaded; with `is_old` the list tells nothing of capabilities, as that of
old servers, and `show` says how `/api/show` does: ok, fails or hangs. The key `wrong` gets 401;
the key `patient` waits for a list of models for ever.

`POST /api/pull` fetches the model `name`, in a way that its name says:

    fails...        an error in the stream, as for a name that nobody knows
    cut...          the connection breaks in the middle
    hang...         silence after the first progress
    malformed...    a line that is not JSON
    slow...         a step every 50 ms, for ever
    any other       two files, then success
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from tests import upstream_modes as modes
from tests.upstream import Upstream
from tests.upstream_answer import Answer, send_json
from tests.upstream_wire import Part, Prompt, compact

EVERYTHING = ["completion", "vision", "tools", "thinking"]
PLAIN = {"capabilities": ["completion"], "context": 4_096}
MODELS: dict[str, dict[str, Any]] = {
    **{name: {"capabilities": EVERYTHING, "context": 131_072} for name in modes.LISTED},
    "plain:1b": PLAIN,
    "far:120b-cloud": {
        "capabilities": ["completion", "tools"],
        "context": 262_144,
        "remote_host": "https://ollama.com:443",
    },
    "embedder": {"capabilities": ["embedding"], "context": 512},
}
FILES = (("sha256:aa", 4_000), ("sha256:bb", 1_000))


class OllamaWire:
    """Lines of JSON."""

    finish_reasons: ClassVar = {
        "stop": "stop",
        "length": "length",
        "refuse": "stop",
        "tools": "stop",
    }
    context_code: ClassVar = None
    done: ClassVar = b""

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt

    def start(self) -> bytes:
        """What comes before the first token."""
        return self._message(content="")

    def text(self, text: str) -> bytes:
        """One piece of text."""
        return self._message(content=text)

    def reasoning(self, text: str) -> bytes:
        """One piece of thinking."""
        return self._message(content="", thinking=text)

    def source(self, text: str) -> bytes:
        """The protocol knows none."""
        return b""

    def tool(self, text: str) -> bytes:
        """A call, whole at once."""
        part = Part.of(text)
        function = {"name": part.name, "arguments": part.arguments}
        return self._message(content="", tool_calls=[{"function": function}])

    def finish(self, reason: str, tokens: int) -> bytes:
        """The last line."""
        return self._line(
            message={"role": "assistant", "content": ""},
            done=True,
            done_reason=self.finish_reasons[reason],
            total_duration=1,
            prompt_eval_count=11,
            eval_count=tokens,
        )

    def whole(self, text: str, reason: str, tokens: int) -> dict[str, Any]:
        """The answer to a request that did not ask for a stream."""
        message = {"role": "assistant", "content": text}
        return {"model": self.prompt.model, "message": message, "done": True}

    def error(self, status: int, message: str, code: str | None = None) -> dict[str, Any]:
        """The body of an error answer."""
        return {"error": message}

    def error_event(self, message: str) -> bytes:
        """A fault in the middle of a stream."""
        return f"{compact({'error': message})}\n".encode()

    def malformed(self) -> bytes:
        """Not JSON."""
        return b'{"model": "malformed", "message": {"content": "half\n'

    def _message(self, **message: object) -> bytes:
        return self._line(message={"role": "assistant", **message}, done=False)

    def _line(self, **values: object) -> bytes:
        head = {"model": self.prompt.model, "created_at": "2026-01-01T00:00:00Z"}
        return f"{compact({**head, **values})}\n".encode()


class OllamaUpstream(Upstream):
    """The server; as a context manager it runs in a thread of its own."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self.is_old = False
        self.show = "ok"
        self.downloaded: list[str] = []

    @property
    def answer(self) -> type[Answer]:
        """Speaks the protocol."""
        return OllamaAnswer

    def reset(self) -> None:
        """Forget all requests and downloads; be new and well."""
        super().reset()
        self.is_old, self.show = False, "ok"
        self.downloaded.clear()

    def asked(self, path: str) -> list[dict[str, Any]]:
        """Bodies of the requests to one path."""
        return [entry["body"] for entry in self.requests if entry["path"] == path]


class OllamaAnswer(Answer):
    """The answer to one request."""

    upstream: OllamaUpstream
    stream_type = "application/x-ndjson"

    def __init__(self, *arguments: Any, body: dict[str, Any], **more: Any) -> None:
        super().__init__(*arguments, body=body, **more)
        self.body = body
        self.wire: Any = OllamaWire(self.prompt)

    async def send(self, method: str, path: str) -> bool:
        """Answer; whether another request may follow on the connection."""
        if self.key == "wrong":
            return await self._error(401, "Incorrect API key provided.")
        match method, path:
            case "GET", "/api/tags":
                return await self._tags()
            case "GET", "/api/version":
                await send_json(self.writer, 200, {"version": "0.30.0"})
                return True
            case "POST", "/api/show":
                return await self._show()
            case "POST", "/api/me":
                await send_json(self.writer, 200, {"name": "olivia"})
                return True
            case "POST", "/api/pull":
                return await self._pull(str(self.body["model"]))
            case "POST", "/api/chat" if self.prompt.model == "absent":
                return await self._error(404, "model 'absent' not found")
            case "POST", "/api/chat":
                return await self._chat()
        await send_json(self.writer, 404, "404 page not found")
        return True

    async def _chat(self) -> bool:
        mode = modes.mode_of(self.prompt)
        self.log.update(model=self.prompt.model, mode=mode)
        self.upstream.timeline[self.number] = self.log
        try:
            return await self._completion(mode)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.log["end"] = "closed by client"
            raise

    async def _tags(self) -> bool:
        if self.key == "patient":
            return await self._hang()
        found = MODELS | dict.fromkeys(self.upstream.downloaded, PLAIN)
        rows = []
        for name, model in found.items():
            row = {"name": name, "model": name, "size": 1, "details": {"family": "llama"}}
            if "remote_host" in model:
                row["remote_host"] = model["remote_host"]
            if not self.upstream.is_old:
                row["capabilities"] = model["capabilities"]
                row["details"] = {"family": "llama", "context_length": model["context"]}
            rows.append(row)
        await send_json(self.writer, 200, {"models": rows})
        return True

    async def _show(self) -> bool:
        name = self.body["model"]
        if self.upstream.show == "hangs":
            return await self._hang()
        if self.upstream.show == "fails":
            return await self._error(500, "cannot read the file")
        model = MODELS[name]
        info = {"general.architecture": "llama", "llama.context_length": model["context"]}
        about = {"model_info": info, "capabilities": model["capabilities"]}
        if "remote_host" in model:
            about["remote_host"] = model["remote_host"]
        await send_json(self.writer, 200, about)
        return True

    async def _pull(self, name: str) -> bool:
        self.writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        self.upstream.timeline[self.number] = self.log
        try:
            async for line in _progress(name):
                if line == "cut":
                    return self._break()
                if line == "hang":
                    return await self._hang()
                await self._chunk(f"{line}\n".encode(), 0)
        except ConnectionError:
            self.log["end"] = "closed by client"
            raise
        if not name.startswith(("fails", "malformed")):
            self.upstream.downloaded.append(name)
        self.log["end"] = "complete"
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        return True


async def _progress(name: str) -> AsyncIterator[str]:
    """The lines; also cut and hang."""
    yield compact({"status": "pulling manifest"})
    if name.startswith("fails"):
        yield compact({"error": "pull model manifest: file does not exist"})
        return
    (first, size), (second, rest) = FILES
    yield compact({"status": "pulling aa", "digest": first, "total": size, "completed": 1_000})
    for way in ("cut", "hang"):
        if name.startswith(way):
            yield way
    if name.startswith("malformed"):
        yield '{"status": "pull'
        return
    step = 0
    while name.startswith("slow"):
        step += 1
        done = min(1_000 + step, size)
        yield compact({"status": "pulling aa", "digest": first, "total": size, "completed": done})
        await asyncio.sleep(0.05)
    yield compact({"status": "pulling aa", "digest": first, "total": size, "completed": size})
    yield compact({"status": "pulling bb", "digest": second, "total": rest, "completed": rest})
    for status in ("verifying sha256 digest", "writing manifest", "success"):
        yield json.dumps({"status": status})
