"""Chat Completions: https://platform.openai.com/docs/api-reference/chat. What a request says and
what its stream means; the variants of the many servers that speak the protocol are read too."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

from providers import errors
from providers.adapters import failures
from providers.adapters.sdk import clean, count, mapping
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    File,
    FinishReason,
    Image,
    Part,
    ReasoningDelta,
    Text,
    TextDelta,
    Usage,
)

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
        if reason := choice.get("finish_reason"):
            if reason == "error":
                raise errors.OverloadedError
            self.finish_reason = FINISH_REASONS.get(reason, "other")


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
