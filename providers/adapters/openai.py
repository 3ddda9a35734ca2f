"""OpenAI, over Chat Completions: https://platform.openai.com/docs/api-reference/chat."""

import base64
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar, cast

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
    from openai import AsyncOpenAI

DEFAULT_BASE_URL = "https://api.openai.com/v1"
FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
# Offered by the same list of models, but nothing to chat with.
NOT_FOR_CHAT = (
    "babbage",
    "dall-e",
    "davinci",
    "gpt-image",
    "omni-moderation",
    "sora",
    "text-embedding",
    "text-moderation",
    "tts",
    "whisper",
)
NOT_FOR_CHAT_ANYWHERE = ("-audio", "-realtime", "-transcribe", "-tts", "-instruct")


class OpenAIAdapter(SdkAdapter["AsyncOpenAI"]):
    """OpenAI itself, or with a base URL a server that says it is the same."""

    kind = "openai"
    label = _("OpenAI")
    default_base_url = DEFAULT_BASE_URL
    preferred_models: ClassVar[tuple[str, ...]] = (
        "gpt-5.5",
        "gpt-5.4",
        "gpt-5.2",
        "gpt-5.1",
        "gpt-5",
        "gpt-4.1",
        "gpt-4o",
    )

    def make_client(self) -> "AsyncOpenAI":
        """In a thread: the import and the first use of its parts are slow."""
        from openai import AsyncOpenAI

        from providers.http import http_client

        key = self.connection.api_key
        client = AsyncOpenAI(
            api_key=key or "none",
            base_url=self.base_url,
            max_retries=0,
            http_client=http_client(
                self.connection, auth={"authorization": f"Bearer {key}"} if key else {}
            ),
        )
        _ = client.chat.completions.with_streaming_response
        return client

    def open(
        self, client: "AsyncOpenAI", request: CompletionRequest
    ) -> AbstractAsyncContextManager[Answer]:
        """Always streamed, with the usage in the last event."""
        create: Any = client.chat.completions.with_streaming_response.create
        answer = create(
            model=request.model,
            messages=_messages(request),
            stream=True,
            stream_options={"include_usage": True},
            **self._parameters(request),
        )
        return cast(AbstractAsyncContextManager[Answer], answer)

    def make_decoder(self, request: CompletionRequest) -> "ChatDecoder":
        """For one stream."""
        return ChatDecoder(key=self.connection.api_key)

    async def list_models(self) -> list[ModelInfo]:
        """Those to chat with, in the provider's order."""
        import httpx2

        async with self.translated(), fresh(self.make_client) as client:
            answer = await client.get("/models", cast_to=httpx2.Response)
            return [model for model in _models(answer) if _is_for_chat(model.id)]

    def _parameters(self, request: CompletionRequest) -> dict[str, object]:
        values = request.parameters
        # Servers that only speak the protocol know the older name alone; OpenAI's reasoning
        # models refuse it.
        own = self.base_url.rstrip("/") == DEFAULT_BASE_URL
        named = {
            "temperature": values.temperature,
            "top_p": values.top_p,
            "max_completion_tokens" if own else "max_tokens": values.max_tokens,
        }
        return {name: value for name, value in named.items() if value is not None}


class ChatDecoder:
    """Events of a Chat Completions stream."""

    def __init__(self, *, key: str) -> None:
        self.finish_reason: FinishReason | None = None
        self.finished = False
        self._key = key

    def feed(self, event: dict[str, Any]) -> Iterator[AdapterEvent]:
        """See `sdk.Decoder`. The stream ends with `[DONE]`, which is no JSON."""
        if event.get("error"):
            raise failures.from_event(event, key=self._key)
        for choice in event.get("choices") or ():
            if choice.get("index", 0) == 0:
                yield from self._choice(choice)
        if usage := event.get("usage"):
            yield _usage(usage)

    def _choice(self, choice: dict[str, Any]) -> Iterator[AdapterEvent]:
        delta = choice.get("delta") or {}
        # Not OpenAI's own: DeepSeek and vLLM say the first, OpenRouter and Ollama the second.
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if reasoning and (text := clean(reasoning)):
            yield ReasoningDelta(text)
        content = delta.get("content") or delta.get("refusal")
        if content and (text := clean(content)):
            yield TextDelta(text)
        if reason := choice.get("finish_reason"):
            self.finish_reason = FINISH_REASONS.get(reason, "other")


def _messages(request: CompletionRequest) -> list[dict[str, object]]:
    messages: list[dict[str, object]] = []
    if request.system:
        messages.append({"role": "system", "content": request.system})
    for message in request.messages:
        if any(isinstance(part, Image) for part in message.parts):
            content: object = [_part(part) for part in message.parts]
        else:
            # Many servers that speak the protocol accept a plain text only.
            content = "\n\n".join(
                part.text for part in message.parts if not isinstance(part, Image)
            )
        messages.append({"role": message.role, "content": content})
    return messages


def _part(part: Part) -> dict[str, object]:
    if isinstance(part, Image):
        data = base64.b64encode(part.data).decode()
        url = f"data:{part.media_type};base64,{data}"
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "text", "text": part.text}


def _usage(usage: dict[str, Any]) -> Usage:
    prompt = usage.get("prompt_tokens_details") or {}
    completion = usage.get("completion_tokens_details") or {}
    return Usage(
        input_tokens=count(usage.get("prompt_tokens")),
        output_tokens=count(usage.get("completion_tokens")),
        cached_tokens=count(prompt.get("cached_tokens")),
        reasoning_tokens=count(completion.get("reasoning_tokens")),
    )


def _models(answer: Any) -> list[ModelInfo]:
    try:
        rows = answer.json()["data"]
        return [
            ModelInfo(id=clean(str(row["id"]))[:200], name=clean(str(row.get("name") or ""))[:200])
            for row in rows
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise errors.MalformedStreamError(answer.text[:80]) from error


def _is_for_chat(model: str) -> bool:
    return not model.startswith(NOT_FOR_CHAT) and not any(
        part in model for part in NOT_FOR_CHAT_ANYWHERE
    )
