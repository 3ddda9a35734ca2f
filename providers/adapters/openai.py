"""OpenAI, over Chat Completions or Responses."""

import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from providers.adapters.model_lists import Row, name_of, read_models
from providers.adapters.openai_chat import ChatDecoder, chat_messages
from providers.adapters.openai_options import (
    API_STYLE,
    REASONING_EFFORT,
    REASONING_SUMMARY,
    SERVICE_TIER,
    VERBOSITY,
)
from providers.adapters.openai_responses import ResponseDecoder, response_body
from providers.adapters.sdk import UNREAD, Answer, Decoder, SdkAdapter, unread
from providers.options import Option
from providers.types import CompletionRequest, ModelInfo, OptionValue

if TYPE_CHECKING:
    from openai import AsyncOpenAI

Style = Literal["chat", "responses"]

# Families from before OpenAI's reasoning models, and what lives on Chat Completions alone.
_OLDER = re.compile(
    r"(ft:)?(gpt-3|gpt-4|chatgpt-|gpt-audio|o1-mini|o1-preview)|.*-(chat|search)(-|$)"
)
# "Models with vision capabilities, such as gpt-4o and later" take PDFs, over both protocols:
# https://developers.openai.com/api/docs/guides/file-inputs. Which models see: each model's page.
_BLIND = re.compile(r"(ft:)?(gpt-3|gpt-4(-|$)|gpt-audio|o1-mini|o1-preview|o3-mini)|.*-search(-|$)")
_SEEING = re.compile(r"(ft:)?(chatgpt-4o|gpt-4o|gpt-4\.[15]|gpt-5|o1|o3|o4-mini)")
_FOR_REASONING = ("reasoning_effort", "reasoning_summary", "verbosity")
# Offered by the same list of models, but nothing to chat with.
_NOT_FOR_CHAT = re.compile(
    r"babbage|chatgpt-image|computer-use|dall-e|davinci|gpt-3\.5-turbo-instruct|gpt-image"
    r"|omni-moderation|sora|text-embedding|text-moderation|tts|whisper"
    # Do nothing without a tool to search with.
    r"|.*-deep-research"
    r"|.*-(audio|realtime|transcribe|tts)"
)


class OpenAIAdapter(SdkAdapter["AsyncOpenAI"]):
    """OpenAI itself, or with a base URL a server that says it is the same.

    Which protocol is spoken, unless the connection's `api_style` says so: with other servers Chat
    Completions, which all of them know. With OpenAI itself Responses, but for the families from
    before its reasoning models (GPT-4 and older, `*-chat-latest`, audio and search). Responses
    takes every model of today and is all that some of them take (`*-pro`, `*-codex*`, those for
    research); it alone can show a summary of the reasoning; and a model that comes tomorrow is more
    surely there. By the lists of the SDK: `openai.types.shared`.

    A summary is asked for only when chosen: OpenAI refuses it to organisations that are not
    verified.
    """

    kind = "openai"
    label = _("OpenAI")
    default_base_url = "https://api.openai.com/v1"
    key_page = "https://platform.openai.com/api-keys"
    preferred_models: ClassVar[tuple[str, ...]] = (
        "gpt-5.5",
        "gpt-5.4",
        "gpt-5.2",
        "gpt-5.1",
        "gpt-5",
        "gpt-4.1",
        "gpt-4o",
    )
    takes_files = True
    options: ClassVar[tuple[Option, ...]] = (
        REASONING_EFFORT,
        REASONING_SUMMARY,
        VERBOSITY,
        SERVICE_TIER,
        API_STYLE,
    )

    @property
    def is_home(self) -> bool:
        """Whether the provider itself is called, and not a server that says it is the same."""
        home, host = _host(self.default_base_url), _host(self.base_url)
        return bool(home) and (host == home or host.endswith(f".{home}"))

    @property
    def own_headers(self) -> Mapping[str, str]:
        """What every request says of us."""
        return {}

    def make_client(self) -> "AsyncOpenAI":
        """In a thread: the import is slow."""
        from openai import AsyncOpenAI

        from providers.http import http_client

        key = self.connection.api_key
        auth = {"authorization": f"Bearer {key}"} if key else {}
        return AsyncOpenAI(
            api_key=key or "none",
            base_url=self.base_url,
            max_retries=0,
            http_client=http_client(self.connection, auth=auth, headers=self.own_headers),
        )

    def open(
        self, client: "AsyncOpenAI", request: CompletionRequest
    ) -> AbstractAsyncContextManager[Answer]:
        """Always streamed.

        The SDK has a class for each protocol; together they cost 5 MB, and they walk through all
        of a request, images included. This leaves them out.
        """
        if self.style(request) == "responses":
            path, body = "/responses", self.response_parameters(request)
        else:
            path = "/chat/completions"
            body = {"messages": chat_messages(request), **self.chat_parameters(request)}
        body |= {"model": request.model, "stream": True}
        return unread(client.post(path, body=body, cast_to=object, options={"headers": UNREAD}))

    def make_decoder(self, request: CompletionRequest) -> Decoder:
        """For one stream."""
        if self.style(request) == "responses":
            return ResponseDecoder(key=self.connection.api_key)
        return ChatDecoder(key=self.connection.api_key)

    def style(self, request: CompletionRequest) -> Style:
        """Which protocol to speak; see the class."""
        chosen = request.options.get("api_style")
        if chosen in ("chat", "responses"):
            return cast(Style, chosen)
        return "responses" if self.is_home and not _OLDER.match(request.model) else "chat"

    async def list_models(self) -> list[ModelInfo]:
        """Those to chat with, in the provider's order."""
        return read_models(await self.get_json("/models"), self.read_model)

    def read_model(self, row: Row) -> ModelInfo | None:
        """One row of the list; None for a model that is not for chatting."""
        if _NOT_FOR_CHAT.match(row["id"]):
            return None
        known = _takes_files(row["id"]) if self.is_home else None
        return ModelInfo(id=row["id"], name=name_of(row), accepts_files=known)

    def chat_parameters(self, request: CompletionRequest) -> dict[str, Any]:
        """What a request over Chat Completions says beside model and messages."""
        values, options = request.parameters, self.options_for(request)
        # Servers that only speak the protocol know the older name alone; OpenAI's reasoning
        # models refuse it.
        named = {
            "temperature": values.temperature,
            "top_p": values.top_p,
            "max_completion_tokens" if self.is_home else "max_tokens": values.max_tokens,
            "reasoning_effort": options.get("reasoning_effort"),
            "verbosity": options.get("verbosity"),
            "service_tier": options.get("service_tier"),
            "stream_options": {"include_usage": True},
        }
        return {name: value for name, value in named.items() if value is not None}

    def response_parameters(self, request: CompletionRequest) -> dict[str, Any]:
        """What a request over Responses says beside the model."""
        return response_body(request, self.options_for(request))

    def options_for(self, request: CompletionRequest) -> Mapping[str, OptionValue]:
        """OpenAI's models that do not reason refuse what is for reasoning."""
        if not (self.is_home and _OLDER.match(request.model)):
            return request.options
        return {
            name: value for name, value in request.options.items() if name not in _FOR_REASONING
        }


def _takes_files(model: str) -> bool | None:
    """Whether OpenAI's API takes PDFs for it; None for families that nobody knows yet."""
    if _BLIND.match(model):
        return False
    return True if _SEEING.match(model) else None


def _host(url: str) -> str:
    """With the port. That an address is wrong is for the request to say."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
