"""Provider-neutral values: what goes into a completion and what comes out of it.

Plain frozen dataclasses; no Django, no SDK. An adapter turns a `CompletionRequest` into its SDK's
call and the SDK's stream into `Event`s.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from typing import Any, Literal, Self

Role = Literal["user", "assistant"]
FinishReason = Literal["stop", "length", "content_filter", "tool_calls", "other"]
OptionValue = bool | int | float | str | dict[str, Any] | list[Any]


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image given to the model: raw bytes and their media type, e.g. ``image/png``."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class File:
    """A document given as it is, to a model with `accepts_files`: raw bytes, type and name."""

    data: bytes
    media_type: str
    name: str


Part = Text | Image | File


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One turn of the conversation, oldest first in a request."""

    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Parameters:
    """Sampling parameters; ``None`` leaves the provider's own default."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """All that a provider is told. `model` is the provider's own name, without our prefix."""

    model: str
    messages: tuple[PromptMessage, ...]
    system: str = ""
    parameters: Parameters = field(default_factory=Parameters)
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    """What was chosen of the adapter's own `options`, checked against them; others are absent."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Text to append to the reply. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """Text to append to the model's visible reasoning. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """Something that the reply rests on. All of it is the provider's word: hostile until shown."""

    url: str
    title: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model called: by itself at the provider's, with a result, or by asking us."""

    id: str
    name: str
    arguments: str
    """JSON, as the model wrote it."""
    result: str | None = None
    """None while nobody ran it."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens counted by the provider, cumulative for the call. The last one wins.

    `input_tokens` includes cached ones, `output_tokens` includes reasoning.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    """Read from the provider's cache, at a lower price."""
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0
    """Written to the provider's cache, at a higher price."""
    cost_micros: int | None = None
    """What the provider says it charged, in millionths of a US dollar."""


@dataclass(frozen=True, slots=True)
class Retrying:
    """The call failed before its first token and is tried again after `delay` seconds.

    Emitted by `providers.completion`, never by an adapter. `reason` is a sentence for the user.
    """

    attempt: int
    delay: float
    reason: str


@dataclass(frozen=True, slots=True)
class FellBack:
    """The model that was asked failed before its first token; another one is asked instead.

    Emitted by `providers.completion`, never by an adapter. Names are `provider/model`; `reason` is
    a sentence for the user, `kind` the error's, `detail` the provider's own words (untrusted).
    """

    failed_model: str
    model: str
    reason: str
    kind: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """The provider ended the reply by itself. The last event of a stream that ended well."""

    reason: FinishReason


AdapterEvent = TextDelta | ReasoningDelta | Source | ToolCall | Usage | Finish
Event = AdapterEvent | Retrying | FellBack


@dataclass(frozen=True, slots=True)
class Connection:
    """Where and as whom to call a provider. `api_key` never appears in `repr`."""

    slug: str
    api_key: str = field(default="", repr=False)
    base_url: str = ""
    trusted: bool = False
    """True when the administrator set the address (environment): the address guard is off."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model that a provider offers. `None` means unknown: never no, never zero.

    Prices are in US dollars per million tokens, which is millionths of a dollar per token.
    """

    id: str
    """The provider's own name."""
    name: str = ""
    context_window: int | None = None
    """Tokens of prompt and reply together."""
    max_output: int | None = None
    """Tokens of the longest reply."""
    accepts_images: bool | None = None
    accepts_files: bool | None = None
    """Takes PDFs and the like as they are."""
    supports_tools: bool | None = None
    reasons: bool | None = None
    """Can show its reasoning."""
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    cached_input_price: Decimal | None = None
    """For what is read from the provider's cache; unknown: as other input."""
    cache_write_price: Decimal | None = None
    """For what is written to the provider's cache; unknown: as other input."""
    priced_up_to: int | None = None
    """Tokens of input up to which these prices hold; what longer ones cost is not known."""

    def as_json(self) -> dict[str, Any]:
        """What is known, as JSON values; prices as decimal text."""
        return {
            name: str(value) if isinstance(value, Decimal) else value
            for name, value in asdict(self).items()
            if value not in (None, "")
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `as_json`; what an older version stored and is not known now is left."""
        known: dict[str, Any] = {
            name: Decimal(value) if name.endswith("_price") else value
            for name, value in values.items()
            if value is not None and name in _MODEL_FIELDS
        }
        return cls(**known)


_MODEL_FIELDS = frozenset(each.name for each in fields(ModelInfo))
