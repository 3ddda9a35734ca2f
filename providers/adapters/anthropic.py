"""Anthropic, over Messages: https://docs.anthropic.com/en/api/messages-streaming."""

import base64
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, cast

from django.utils.translation import gettext_lazy as _

from providers import errors
from providers.adapters import failures
from providers.adapters.sdk import Answer, SdkAdapter, clean, count
from providers.clients import fresh
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    FinishReason,
    Image,
    ModelInfo,
    Part,
    ReasoningDelta,
    TextDelta,
    Usage,
)

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

# The protocol wants a limit. This one is longer than nearly all replies and within what every
# current model allows; a reply that reaches it can be continued.
DEFAULT_MAX_TOKENS = 16_384
FINISH_REASONS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "tool_use": "tool_calls",
}


class AnthropicAdapter(SdkAdapter["AsyncAnthropic"]):
    """Anthropic itself, or with a base URL a server that says it is the same."""

    kind = "anthropic"
    label = _("Anthropic")
    default_base_url = "https://api.anthropic.com"
    preferred_models = (
        "claude-sonnet-5-5",
        "claude-sonnet-5",
        "claude-sonnet-4-6",
        "claude-sonnet-4-5",
        "claude-opus-5-5",
    )

    def make_client(self) -> "AsyncAnthropic":
        """In a thread: the import and the first use of its parts are slow."""
        from anthropic import AsyncAnthropic

        from providers.http import http_client

        key = self.connection.api_key
        client = AsyncAnthropic(
            api_key=key or "none",
            base_url=self.base_url,
            max_retries=0,
            http_client=http_client(self.connection, auth={"x-api-key": key} if key else {}),
        )
        _ = client.messages.with_streaming_response
        return client

    def open(
        self, client: "AsyncAnthropic", request: CompletionRequest
    ) -> AbstractAsyncContextManager[Answer]:
        """Always streamed."""
        values = request.parameters
        # Newer models know no sampling parameters, and so neither does the SDK; older ones do.
        sampling = {"temperature": values.temperature, "top_p": values.top_p}
        create: Any = client.messages.with_streaming_response.create
        answer = create(
            model=request.model,
            messages=_messages(request),
            max_tokens=values.max_tokens or DEFAULT_MAX_TOKENS,
            stream=True,
            extra_body={name: value for name, value in sampling.items() if value is not None},
            **({"system": request.system} if request.system else {}),
        )
        return cast(AbstractAsyncContextManager[Answer], answer)

    def make_decoder(self, request: CompletionRequest) -> "MessageDecoder":
        """For one stream."""
        return MessageDecoder(key=self.connection.api_key)

    async def list_models(self) -> list[ModelInfo]:
        """The first thousand."""
        import httpx2

        async with self.translated(), fresh(self.make_client) as client:
            answer = await client.get("/v1/models?limit=1000", cast_to=httpx2.Response)
            return _models(answer)


class MessageDecoder:
    """Events of a Messages stream."""

    def __init__(self, *, key: str) -> None:
        self.finish_reason: FinishReason | None = None
        self.finished = False
        self._key = key
        self._usage: dict[str, object] = {}
        self._stop_reason: FinishReason = "other"

    def feed(self, event: dict[str, Any]) -> Iterator[AdapterEvent]:
        """See `sdk.Decoder`. Kinds of event that are not known mean nothing, as the API asks."""
        match event["type"]:
            case "content_block_delta":
                yield from _delta(event["delta"])
            case "message_start":
                yield from self._count(event["message"].get("usage"))
            case "message_delta":
                reason = event["delta"].get("stop_reason")
                self._stop_reason = FINISH_REASONS.get(reason, "other")
                yield from self._count(event.get("usage"))
            case "message_stop":
                self.finish_reason, self.finished = self._stop_reason, True
            case "error":
                raise failures.from_event(event, key=self._key)

    def _count(self, usage: dict[str, Any] | None) -> Iterator[Usage]:
        """Later counts replace earlier ones; what is not repeated stays."""
        if not usage:
            return
        self._usage.update({name: n for name, n in usage.items() if n is not None})
        cached = count(self._usage.get("cache_read_input_tokens"))
        written = count(self._usage.get("cache_creation_input_tokens"))
        yield Usage(
            input_tokens=count(self._usage.get("input_tokens")) + cached + written,
            output_tokens=count(self._usage.get("output_tokens")),
            cached_tokens=cached,
        )


def _delta(delta: dict[str, Any]) -> Iterator[AdapterEvent]:
    if delta["type"] == "text_delta" and (text := clean(delta["text"])):
        yield TextDelta(text)
    elif delta["type"] == "thinking_delta" and (text := clean(delta["thinking"])):
        yield ReasoningDelta(text)


def _messages(request: CompletionRequest) -> list[dict[str, object]]:
    return [
        {"role": message.role, "content": [_part(part) for part in message.parts if _says(part)]}
        for message in request.messages
    ]


def _says(part: Part) -> bool:
    """The API refuses empty texts."""
    return isinstance(part, Image) or bool(part.text.strip())


def _part(part: Part) -> dict[str, object]:
    if isinstance(part, Image):
        data = base64.b64encode(part.data).decode()
        source = {"type": "base64", "media_type": part.media_type, "data": data}
        return {"type": "image", "source": source}
    return {"type": "text", "text": part.text}


def _models(answer: Any) -> list[ModelInfo]:
    try:
        rows = answer.json()["data"]
        return [
            ModelInfo(
                id=clean(str(row["id"]))[:200],
                name=clean(str(row.get("display_name") or ""))[:200],
                context_window=count(row.get("max_input_tokens")) or None,
                accepts_images=_accepts_images(row),
            )
            for row in rows
            if row.get("lifecycle") != "retired"
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise errors.MalformedStreamError(answer.text[:80]) from error


def _accepts_images(row: dict[str, Any]) -> bool | None:
    support = (row.get("capabilities") or {}).get("image_input") or {}
    supported: bool | None = support.get("supported")
    return supported
