"""Provider-neutral values: what goes into a completion and what comes out of it.

Plain frozen dataclasses; no Django, no SDK. An adapter turns a `CompletionRequest` into its SDK's
call and the SDK's stream into `Event`s.
"""

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["user", "assistant"]
FinishReason = Literal["stop", "length", "content_filter", "tool_calls", "other"]


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image given to the model: raw bytes and their media type, e.g. ``image/png``."""

    data: bytes
    media_type: str


Part = Text | Image


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


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Text to append to the reply. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """Text to append to the model's visible reasoning. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens counted by the provider, cumulative for the call. The last one wins.

    `input_tokens` includes cached ones, `output_tokens` includes reasoning.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Retrying:
    """The call failed before its first token and is tried again after `delay` seconds.

    Emitted by `providers.completion`, never by an adapter. `reason` is a sentence for the user.
    """

    attempt: int
    delay: float
    reason: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The provider ended the reply by itself. The last event of a stream that ended well."""

    reason: FinishReason


AdapterEvent = TextDelta | ReasoningDelta | Usage | Finish
Event = AdapterEvent | Retrying


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
    """One model that a provider offers. `id` is the provider's own name."""

    id: str
    name: str = ""
    context_window: int | None = None
    accepts_images: bool | None = None
