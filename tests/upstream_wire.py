"""The wire formats that the fake upstream speaks: what each kind of event looks like as bytes.

Responses and OpenRouter's format are in modules of their own.

Sources: https://platform.openai.com/docs/api-reference/chat-streaming and
https://docs.anthropic.com/en/api/messages-streaming.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Self

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
    529: "overloaded_error",
}


def compact(value: object) -> str:
    """JSON as the providers send it: raw Unicode, U+2028 included, no spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Prompt:
    """The part of a request that decides how to answer."""

    model: str
    text: str
    streamed: bool
    usage: bool
    has_stream_options: bool = False


@dataclass(frozen=True)
class Part:
    """A source or a tool call. As a text it goes through the steps of a stream."""

    url: str = ""
    title: str = ""
    quote: str = ""
    id: str = ""
    name: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    result: str = ""

    def __str__(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Self:
        """The inverse of `str`."""
        return cls(**json.loads(text))


class OpenAIWire:
    """Chat Completions."""

    completions: ClassVar = ("POST", "/v1/chat/completions")
    catalogue: ClassVar = ("GET", "/v1/models")
    reasoning_field: ClassVar = "reasoning_content"
    always_counts: ClassVar = False
    finish_reasons: ClassVar = {
        "stop": "stop",
        "length": "length",
        "refuse": "content_filter",
        "tools": "tool_calls",
    }
    context_code: ClassVar[str | None] = "context_length_exceeded"
    done: ClassVar = b"data: [DONE]\n\n"

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt
        self._calls = 0
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1}
        self._head = compact({**head, "model": prompt.model})[:-1]
        self._text = f'data: {self._head},"choices":[{{"index":0,"delta":{{"%s":%s}},'
        self._text += '"finish_reason":null}]}\n\n'

    def start(self) -> bytes:
        """What comes before the first token."""
        return self._chunk({"delta": {"role": "assistant", "content": ""}})

    def text(self, text: str) -> bytes:
        """One text delta."""
        return (self._text % ("content", json.dumps(text, ensure_ascii=False))).encode()

    def reasoning(self, text: str) -> bytes:
        """One reasoning delta."""
        return (self._text % (self.reasoning_field, json.dumps(text, ensure_ascii=False))).encode()

    def source(self, text: str) -> bytes:
        """An annotation. OpenRouter says what the page says, too."""
        part = Part.of(text)
        cited = {"url": part.url, "title": part.title, "start_index": 0, "end_index": 1}
        if self.always_counts:
            cited["content"] = part.quote
        annotation = {"type": "url_citation", "url_citation": cited}
        return self._chunk({"delta": {"annotations": [annotation]}})

    def tool(self, text: str) -> bytes:
        """A call in pieces. The protocol has no words for results."""
        part = Part.of(text)
        arguments = json.dumps(part.arguments, ensure_ascii=False)
        at = self._calls
        self._calls += 1
        function = {"name": part.name, "arguments": ""}
        first = {"index": at, "id": part.id, "type": "function", "function": function}
        pieces = [arguments[n : n + 7] for n in range(0, len(arguments), 7)]
        rest = [{"index": at, "function": {"arguments": piece}} for piece in pieces]
        return b"".join(self._chunk({"delta": {"tool_calls": [call]}}) for call in (first, *rest))

    def finish(self, reason: str, tokens: int) -> bytes:
        """What comes after the last token, without `done`."""
        end = self._chunk({"delta": {}, "finish_reason": self.finish_reasons[reason]})
        if not (self.prompt.usage or self.always_counts):
            return end
        usage = compact({"choices": [], "usage": self.usage(tokens)})[1:]
        return end + f"data: {self._head},{usage}\n\n".encode()

    def usage(self, tokens: int) -> dict[str, Any] | str | None:
        """Fixed input, counted output."""
        odd: dict[str, str | None] = {"usage-none": None, "usage-odd": "lots"}
        if self.prompt.model in odd:
            return odd[self.prompt.model]
        return {
            "prompt_tokens": 11,
            "completion_tokens": tokens,
            "total_tokens": 11 + tokens,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 2},
        }

    def whole(self, text: str, reason: str, tokens: int) -> dict[str, Any]:
        """The answer to a request that did not ask for a stream."""
        message = {"role": "assistant", "content": text}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": self.prompt.model,
            "choices": [
                {"index": 0, "message": message, "finish_reason": self.finish_reasons[reason]}
            ],
            "usage": self.usage(tokens),
        }

    def error(self, status: int, message: str, code: str | None = None) -> dict[str, Any]:
        """The body of an error answer."""
        kind = ERROR_TYPES.get(status, "api_error")
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}

    def error_event(self, message: str, code: str = "server_error") -> bytes:
        """A fault in the middle of a stream."""
        error = self.error(500, message, code)
        return f"data: {compact(error)}\n\n".encode()

    def malformed(self) -> bytes:
        """Not JSON."""
        return b'data: {"choices": [{"delta": {"content": "half\n\n'

    def models(self, names: list[str]) -> dict[str, Any]:
        """The list of models."""
        rows = [{"id": n, "object": "model", "created": 1, "owned_by": "test"} for n in names]
        return {"object": "list", "data": rows}

    def _chunk(self, choice: dict[str, Any]) -> bytes:
        body = compact({"choices": [{"index": 0, "finish_reason": None, **choice}]})[1:]
        return f"data: {self._head},{body}\n\n".encode()


