"""What a file says of a conversation or a message beside its text: checked, or left out.

A file is anyone's word. Columns get values of their own type and range, JSON columns the shapes
that pages rely on, and nobody is named as owner or author.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from django.core.exceptions import ValidationError

from chats.conversations import check_parameters
from chats.importing.neutral import FoundConversation, FoundMessage
from chats.models import Conversation, Message
from chats.texts import clean_text, on_one_line

_TOKENS: Final = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
_MOMENTS: Final = ("started_at", "first_token_at", "finished_at")
_MOST: Final = 2_000_000_000
_MOST_MICROS: Final = 10**15
_OPTIONS: Final = 50
_WORDS: Final = 2_000
_WORDS_OF_ERROR: Final = ("kind", "message", "hint", "detail")


def when(seconds: object, *, latest: datetime) -> datetime | None:
    """A moment, not after `latest`."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return min(datetime.fromtimestamp(seconds, UTC), latest)


def line(value: object, limit: int) -> str:
    """A text on one line, cut; empty for anything else."""
    return on_one_line(value[: 4 * limit])[:limit] if isinstance(value, str) else ""


def of_conversation(found: FoundConversation) -> dict[str, Any]:
    """Parameters, options and who gave the title."""
    facts = found.facts
    parameters = {
        "temperature": _number(facts.get("temperature")),
        "top_p": _number(facts.get("top_p")),
        "max_tokens": _count(facts.get("max_tokens")),
    }
    for name, value in parameters.items():
        try:
            check_parameters(**{**dict.fromkeys(parameters), name: value})  # type: ignore[arg-type]
        except ValidationError:
            parameters[name] = None
    source = facts.get("title_source")
    known = isinstance(source, str) and source in Conversation.TitleSource
    given = Conversation.TitleSource.MODEL if found.title else Conversation.TitleSource.WORDS
    return {
        **parameters,
        "options": _options(facts.get("options")),
        "fallback_model": line(facts.get("fallback_model"), 251),
        "title_source": source if known else given,
    }


def of_message(found: FoundMessage, *, conversation_id: UUID, latest: datetime) -> dict[str, Any]:
    """What only Parley's own format knows of a message, and the author's name as a text."""
    facts = found.facts
    values: dict[str, Any] = {name: _count(facts.get(name)) for name in _TOKENS}
    values |= {name: when(facts.get(name), latest=latest) for name in _MOMENTS}
    values["cost_micros"] = _count(facts.get("cost_micros"), most=_MOST_MICROS)
    values["reasoning_ms"] = _count(facts.get("reasoning_ms"))
    values["finish_reason"] = line(facts.get("finish_reason"), 20)
    rating = facts.get("rating")
    is_rated = isinstance(rating, int) and rating in Message.Rating.values
    values["rating"] = rating if is_rated else None
    values["rating_note"] = clean_text(_text(facts.get("rating_note"), 1000))
    comparison = line(facts.get("comparison"), 100)
    order = _count(facts.get("comparison_order"), most=100)
    if comparison and order is not None and found.role == Message.Role.ASSISTANT:
        values["comparison"] = uuid5(conversation_id, f"comparison:{comparison}")
        values["comparison_order"] = order
    values["error"] = _error(facts.get("error"))
    values["metadata"] = _metadata(facts.get("metadata"))
    if found.author:
        values["metadata"]["author"] = line(found.author, 100)
    return values


def _text(value: object, limit: int = _WORDS) -> str:
    return clean_text(value[:limit]) if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _MOST and math.isfinite(value) else None


def _count(value: object, *, most: int = _MOST) -> int | None:
    is_one = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
    return value if is_one else None  # type: ignore[return-value]


def _options(value: object) -> dict[str, Any]:
    """As `Conversation.options`: plain values by name."""
    options: dict[str, Any] = {}
    for name, chosen in (value if isinstance(value, dict) else {}).items():
        if len(options) >= _OPTIONS:
            break
        if isinstance(chosen, bool):
            options[line(name, 100)] = chosen
        elif isinstance(chosen, str):
            options[line(name, 100)] = _text(chosen)
        elif (number := _number(chosen)) is not None:
            options[line(name, 100)] = chosen if isinstance(chosen, int) else number
    return options


def _error(value: object) -> dict[str, Any] | None:
    """As `ProviderError.as_dict`; a text is what a provider said."""
    if isinstance(value, str) and value:
        said = {"kind": "imported", "message": _text(value), "hint": "", "detail": ""}
        return {**said, "retryable": True, "retry_after": None}
    if not isinstance(value, Mapping):
        return None
    words = {name: _text(value.get(name)) for name in _WORDS_OF_ERROR}
    return {
        **words,
        "retryable": value.get("retryable") is True,
        "retry_after": _number(value.get("retry_after")),
    }


def _metadata(value: object) -> dict[str, Any]:
    """The keys that pages and prompts read, in the shapes that they rely on."""
    given = value if isinstance(value, dict) else {}
    kept: dict[str, Any] = {}
    for name in ("left_out", "images_left_out", "window"):
        if (count := _count(given.get(name))) is not None:
            kept[name] = count
    if label := line(given.get("model_label"), 200):
        kept["model_label"] = label
    if given.get("usage_estimated") is True:
        kept["usage_estimated"] = True
    if isinstance(files := given.get("files_unread"), list) and files:
        kept["files_unread"] = [name for each in files[:50] if (name := line(each, 200))]
    if isinstance(story := given.get("fallback"), dict):
        kept["fallback"] = {
            name: _text(story[name])
            for name in ("from", "kind", "reason", "detail")
            if isinstance(story.get(name), str)
        }
    if isinstance(context := given.get("context"), dict):
        counts = {name: _count(context.get(name)) for name in ("tokens", "estimated", "counted")}
        kept["context"] = {name: count for name, count in counts.items() if count is not None}
    return kept
