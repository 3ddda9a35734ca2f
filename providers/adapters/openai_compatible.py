"""Any server that speaks Chat Completions: llama.cpp, vLLM, LM Studio, a company's gateway."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from providers import errors
from providers.adapters.model_lists import Row, compatible_model
from providers.adapters.openai import OpenAIAdapter
from providers.adapters.openai_options import API_STYLE
from providers.options import Option
from providers.types import AdapterEvent, CompletionRequest, ModelInfo

# What a conversation says stays what it says, and is kept nowhere else; answers that are not
# streamed are not read. `tools` may be given: there are servers that run them themselves.
PROTECTED = frozenset(
    {
        "background",
        "conversation",
        "input",
        "instructions",
        "messages",
        "model",
        "previous_response_id",
        "prompt",
        "store",
        "stream",
    }
)


class OpenAICompatibleAdapter(OpenAIAdapter):
    """A server named by its base URL; a key is needed only where the server wants one.

    Some servers refuse `stream_options`, by which the counting of tokens is asked for. When one
    names it in its refusal, the request is made once more without it; the refused one did nothing.
    The option `include_usage` saves that request.
    """

    kind = "openai_compatible"
    label = _("OpenAI-compatible server")
    needs_key = False
    needs_base_url = True
    default_base_url = ""
    key_page = ""
    preferred_models = ()
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            "reasoning_effort",
            _("Reasoning effort"),
            "text",
            help=_("Where the server knows it: low, medium or high, for example."),
        ),
        API_STYLE,
        Option(
            "max_tokens_name",
            _("Name of the length limit"),
            "choice",
            help=_("What the server calls the largest number of tokens of a reply."),
            choices=(
                ("max_tokens", "max_tokens"),
                ("max_completion_tokens", "max_completion_tokens"),
            ),
            default="max_tokens",
            per_chat=False,
        ),
        Option(
            "include_usage",
            _("Ask for token counts"),
            "boolean",
            help=_("Choose no for a server that refuses stream_options."),
            default=True,
            per_chat=False,
        ),
        Option(
            "extra_body",
            _("More parameters"),
            "json",
            help=_(
                "A JSON object that is added to every request, for example "
                '{"top_k": 20}. It cannot change the model, the conversation or whether the server '
                "is asked to store it."
            ),
            per_chat=False,
        ),
    )

    @property
    def base_url(self) -> str:
        """Has no default: a key must not go to OpenAI because an address is missing."""
        if not self.connection.base_url:
            raise errors.AddressRefusedError
        return self.connection.base_url

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[AdapterEvent, None]:
        """One upstream request, or two: see the class."""
        try:
            async with aclosing(super().stream(request)) as events:
                async for event in events:
                    yield event
            return
        except errors.BadRequestError as error:
            if not _asks_for_usage(request) or "stream_options" not in error.detail:
                raise
        plain = replace(request, options={**request.options, "include_usage": False})
        async with aclosing(super().stream(plain)) as events:
            async for event in events:
                yield event

    def read_model(self, row: Row) -> ModelInfo | None:
        """With what the server says of it."""
        return compatible_model(row) if super().read_model(row) else None

    def chat_parameters(self, request: CompletionRequest) -> dict[str, Any]:
        """What was chosen for this server comes last."""
        body = super().chat_parameters(request)
        if not _asks_for_usage(request):
            del body["stream_options"]
        name = request.options.get("max_tokens_name", "max_tokens")
        if "max_tokens" in body:
            body[str(name)] = body.pop("max_tokens")
        return body | _extra(request)

    def response_parameters(self, request: CompletionRequest) -> dict[str, Any]:
        """What was chosen for this server comes last."""
        return super().response_parameters(request) | _extra(request)


def _asks_for_usage(request: CompletionRequest) -> bool:
    return request.options.get("include_usage") is not False


def _extra(request: CompletionRequest) -> dict[str, Any]:
    extra = request.options.get("extra_body")
    if not isinstance(extra, dict):
        return {}
    return {name: value for name, value in extra.items() if name not in PROTECTED}
