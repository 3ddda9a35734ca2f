"""What Ollama tells of its models, as ours: capabilities, context and price. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from providers import errors
from providers.adapters.ollama_request import runs_elsewhere
from providers.adapters.sdk import clean, count
from providers.types import ModelInfo

MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """One model as `/api/tags` or `/api/show` tells of it; None means that it does not."""

    capabilities: frozenset[str] | None = None
    context: int | None = None
    elsewhere: bool = False
    """Another server runs it."""

    @property
    def is_known(self) -> bool:
        """Whether nothing more has to be asked."""
        return self.capabilities is not None and self.context is not None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Takes anything: what cannot be read is unknown."""
        capabilities = row.get("capabilities")
        known = isinstance(capabilities, list) and bool(capabilities)
        return cls(
            capabilities=frozenset(map(str, capabilities or ())) if known else None,
            context=_context(row),
            elsewhere=bool(row.get("remote_host")),
        )


def listed(answer: Mapping[str, Any]) -> dict[str, Shown]:
    """The rows of `/api/tags` by name. Raises `MalformedStreamError`."""
    rows = answer.get("models")
    if rows is None:
        rows = []  # A server without models.
    if "models" not in answer or not isinstance(rows, list):
        raise errors.MalformedStreamError(str(answer)[:80])
    named = ((row.get("model") or row.get("name"), row) for row in rows if isinstance(row, dict))
    return {
        clean(name): Shown.of(row)
        for name, row in named
        if isinstance(name, str) and clean(name).strip() and len(name) <= MAX_NAME
    }


def model_info(name: str, shown: Shown, *, cloud: bool) -> ModelInfo | None:
    """None for models that cannot chat: embeddings, pictures.

    What runs on the server itself costs nothing; what others run has a price that nobody tells.
    """
    can = shown.capabilities
    if can is not None and "completion" not in can:
        return None
    is_local = not (cloud or shown.elsewhere or runs_elsewhere(name))
    price = Decimal(0) if is_local else None
    return ModelInfo(
        id=name,
        context_window=shown.context,
        accepts_images=None if can is None else "vision" in can,
        accepts_files=False,
        supports_tools=None if can is None else "tools" in can,
        reasons=None if can is None else "thinking" in can,
        input_price=price,
        output_price=price,
    )


def _context(row: Mapping[str, Any]) -> int | None:
    """`details.context_length` in a list, `model_info."llama.context_length"` of one model."""
    for part in ("details", "model_info"):
        values = row.get(part)
        for name, value in values.items() if isinstance(values, dict) else ():
            if name == "context_length" or str(name).endswith(".context_length"):
                return count(value) or None
    return None
