"""Numbers in answers that no provider means: they must never cost the reply."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from providers.adapters.anthropic import MessageDecoder
from providers.adapters.failures import retry_after
from providers.adapters.openai_chat import ChatDecoder
from providers.adapters.sdk import MOST_TOKENS
from providers.types import AdapterEvent, Usage

NUMBERS = [
    ("7", 7),
    ('"7"', 7),
    ("7.9", 7),
    ("null", 0),
    ("-7", 0),
    ("1e400", 0),
    ("-1e400", 0),
    ("NaN", 0),
    ('"many"', 0),
    ("{}", 0),
    ("[1]", 0),
    ("1" + 30 * "0", MOST_TOKENS),
]


def usage_of(events: Iterator[AdapterEvent]) -> Usage:
    """The last that is said."""
    found = [event for event in events if isinstance(event, Usage)]
    return found[-1]


@pytest.mark.parametrize(("number", "count"), NUMBERS)
def test_tokens_that_openai_counts(number: str, count: int) -> None:
    names: tuple[Any, ...] = ("prompt_tokens", "completion_tokens")
    usage = {name: json.loads(number) for name in names}
    details = {"cached_tokens": json.loads(number), "reasoning_tokens": json.loads(number)}
    usage |= {"prompt_tokens_details": details, "completion_tokens_details": details}

    found = usage_of(ChatDecoder(key="").feed({"choices": [], "usage": usage}))

    assert found == Usage(count, count, count, count)


@pytest.mark.parametrize(("number", "count"), NUMBERS)
def test_tokens_that_anthropic_counts(number: str, count: int) -> None:
    value = json.loads(number)
    usage = {"input_tokens": value, "output_tokens": value}

    found = usage_of(
        MessageDecoder(key="").feed({"type": "message_start", "message": {"usage": usage}})
    )

    assert found == Usage(count, count)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "inf"}, 86400),
        ({"retry-after-ms": "1e400"}, 86400),
        ({"retry-after-ms": "nan"}, None),
        ({"retry-after-ms": "-5"}, 0),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3),
        ({"retry-after": "inf"}, 86400),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, 86400),
        ({"retry-after": "Mon, 01 Jan 0001 00:00:00 +2359"}, 0),
        ({"retry-after": "Mon, 01 Jan 0001 00:00:00 -0000"}, 0),
        ({"retry-after": "Mon, 99 Jan 2026 00:00:00 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_seconds_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
