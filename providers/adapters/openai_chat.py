"""Chat Completions: https://platform.openai.com/docs/api-reference/chat. What a request says and
what its stream means; the variants of the many servers that speak the protocol are read too."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

from providers import errors
from providers.adapters import failures
from providers.adapters.sdk import as_json, clean, count, mapping, rows, said
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    File,
    FinishReason,
    Image,
    Part,
    ReasoningDelta,
    Source,
    Text,
    TextDelta,
    ToolCall,
    Usage,
)

MOST_CALLS = 128
"""Of tools in one reply; what more are asked for is not kept."""
MOST_OF_ARGUMENTS = 200_000
"""Characters of one call's arguments. They are gathered from many pieces."""
FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}


def read_usage(usage: dict[str, Any]) -> Usage:
    """Tokens as OpenAI counts them; figures that are none count as zero."""
    prompt = mapping(usage.get("prompt_tokens_details"))
    completion = mapping(usage.get("completion_tokens_details"))
    return Usage(
        input_tokens=count(usage.get("prompt_tokens")),
        output_tokens=count(usage.get("completion_tokens")),
        cached_tokens=count(prompt.get("cached_tokens")),
        reasoning_tokens=count(completion.get("reasoning_tokens")),
        cache_write_tokens=count(prompt.get("cache_write_tokens")),
    )


class ChatDecoder:
    """Events of a Chat Completions stream."""

    def __init__(
        self, *, key: str, read_usage: Callable[[dict[str, Any]], Usage] = read_usage
    ) -> None:
        self.finish_reason: FinishReason | None = None
        self.finished = False
        self._key = key
        self._read_usage = read_usage
        self._calls: list[_Call] = []

    def feed(self, event: dict[str, Any]) -> Iterator[AdapterEvent]:
        """See `sdk.Decoder`. The stream ends with `[DONE]`, which is no JSON."""
        if event.get("error"):
            raise failures.from_event(event, key=self._key)
        for choice in event.get("choices") or ():
            if choice.get("index", 0) == 0:
                yield from self._choice(choice)
        # A reply must not be lost because its bill makes no sense.
        if (usage := event.get("usage")) and isinstance(usage, dict):
            yield self._read_usage(usage)

    def _choice(self, choice: dict[str, Any]) -> Iterator[AdapterEvent]:
        delta = choice.get("delta") or {}
        # Not OpenAI's own: DeepSeek and vLLM say the first, OpenRouter and Ollama the second.
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if reasoning and (text := clean(reasoning)):
            yield ReasoningDelta(text)
        content = delta.get("content") or delta.get("refusal")
        if isinstance(content, list):
            yield from _parts(content)
        elif content and (text := clean(content)):
            yield TextDelta(text)
        yield from url_citations(delta.get("annotations"))
        for piece in rows(delta.get("tool_calls")):
            self._gather(piece)
        if reason := choice.get("finish_reason"):
            if reason == "error":
                raise errors.OverloadedError
            self.finish_reason = FINISH_REASONS.get(reason, "other")
            yield from (call.done() for call in self._calls)
            self._calls.clear()

    def _gather(self, piece: dict[str, Any]) -> None:
        """Pieces of a call share its index. Some servers number none, and say each whole."""
        index, name = piece.get("index"), said(piece.get("id"))
        call = next((each for each in reversed(self._calls) if each.index == index), None)
        if call is None or (name and name != call.id):
            if len(self._calls) == MOST_CALLS:
                return
            call = _Call(index, name)
            self._calls.append(call)
        call.add(mapping(piece.get("function")))


class _Call:
    """A call of a tool whose pieces are coming in."""

    def __init__(self, index: object, name: str) -> None:
        self.index, self.id = index, name
        self._name = ""
        self._arguments: list[str] = []
        self._length = 0

    def add(self, function: dict[str, Any]) -> None:
        """The name comes once, the arguments bit by bit; some servers send an object."""
        self._name = self._name or said(function.get("name"))
        piece = as_json(function.get("arguments") or "")
        if self._length < MOST_OF_ARGUMENTS:
            self._length += len(piece)
            self._arguments.append(piece)

    def done(self) -> ToolCall:
        """Nobody has run it: that would be for us."""
        return ToolCall(self.id, self._name, clean("".join(self._arguments)))


def url_citations(annotations: object) -> Iterator[Source]:
    """Of both protocols: Responses says it flatly. OpenRouter adds what the page said."""
    for annotation in rows(annotations):
        if annotation.get("type") == "url_citation":
            found = mapping(annotation.get("url_citation")) or annotation
            title, quote = said(found.get("title")), said(found.get("content"))
            yield Source(said(found.get("url")), title, quote)


def chat_messages(request: CompletionRequest) -> list[dict[str, object]]:
    """The system prompt and the turns."""
    messages: list[dict[str, object]] = []
    if request.system:
        messages.append({"role": "system", "content": request.system})
    for message in request.messages:
        if is_plain(message.parts):
            content: object = joined_text(message.parts)
        else:
            content = [_part(part) for part in message.parts]
        messages.append({"role": message.role, "content": content})
    return messages


def is_plain(parts: tuple[Part, ...]) -> bool:
    """Whether a turn is nothing but text: many servers accept only that."""
    return all(isinstance(part, Text) for part in parts)


def joined_text(parts: tuple[Part, ...]) -> str:
    """The texts of a turn as one."""
    return "\n\n".join(part.text for part in parts if isinstance(part, Text))


def data_url(part: Image | File) -> str:
    """An image or a file as it stands in a request."""
    return f"data:{part.media_type};base64,{base64.b64encode(part.data).decode()}"


def _part(part: Part) -> dict[str, object]:
    match part:
        case Image():
            return {"type": "image_url", "image_url": {"url": data_url(part)}}
        case File():
            return {"type": "file", "file": {"filename": part.name, "file_data": data_url(part)}}
        case Text():
            return {"type": "text", "text": part.text}


def _parts(parts: list[dict[str, Any]]) -> Iterator[AdapterEvent]:
    """Mistral's reasoning models send a list: of texts, and of thoughts that are lists again."""
    for part in parts:
        if part.get("type") == "thinking":
            thoughts = "".join(thought.get("text") or "" for thought in part["thinking"])
            if text := clean(thoughts):
                yield ReasoningDelta(text)
        elif text := clean(part.get("text") or ""):
            yield TextDelta(text)
