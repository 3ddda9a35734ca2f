"""OpenRouter as bytes: Chat Completions with comments, its own errors, costs and list of models.

Sources: https://openrouter.ai/docs/api-reference/streaming, /errors, /list-available-models.
"""

from typing import Any, ClassVar

from tests.upstream_wire import OpenAIWire, compact

COMMENT = b": OPENROUTER PROCESSING\n\n"
COST = 0.00014
AUTO = "openrouter/auto"
PAINTER = "paint/only"


class OpenRouterWire(OpenAIWire):
    """OpenRouter's Chat Completions."""

    completions: ClassVar = ("POST", "/api/v1/chat/completions")
    catalogue: ClassVar = ("GET", "/api/v1/models")
    context_code: ClassVar = None
    reasoning_field: ClassVar = "reasoning"
    always_counts: ClassVar = True
    key_page: ClassVar = {
        "data": {"label": "sk-or-v1-abc...def", "limit": None, "usage": 1.5, "is_free_tier": False}
    }

    def start(self) -> bytes:
        """Comments keep the connection open while a provider is looked for."""
        return COMMENT + COMMENT + super().start()

    def usage(self, tokens: int) -> dict[str, Any] | str | None:
        """With the cost in credits, which are dollars."""
        usage = super().usage(tokens)
        return {**usage, "cost": COST, "is_byok": False} if isinstance(usage, dict) else usage

    def error(self, status: int, message: str, code: str | None = None) -> dict[str, Any]:
        """The status again, as a number."""
        return {"error": {"code": status, "message": message}}

    def error_event(self, message: str, code: str = "502") -> bytes:
        """A fault of the provider behind it, in the middle of a stream."""
        metadata = {"provider_name": "Example", "raw": message}
        error = {"code": int(code), "message": "Provider returned error", "metadata": metadata}
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        return f"data: {compact({'error': error, 'choices': [choice]})}\n\n".encode()

    def models(self, names: list[str]) -> dict[str, Any]:
        """With one that routes, whose price depends, and one that only paints."""
        return {"data": [_row(name) for name in [*names, AUTO, PAINTER]]}


def _row(name: str) -> dict[str, Any]:
    output = "image" if name == PAINTER else "text"
    priced = ("0.0000025", "0.00001", "0.00000025", "0.000003125")
    prices = ("-1", "-1", "-1", "-1") if name == AUTO else priced
    names = ("prompt", "completion", "input_cache_read", "input_cache_write")
    return {
        "id": name,
        "canonical_slug": name,
        "name": f"Example: {name.title()}",
        "created": 1,
        "context_length": 200_000,
        "architecture": {
            "modality": f"text+image->{output}",
            "input_modalities": ["text", "image"],
            "output_modalities": [output],
            "tokenizer": "Other",
        },
        "pricing": {**dict(zip(names, prices, strict=True)), "request": "0", "image": "0"},
        "top_provider": {
            "context_length": 128_000,
            "max_completion_tokens": 16_384,
            "is_moderated": False,
        },
        "per_request_limits": None,
        "supported_parameters": ["max_tokens", "reasoning", "temperature", "tools"],
    }
