"""Anthropic, over Messages: https://docs.anthropic.com/en/api/messages-streaming."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, cast

from django.utils.translation import gettext_lazy as _

from providers.adapters import failures
from providers.adapters.anthropic_request import OPTIONS, request_body
from providers.adapters.anthropic_tools import ToolBlocks, citations
from providers.adapters.model_lists import Row, name_of, read_models, tokens_of
from providers.adapters.sdk import Answer, SdkAdapter, clean, count, mapping
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    FinishReason,
    ModelInfo,
    ReasoningDelta,
    TextDelta,
    Usage,
)

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

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
    key_page = "https://console.anthropic.com/settings/keys"
    preferred_models = (
        "claude-sonnet-5-5",
        "claude-sonnet-5",
        "claude-sonnet-4-6",
        "claude-sonnet-4-5",
        "claude-opus-5-5",
    )
    takes_files = True
    options = OPTIONS

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
        body = request_body(request)
        create: Any = client.messages.with_streaming_response.create
        answer = create(
            model=body.pop("model"),
            messages=body.pop("messages"),
            max_tokens=body.pop("max_tokens"),
            stream=body.pop("stream"),
            # The rest as it is: the SDK knows no sampling parameters, as newer models do not, and
            # warns of what older models still need.
            extra_body=body,
        )
        return cast(AbstractAsyncContextManager[Answer], answer)

    def make_decoder(self, request: CompletionRequest) -> "MessageDecoder":
        """For one stream."""
        return MessageDecoder(key=self.connection.api_key)

    async def list_models(self) -> list[ModelInfo]:
        """The first thousand."""
        return read_models(await self.get_json("/v1/models?limit=1000"), _model)


class MessageDecoder:
    """Events of a Messages stream."""

    def __init__(self, *, key: str) -> None:
        self.finish_reason: FinishReason | None = None
        self.finished = False
        self._key = key
        self._usage: dict[str, object] = {}
        self._stop_reason: FinishReason = "other"
        self._tools = ToolBlocks()

    def feed(self, event: dict[str, Any]) -> Iterator[AdapterEvent]:
        """See `sdk.Decoder`. Kinds of event that are not known mean nothing, as the API asks."""
        match event["type"]:
            case "content_block_delta":
                yield from self._delta(event["delta"], event.get("index"))
            case "content_block_start":
                yield from self._tools.start(event.get("index"), mapping(event["content_block"]))
            case "content_block_stop":
                yield from self._tools.stop(event.get("index"))
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

    def _delta(self, delta: dict[str, Any], index: object) -> Iterator[AdapterEvent]:
        """Signatures, and thinking that is only sent encrypted, say nothing to people."""
        match delta["type"]:
            case "text_delta":
                if text := clean(delta["text"]):
                    yield TextDelta(text)
            case "thinking_delta":
                if text := clean(delta["thinking"]):
                    yield ReasoningDelta(text)
            case "citations_delta":
                yield from citations(mapping(delta.get("citation")))
            case "input_json_delta":
                self._tools.add(index, delta.get("partial_json"))

    def _count(self, usage: dict[str, Any] | None) -> Iterator[Usage]:
        """Later counts replace earlier ones; what is not repeated stays."""
        if not usage:
            return
        self._usage.update({name: n for name, n in usage.items() if n is not None})
        cached = count(self._usage.get("cache_read_input_tokens"))
        written = count(self._usage.get("cache_creation_input_tokens"))
        details = self._usage.get("output_tokens_details")
        thought = details.get("thinking_tokens") if isinstance(details, dict) else 0
        yield Usage(
            input_tokens=count(self._usage.get("input_tokens")) + cached + written,
            output_tokens=count(self._usage.get("output_tokens")),
            cached_tokens=cached,
            reasoning_tokens=count(thought),
            cache_write_tokens=written,
        )


def _model(row: Row) -> ModelInfo | None:
    if row.get("lifecycle") == "retired":
        return None
    return ModelInfo(
        id=row["id"],
        name=name_of(row),
        context_window=tokens_of(row.get("max_input_tokens")),
        max_output=tokens_of(row.get("max_tokens")),
        accepts_images=_supports(row, "image_input"),
        accepts_files=_supports(row, "pdf_input"),
        # Models that run the server's tools run ours; of others nothing is said.
        supports_tools=_supports(row, "server_tools") or None,
        reasons=_supports(row, "thinking"),
    )


def _supports(row: Row, capability: str) -> bool | None:
    """None where the provider does not say."""
    supported = mapping(mapping(row.get("capabilities")).get(capability)).get("supported")
    return supported if isinstance(supported, bool) else None