class AnthropicWire:
    """Messages."""

    completions: ClassVar = ("POST", "/v1/messages")
    catalogue: ClassVar = ("GET", "/v1/models")
    finish_reasons: ClassVar = {
        "stop": "end_turn",
        "length": "max_tokens",
        "refuse": "refusal",
        "tools": "tool_use",
    }
    context_code: ClassVar = None
    done: ClassVar = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt
        self._open: str | None = None
        self._index = -1

    def start(self) -> bytes:
        """What comes before the first token."""
        usage = {
            "input_tokens": 5,
            "cache_read_input_tokens": 4,
            "cache_creation_input_tokens": 2,
            "output_tokens": 1,
        }
        message: dict[str, Any] = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": self.prompt.model,
            "stop_reason": None,
            "usage": usage,
        }
        return _event("message_start", message=message) + _event("ping")

    def text(self, text: str) -> bytes:
        """One text delta."""
        return self._delta("text", "text_delta", text)

    def reasoning(self, text: str) -> bytes:
        """One thinking delta; before the first one a block that only the provider can read."""
        return self._sealed() + self._delta("thinking", "thinking_delta", text)

    def source(self, text: str) -> bytes:
        """A citation in a block of text."""
        part = Part.of(text)
        cited = {"type": "web_search_result_location", "url": part.url, "title": part.title}
        delta = {
            "type": "citations_delta",
            "citation": {**cited, "cited_text": part.quote, "encrypted_index": "c2VhbGVk"},
        }
        start = b"" if self._open == "text" else self._close() + self._begin("text")
        return start + _event("content_block_delta", index=self._index, delta=delta)

    def tool(self, text: str) -> bytes:
        """A call whose input comes in pieces; with a result, if the provider ran it."""
        part = Part.of(text)
        kind = "server_tool_use" if part.result else "tool_use"
        block = {"type": kind, "id": part.id, "name": part.name, "input": {}}
        arguments = json.dumps(part.arguments, ensure_ascii=False)
        deltas = [
            {"type": "input_json_delta", "partial_json": arguments[at : at + 7]}
            for at in range(0, len(arguments), 7)
        ]
        call = self._block(block, deltas)
        if not part.result:
            return call
        found = {"type": "bash_code_execution_result", "stdout": part.result, "return_code": 0}
        answer = {"type": "bash_code_execution_tool_result", "tool_use_id": part.id}
        if part.name == "web_search":
            page = {"type": "web_search_result", "url": part.result, "title": "Found"}
            answer = {"type": "web_search_tool_result", "tool_use_id": part.id}
            return call + self._block({**answer, "content": [{**page, "encrypted_content": "eA"}]})
        return call + self._block({**answer, "content": found})

    def finish(self, reason: str, tokens: int) -> bytes:
        """What comes after the last token, without `done`."""
        stop = {"stop_reason": self.finish_reasons[reason], "stop_sequence": None}
        usage = {"output_tokens": tokens, "output_tokens_details": {"thinking_tokens": 2}}
        return self._close() + _event("message_delta", delta=stop, usage=usage)

    def whole(self, text: str, reason: str, tokens: int) -> dict[str, Any]:
        """The answer to a request that did not ask for a stream."""
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": self.prompt.model,
            "content": [{"type": "text", "text": text}],
            "stop_reason": self.finish_reasons[reason],
            "usage": {"input_tokens": 11, "output_tokens": tokens},
        }

    def error(self, status: int, message: str, code: str | None = None) -> dict[str, Any]:
        """The body of an error answer."""
        kind = ERROR_TYPES.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}}

    def error_event(self, message: str, code: str = "") -> bytes:
        """A fault in the middle of a stream."""
        return _event("error", error={"type": "overloaded_error", "message": message})

    def malformed(self) -> bytes:
        """Not JSON."""
        return b'event: content_block_delta\ndata: {"type": "content_block_delta", "del\n\n'

    def models(self, names: list[str]) -> dict[str, Any]:
        """The list of models."""
        supported = {"supported": True}
        about = {
            "type": "model",
            "created_at": "2026-01-01T00:00:00Z",
            "lifecycle": "active",
            "max_input_tokens": 200_000,
            "max_tokens": 64_000,
            "capabilities": {
                "image_input": supported,
                "pdf_input": {"supported": False},
                "server_tools": supported,
                "thinking": supported,
            },
        }
        rows = [{**about, "id": n, "display_name": n.title()} for n in names]
        return {"data": rows, "has_more": False, "first_id": names[0], "last_id": names[-1]}

    def _delta(self, block: str, kind: str, text: str) -> bytes:
        start = b"" if self._open == block else self._close() + self._begin(block)
        return (
            start
            + (
                "event: content_block_delta\n"
                f'data: {{"type":"content_block_delta","index":{self._index},"delta":'
                f'{{"type":"{kind}","{block}":{json.dumps(text, ensure_ascii=False)}}}}}\n\n'
            ).encode()
        )

    def _begin(self, block: str) -> bytes:
        self._open = block
        self._index += 1
        empty = {"type": block, block: ""}
        return _event("content_block_start", index=self._index, content_block=empty)

    def _block(self, block: dict[str, Any], deltas: Sequence[dict[str, Any]] = ()) -> bytes:
        """A whole block of another kind than text."""
        closed = self._close()
        self._index += 1
        return (
            closed
            + _event("content_block_start", index=self._index, content_block=block)
            + b"".join(
                _event("content_block_delta", index=self._index, delta=each) for each in deltas
            )
            + _event("content_block_stop", index=self._index)
        )

    def _close(self) -> bytes:
        if self._open is None:
            return b""
        signed = b""
        if self._open == "thinking":
            delta = {"type": "signature_delta", "signature": "c2lnbmVk"}
            signed = _event("content_block_delta", index=self._index, delta=delta)
        self._open = None
        return signed + _event("content_block_stop", index=self._index)

    def _sealed(self) -> bytes:
        if self._index >= 0:
            return b""
        self._index += 1
        block = {"type": "redacted_thinking", "data": "c2VhbGVk"}
        start = _event("content_block_start", index=self._index, content_block=block)
        return start + _event("content_block_stop", index=self._index)


def _event(name: str, **values: object) -> bytes:
    return f"event: {name}\ndata: {compact({'type': name, **values})}\n\n".encode()
