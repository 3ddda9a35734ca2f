"""The built-in adapters' protocols, for the conformance suite."""

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any

from providers.testing import (
    Call,
    Cite,
    End,
    Fault,
    Protocol,
    Received,
    Row,
    Say,
    Script,
    Sent,
    Think,
    Tokens,
    as_json,
    as_line,
    as_sse,
)
from providers.types import Parameters


def ends(script: Script) -> End | None:
    """How a script ends, if it does."""
    return next((step for step in script if isinstance(step, End)), None)


def text_of(content: Any) -> str:
    """The text of a turn: plain, or of its parts."""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if "text" in part)


def from_data_url(url: str) -> tuple[str, bytes]:
    """Media type and data."""
    head, data = url.removeprefix("data:").split(";base64,")
    return head, base64.b64decode(data)


def parts_of(turns: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """All parts of a kind."""
    contents = [turn["content"] for turn in turns if not isinstance(turn["content"], str)]
    return [part for content in contents for part in content if part["type"] == kind]


class ChatCompletions(Protocol):
    """OpenAI's, as many servers speak it."""

    base_path = "/v1"
    takes_files = cites = calls_tools = True
    malformed = b'data: {"choices": [{"delta": {"content": "half\n\n'

    def encode(self, script: Script) -> Iterator[bytes]:
        """The counts come after the reason, in an event of their own."""
        for number, step in enumerate(script):
            match step:
                case Cite(url, title):
                    cited = {"url": url, "title": title, "start_index": 0, "end_index": 1}
                    note = {"type": "url_citation", "url_citation": cited}
                    yield self._chunk({"annotations": [note]})
                case Call():
                    yield self._call(step, number)
                case Say(text):
                    yield self._chunk({"content": text})
                case Think(text):
                    yield self._chunk({"reasoning_content": text})
                case Fault(message):
                    yield as_sse({"error": {"message": message, "type": "server_error"}})
                case End(reason, usage):
                    yield self._chunk({}, reason) + self._usage(usage) + b"data: [DONE]\n\n"

    def read(self, request: Received) -> Sent:
        """Turns, the system's among them."""
        body = request.json()
        turns = [turn for turn in body["messages"] if turn["role"] != "system"]
        systems = [turn["content"] for turn in body["messages"] if turn["role"] == "system"]
        return Sent(
            model=body["model"],
            turns=tuple((turn["role"], text_of(turn["content"])) for turn in turns),
            system="".join(systems),
            images=tuple(
                from_data_url(part["image_url"]["url"]) for part in parts_of(turns, "image_url")
            ),
            files=tuple(
                (part["file"]["filename"], from_data_url(part["file"]["file_data"])[1])
                for part in parts_of(turns, "file")
            ),
            parameters=Parameters(
                body.get("temperature"), body.get("top_p"), body.get("max_tokens")
            ),
        )

    def models(self, rows: Sequence[Row]) -> bytes:
        """Of the plain list."""
        data = [{"id": row.id, "name": row.name, "object": "model"} for row in rows]
        return as_json({"object": "list", "data": data})

    def _call(self, call: Call, index: int) -> bytes:
        """The arguments come in two pieces."""
        half = len(call.arguments) // 2
        start = {"name": call.name, "arguments": call.arguments[:half]}
        rest = {"arguments": call.arguments[half:]}
        first = {"index": index, "id": call.id, "type": "function", "function": start}
        return self._chunk({"tool_calls": [first]}) + self._chunk(
            {"tool_calls": [{"index": index, "function": rest}]}
        )

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return as_sse({"id": "1", "object": "chat.completion.chunk", "choices": [choice]})

    def _usage(self, usage: Tokens | None) -> bytes:
        if usage is None:
            return b""
        counts = {"prompt_tokens": usage.input, "completion_tokens": usage.output}
        return as_sse({"choices": [], "usage": counts})


class OpenRouter(ChatCompletions):
    """Chat Completions with OpenRouter's own words."""

    base_path = "/api/v1"

    def other(self, request: Received) -> bytes | None:
        """What it says of a key."""
        return as_json({"data": {"label": "key"}}) if request.path.endswith("/key") else None


class Responses(Protocol):
    """OpenAI's newer one."""

    base_path = "/v1"
    takes_files = cites = calls_tools = True
    malformed = b'data: {"type": "response.output_text.delta", "del\n\n'

    def encode(self, script: Script) -> Iterator[bytes]:
        """Each event's data repeats its name."""
        for step in script:
            match step:
                case Say(text):
                    yield self._event("response.output_text.delta", delta=text)
                case Think(text):
                    yield self._event("response.reasoning_summary_text.delta", delta=text)
                case Cite(url, title):
                    note = {"type": "url_citation", "url": url, "title": title, "start_index": 0}
                    yield self._event("response.output_text.annotation.added", annotation=note)
                case Call(id, name, arguments):
                    item = {"type": "function_call", "call_id": id, "name": name}
                    item["arguments"] = arguments
                    yield self._event("response.output_item.done", item=item)
                case Fault(message):
                    yield self._event("error", message=message, code="server_error")
                case End(reason, usage):
                    yield self._end(reason, usage)

    def read(self, request: Received) -> Sent:
        """The system's words stand apart."""
        body = request.json()
        turns = body["input"]
        return Sent(
            model=body["model"],
            turns=tuple((turn["role"], text_of(turn["content"])) for turn in turns),
            system=body.get("instructions", ""),
            images=tuple(
                from_data_url(part["image_url"]) for part in parts_of(turns, "input_image")
            ),
            files=tuple(
                (part["filename"], from_data_url(part["file_data"])[1])
                for part in parts_of(turns, "input_file")
            ),
            parameters=Parameters(
                body.get("temperature"), body.get("top_p"), body.get("max_output_tokens")
            ),
        )

    def models(self, rows: Sequence[Row]) -> bytes:
        """The same list."""
        return ChatCompletions().models(rows)

    def _event(self, name: str, **values: Any) -> bytes:
        return as_sse({"type": name, **values}, name)

    def _end(self, reason: str, usage: Tokens | None) -> bytes:
        response: dict[str, Any] = {"id": "1", "status": "completed"}
        if usage is not None:
            response["usage"] = {"input_tokens": usage.input, "output_tokens": usage.output}
        if reason == "stop":
            return self._event("response.completed", response=response)
        why = {"length": "max_output_tokens"}.get(reason, reason)
        response |= {"status": "incomplete", "incomplete_details": {"reason": why}}
        return self._event("response.incomplete", response=response)


class Messages(Protocol):
    """Anthropic's."""

    takes_files = cites = calls_tools = True
    malformed = b'event: content_block_delta\ndata: {"type": "content_block_delta", "del\n\n'
    _reasons = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}

    def encode(self, script: Script) -> Iterator[bytes]:
        """Counts come with the beginning and with the end; deltas stand in numbered blocks."""
        end = ends(script)
        usage = end.usage if end else None
        start: dict[str, Any] = {"id": "1", "type": "message", "role": "assistant", "content": []}
        if usage is not None:
            start["usage"] = {"input_tokens": usage.input, "output_tokens": 1}
        before = self._event("message_start", message=start) + self._event("ping")
        block, index = "", -1
        for step in script:
            piece, before = before, b""
            kind = {Say: "text", Cite: "text", Think: "thinking"}.get(type(step), "")
            if block and kind != block:
                piece += self._event("content_block_stop", index=index)
            if kind and kind != block:
                index += 1
                start_of = {"type": kind, kind: ""}
                piece += self._event("content_block_start", index=index, content_block=start_of)
            block = kind
            yield piece + self._step(step, index)

    def read(self, request: Received) -> Sent:
        """Blocks of text and images."""
        body = request.json()
        turns = body["messages"]
        sources = [part["source"] for part in parts_of(turns, "image")]
        return Sent(
            model=body["model"],
            turns=tuple((turn["role"], text_of(turn["content"])) for turn in turns),
            system=text_of(body.get("system", "")),
            images=tuple((s["media_type"], base64.b64decode(s["data"])) for s in sources),
            files=tuple(
                (part["title"], base64.b64decode(part["source"]["data"]))
                for part in parts_of(turns, "document")
            ),
            parameters=Parameters(
                body.get("temperature"), body.get("top_p"), body.get("max_tokens")
            ),
        )

    def models(self, rows: Sequence[Row]) -> bytes:
        """One page."""
        data = [{"type": "model", "id": row.id, "display_name": row.name} for row in rows]
        return as_json({"data": data, "has_more": False})

    def error(self, status: int, message: str) -> bytes:
        """The type says no more than the status."""
        return as_json({"type": "error", "error": {"type": "api_error", "message": message}})

    def _step(self, step: Any, index: int) -> bytes:
        delta: dict[str, Any]
        match step:
            case Say(text):
                delta = {"type": "text_delta", "text": text}
                return self._event("content_block_delta", index=index, delta=delta)
            case Think(text):
                delta = {"type": "thinking_delta", "thinking": text}
                return self._event("content_block_delta", index=index, delta=delta)
            case Cite(url, title):
                cited = {"type": "web_search_result_location", "url": url, "title": title}
                citation = {**cited, "cited_text": "It says"}
                delta = {"type": "citations_delta", "citation": citation}
                return self._event("content_block_delta", index=index, delta=delta)
            case Call():
                return self._call(step, index + 100)
            case Fault(message):
                return self._event("error", error={"type": "api_error", "message": message})
            case End(reason, usage):
                counts = {"usage": {"output_tokens": usage.output}} if usage else {}
                delta = {"stop_reason": self._reasons[reason]}
                return self._event("message_delta", delta=delta, **counts) + self._event(
                    "message_stop"
                )
        raise TypeError(step)

    def _call(self, call: Call, index: int) -> bytes:
        """The input comes in two pieces."""
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        half = len(call.arguments) // 2
        pieces = (call.arguments[:half], call.arguments[half:])
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        return b"".join(
            [
                self._event("content_block_start", index=index, content_block=block),
                *(self._event("content_block_delta", index=index, delta=each) for each in deltas),
                self._event("content_block_stop", index=index),
            ]
        )

    def _event(self, name: str, **values: Any) -> bytes:
        return as_sse({"type": name, **values}, name)


