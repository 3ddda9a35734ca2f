"""OpenRouter: many providers' models behind one key. https://openrouter.ai/docs/api-reference"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from providers.adapters.model_lists import Row, name_of, tokens_of
from providers.adapters.openai import OpenAIAdapter, Style
from providers.adapters.openai_chat import ChatDecoder, read_usage
from providers.adapters.openrouter_options import OPTIONS
from providers.adapters.sdk import mapping
from providers.options import Option
from providers.types import CompletionRequest, File, ModelInfo, Usage

# Who calls, as https://openrouter.ai/docs/app-attribution asks to be told: the program, never the
# site that runs it, whose address may be private. Nobody can own a name in `.example`.
ATTRIBUTION = {"http-referer": "https://parley.example", "x-openrouter-title": "Parley"}
MILLION = Decimal(1_000_000)
DEAREST = Decimal(1_000_000)
"""Dollars, of one call and of a million tokens: what is more is a mistake."""
ROUTING = ("sort", "data_collection", "zdr", "allow_fallbacks")


class OpenRouterAdapter(OpenAIAdapter):
    """OpenRouter, or with a base URL a server that says it is the same.

    Usage, with the cost, comes without being asked for. A list of models to fall back to is not
    passed on: which model answered would not be known; Parley's own fallback tells.
    """

    kind = "openrouter"
    label = _("OpenRouter")
    default_base_url = "https://openrouter.ai/api/v1"
    key_page = "https://openrouter.ai/settings/keys"
    preferred_models = (
        "anthropic/claude-sonnet-5.5",
        "openai/gpt-5.5",
        "anthropic/claude-sonnet-4.5",
        "openai/gpt-5.2",
        "google/gemini-2.5-pro",
        "openrouter/auto",
    )
    options: ClassVar[tuple[Option, ...]] = OPTIONS

    @property
    def own_headers(self) -> Mapping[str, str]:
        """For OpenRouter's own host only."""
        return ATTRIBUTION if self.is_home else {}

    def style(self, request: CompletionRequest) -> Style:
        """Its Responses are a beta, and give nothing more."""
        return "chat"

    def make_decoder(self, request: CompletionRequest) -> ChatDecoder:
        """For one stream."""
        return ChatDecoder(key=self.connection.api_key, read_usage=_read_usage)

    def chat_parameters(self, request: CompletionRequest) -> dict[str, Any]:
        """With the options in the shape that OpenRouter wants."""
        values, options = request.parameters, request.options
        named: dict[str, Any] = {
            "temperature": values.temperature,
            "top_p": values.top_p,
            "max_tokens": values.max_tokens,
            "verbosity": options.get("verbosity"),
            "reasoning": _reasoning(options) or None,
            "provider": _routing(options) or None,
            "plugins": _plugins(request) or None,
        }
        return {name: value for name, value in named.items() if value is not None}

    async def check_key(self) -> None:
        """Asks for the key itself: anybody may list the models."""
        await self.get_json("/key")

    def read_model(self, row: Row) -> ModelInfo | None:
        """With capabilities and prices; None for models that do not write."""
        architecture = mapping(row.get("architecture"))
        if _has(architecture.get("output_modalities"), "text") is False:
            return None
        inputs, parameters = architecture.get("input_modalities"), row.get("supported_parameters")
        provider, prices = mapping(row.get("top_provider")), mapping(row.get("pricing"))
        return ModelInfo(
            id=row["id"],
            name=name_of(row),
            # The provider that most calls go to may allow less than the model could.
            context_window=tokens_of(provider.get("context_length"), row.get("context_length")),
            max_output=tokens_of(provider.get("max_completion_tokens")),
            accepts_images=_has(inputs, "image"),
            accepts_files=_has(inputs, "file"),
            supports_tools=_has(parameters, "tools"),
            reasons=_has(parameters, "reasoning"),
            input_price=_per_million(prices.get("prompt")),
            output_price=_per_million(prices.get("completion")),
            cached_input_price=_per_million(prices.get("input_cache_read")),
            cache_write_price=_per_million(prices.get("input_cache_write")),
        )


def _reasoning(options: Mapping[str, Any]) -> dict[str, Any]:
    """OpenRouter takes an effort or a number of tokens, not both: the number says more."""
    shown = options.get("show_reasoning")
    named = {
        "enabled": options.get("reasoning"),
        "effort": None if "reasoning_tokens" in options else options.get("reasoning_effort"),
        "max_tokens": options.get("reasoning_tokens"),
        "exclude": None if shown is None else not shown,
    }
    return {name: value for name, value in named.items() if value is not None}


def _plugins(request: CompletionRequest) -> list[dict[str, Any]]:
    """Files are for models that read them: OpenRouter would have others' read at a price."""
    plugins: list[dict[str, Any]] = []
    compress = request.options.get("context_compression")
    if compress is not None:
        plugins.append({"id": "context-compression", "enabled": compress})
    if any(isinstance(part, File) for message in request.messages for part in message.parts):
        plugins.append({"id": "file-parser", "pdf": {"engine": "native"}})
    return plugins


def _routing(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of their own come before what the JSON says."""
    own = {name: options[name] for name in ROUTING if name in options}
    return mapping(options.get("provider")) | own


def _read_usage(usage: dict[str, Any]) -> Usage:
    """With the cost: credits are US dollars.

    With a key of one's own at the provider behind it, `cost` is OpenRouter's fee alone.
    """
    counted = read_usage(usage)
    cost = _dollars(usage.get("cost"))
    if usage.get("is_byok") is True:
        upstream = _dollars(mapping(usage.get("cost_details")).get("upstream_inference_cost"))
        cost = None if cost is None or upstream is None else cost + upstream
    return counted if cost is None else replace(counted, cost_micros=round(cost * MILLION))


def _dollars(value: object) -> Decimal | None:
    """An amount as a number or as decimal text; what is neither, or less than nothing, is none."""
    text = str(value)
    if len(text) > 40:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount <= DEAREST else None


def _per_million(price: object) -> Decimal | None:
    """From dollars a token; -1 stands for a price that depends."""
    amount = _dollars(price)
    if amount is None or amount * MILLION > DEAREST:
        return None
    return Decimal(f"{(amount * MILLION).normalize():f}")


def _has(names: object, name: str) -> bool | None:
    return name in names if isinstance(names, list) else None
