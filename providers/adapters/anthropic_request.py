"""What Anthropic's Messages API is sent: prompt, options and cache markers. No SDK, no I/O.

Marking for the cache: https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching. What is
marked costs a quarter more once and a tenth afterwards, and is kept for minutes, so only what the
next turn sends again is marked, and only from `MIN_CACHED_TOKENS` on: the system block, and the
last two of the user's turns. The last one is what the next turn reads; the one before is what this
turn reads, also when the last one is edited or asked again.
"""

import base64
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from providers.options import Option
from providers.types import CompletionRequest, File, Image, OptionValue, Part, PromptMessage, Text

# The protocol wants a limit. This one is longer than nearly all replies and within what every
# current model allows; a reply that reaches it can be continued.
DEFAULT_MAX_TOKENS = 16_384
DEFAULT_BUDGET = 8_192
MIN_BUDGET = 1_024
ROOM_FOR_REPLY = 4_096
"""Tokens that a thinking budget leaves for the reply itself."""
MIN_CACHED_TOKENS = 1_024
"""Most models keep no shorter prompt; markers on one are ignored, at no cost."""
MARKED_TURNS = 2
IMAGE_TOKENS = 1_500
FILE_TOKENS = 3_000
"""At least: a document's page has 1,500 to 3,000 tokens of text, and is looked at besides."""

OPTIONS = (
    Option(
        name="thinking",
        label=_("Thinking"),
        type="choice",
        help=_(
            "Newer models know “as needed”, older ones “with a budget”. Leaves out temperature."
        ),
        choices=(
            ("off", _("Off")),
            ("adaptive", _("As needed")),
            ("enabled", _("With a budget")),
        ),
    ),
    Option(
        name="thinking_budget",
        label=_("Thinking budget"),
        type="integer",
        help=_("Tokens of thinking, where it has a budget."),
        minimum=MIN_BUDGET,
        maximum=100_000,
        default=DEFAULT_BUDGET,
    ),
    Option(
        name="effort",
        label=_("Effort"),
        type="choice",
        help=_("How thorough the reply is. Not every model knows every level."),
        choices=(
            ("low", _("Low")),
            ("medium", _("Medium")),
            ("high", _("High")),
            ("xhigh", _("Very high")),
            ("max", _("Highest")),
        ),
    ),
    Option(
        name="prompt_caching",
        label=_("Cache long chats"),
        type="boolean",
        help=_("Makes the next message of a long chat cheaper and faster."),
        default=True,
        per_chat=False,
    ),
    Option(
        name="cache_ttl",
        label=_("Keep the cache for"),
        type="choice",
        help=_("An hour costs more to write."),
        choices=(("5m", _("5 minutes")), ("1h", _("1 hour"))),
        default="5m",
        per_chat=False,
    ),
    Option(
        name="service_tier",
        label=_("Service tier"),
        type="choice",
        choices=(
            ("auto", _("Priority where the account has it")),
            ("standard_only", _("Standard only")),
        ),
        per_chat=False,
    ),
)


def request_body(request: CompletionRequest) -> dict[str, Any]:
    """The JSON of a streamed request."""
    options = request.options
    thinking = _thinking(options)
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_message(message) for message in request.messages],
        "max_tokens": _max_tokens(request, thinking),
        "stream": True,
    }
    if request.system.strip():
        body["system"] = [{"type": "text", "text": request.system}]
    if thinking is not None:
        body["thinking"] = thinking
    if thinking is None or thinking["type"] == "disabled":
        body |= _sampling(request)
    if "effort" in options:
        body["output_config"] = {"effort": options["effort"]}
    if "service_tier" in options:
        body["service_tier"] = options["service_tier"]
    if options.get("prompt_caching", True):
        _mark_for_cache(request, body)
    return body


def _thinking(options: Mapping[str, OptionValue]) -> dict[str, Any] | None:
    """Newer models leave their thinking out of the answer unless it is asked for."""
    match options.get("thinking"):
        case "off":
            return {"type": "disabled"}
        case "adaptive":
            return {"type": "adaptive", "display": "summarized"}
        case "enabled":
            budget = options.get("thinking_budget", DEFAULT_BUDGET)
            return {"type": "enabled", "budget_tokens": budget}
    return None


def _max_tokens(request: CompletionRequest, thinking: dict[str, Any] | None) -> int:
    """What was asked for. A budget has to be below it: it is raised where nothing would be left."""
    limit = request.parameters.max_tokens or DEFAULT_MAX_TOKENS
    budget: int = (thinking or {}).get("budget_tokens", 0)
    return max(limit, budget + min(limit, ROOM_FOR_REPLY)) if budget else limit


def _sampling(request: CompletionRequest) -> dict[str, float]:
    """The API refuses these beside thinking."""
    values = {
        "temperature": request.parameters.temperature,
        "top_p": request.parameters.top_p,
    }
    return {name: value for name, value in values.items() if value is not None}


def _message(message: PromptMessage) -> dict[str, Any]:
    return {
        "role": message.role,
        "content": [_block(part) for part in message.parts if _says_something(part)],
    }


def _says_something(part: Part) -> bool:
    """The API refuses empty texts."""
    return not isinstance(part, Text) or bool(part.text.strip())


def _block(part: Part) -> dict[str, Any]:
    match part:
        case Image():
            return {"type": "image", "source": _source(part)}
        case File():
            return {"type": "document", "source": _source(part), "title": part.name}
        case Text():
            return {"type": "text", "text": part.text}


def _source(part: Image | File) -> dict[str, str]:
    data = base64.b64encode(part.data).decode()
    return {"type": "base64", "media_type": part.media_type, "data": data}


def _mark_for_cache(request: CompletionRequest, body: dict[str, Any]) -> None:
    """Set the markers: at most three of the four that the API allows."""
    ttl = request.options.get("cache_ttl", "5m")
    marker = {"type": "ephemeral"} if ttl == "5m" else {"type": "ephemeral", "ttl": ttl}
    tokens = _tokens(request.system)
    if tokens >= MIN_CACHED_TOKENS and "system" in body:
        body["system"][-1]["cache_control"] = marker
    ends = []
    for message, sent in zip(request.messages, body["messages"], strict=True):
        tokens += sum(_part_tokens(part) for part in message.parts)
        if message.role == "user" and sent["content"] and tokens >= MIN_CACHED_TOKENS:
            ends.append(sent["content"][-1])
    for block in ends[-MARKED_TURNS:]:
        block["cache_control"] = marker


def _part_tokens(part: Part) -> int:
    match part:
        case Image():
            return IMAGE_TOKENS
        case File():
            return FILE_TOKENS
        case Text():
            return _tokens(part.text)


def _tokens(text: str) -> int:
    """About as many: four characters of English, one or two of other scripts."""
    return len(text) // 4 if text.isascii() else len(text.encode(errors="replace")) // 4