class Ollama(Protocol):
    """Lines of JSON."""

    calls_tools = True
    content_type = "application/x-ndjson"
    finish_reasons = ("stop", "length")
    malformed = b'{"message": {"content": "half\n'

    def encode(self, script: Script) -> Iterator[bytes]:
        """The last line has the counts."""
        for step in script:
            match step:
                case Say(text):
                    yield as_line({"message": {"role": "assistant", "content": text}})
                case Think(text):
                    message = {"role": "assistant", "content": "", "thinking": text}
                    yield as_line({"message": message})
                case Call(name=name, arguments=arguments):
                    function = {"name": name, "arguments": json.loads(arguments, strict=False)}
                    message = {"role": "assistant", "content": ""}
                    yield as_line({"message": {**message, "tool_calls": [{"function": function}]}})
                case Fault(message=words):
                    yield as_line({"error": words})
                case End(reason, usage):
                    counts = {}
                    if usage is not None:
                        counts = {"prompt_eval_count": usage.input, "eval_count": usage.output}
                    yield as_line({"done": True, "done_reason": reason, **counts})

    def read(self, request: Received) -> Sent:
        """Images are bare base64 beside a turn's text."""
        body = request.json()
        turns = [turn for turn in body["messages"] if turn["role"] != "system"]
        systems = [turn["content"] for turn in body["messages"] if turn["role"] == "system"]
        options = body.get("options", {})
        return Sent(
            model=body["model"],
            turns=tuple((turn["role"], turn["content"]) for turn in turns),
            system="".join(systems),
            images=tuple(
                ("image/png", base64.b64decode(image))
                for turn in turns
                for image in turn.get("images", ())
            ),
            parameters=Parameters(
                options.get("temperature"), options.get("top_p"), options.get("num_predict")
            ),
        )

    def is_completion(self, request: Received) -> bool:
        """Others are posted too."""
        return request.path == "/api/chat"

    def models(self, rows: Sequence[Row]) -> bytes:
        """What is there, without what it can do."""
        return as_json({"models": [{"name": row.id, "model": row.id} for row in rows]})

    def error(self, status: int, message: str) -> bytes:
        """A plain text."""
        return as_json({"error": message})

    def other(self, request: Received) -> bytes | None:
        """One model's abilities, and the version."""
        if request.path == "/api/show":
            return as_json({"capabilities": ["completion"], "model_info": {}})
        return as_json({"version": "0.12.0"}) if request.path == "/api/version" else None
