"""What is Anthropic's alone: thinking, effort, markers for the cache, what its list says."""

from collections.abc import Callable
from typing import Any

import pytest

from providers.adapters.anthropic import AnthropicAdapter
from providers.contract import Adapter
from providers.options import clean_options
from providers.types import (
    CompletionRequest,
    Image,
    Parameters,
    PromptMessage,
    Text,
    Usage,
)
from tests.providers.conftest import collect, reasoning_of, request_for, text_of
from tests.upstream import Upstream
from tests.upstream_modes import ANSWER, THOUGHTS

MARKER = {"type": "ephemeral"}
LONG = "word " * 1_000

Send = Callable[..., Any]


@pytest.fixture
def send(adapter_for: Callable[..., Adapter], upstream: Upstream) -> Send:
    """Sends one request; returns the body that came."""

    async def send(*turns: str, system: str = "", parameters: Any = None, **options: Any) -> Any:
        messages = tuple(
            PromptMessage("assistant" if number % 2 else "user", (Text(text),))
            for number, text in enumerate(turns or ("Hi",))
        )
        request = CompletionRequest(
            "ok",
            messages,
            system=system,
            parameters=parameters or Parameters(),
            options=clean_options(AnthropicAdapter.options, options),
        )
        assert text_of(await collect(adapter_for("anthropic").stream(request))) == ANSWER
        return upstream.completions[-1]

    return send


def marked(body: dict[str, Any]) -> list[int]:
    """Which messages hold a marker."""
    return [
        number
        for number, message in enumerate(body["messages"])
        if any("cache_control" in block for block in message["content"])
    ]


@pytest.mark.parametrize(
    ("options", "thinking"),
    [
        ({"thinking": "off"}, {"type": "disabled"}),
        ({"thinking": "adaptive"}, {"type": "adaptive", "display": "summarized"}),
        ({"thinking": "enabled"}, {"type": "enabled", "budget_tokens": 8192}),
        (
            {"thinking": "enabled", "thinking_budget": 2048},
            {"type": "enabled", "budget_tokens": 2048},
        ),
    ],
)
async def test_thinking(options: dict[str, Any], thinking: dict[str, Any], send: Send) -> None:
    assert (await send(**options))["thinking"] == thinking


async def test_nothing_is_sent_of_what_was_not_chosen(send: Send) -> None:
    body = await send(thinking_budget=2048)

    assert set(body) == {"model", "messages", "max_tokens", "stream"}


@pytest.mark.parametrize(
    ("thinking", "sent"), [("off", True), ("adaptive", False), ("enabled", False)]
)
async def test_the_api_refuses_sampling_beside_thinking(
    thinking: str, sent: bool, send: Send
) -> None:
    body = await send(parameters=Parameters(temperature=0.5, top_p=0.9), thinking=thinking)

    assert ("temperature" in body, "top_p" in body) == (sent, sent)


@pytest.mark.parametrize(
    ("asked", "budget", "sent"),
    [
        (None, 8_192, 16_384),  # There is room for both.
        (None, 16_000, 20_096),  # The reply keeps some.
        (500, 2_048, 2_548),  # All of the little that was asked for.
        (20_000, 1_024, 20_000),
    ],
)
async def test_a_budget_leaves_room_for_the_reply(
    asked: int | None, budget: int, sent: int, send: Send
) -> None:
    body = await send(
        parameters=Parameters(max_tokens=asked), thinking="enabled", thinking_budget=budget
    )

    assert body["max_tokens"] == sent


async def test_effort_and_service_tier(send: Send) -> None:
    body = await send(effort="xhigh", service_tier="standard_only")

    assert body["output_config"] == {"effort": "xhigh"}
    assert body["service_tier"] == "standard_only"


async def test_a_short_chat_is_not_marked(send: Send) -> None:
    body = await send("Hi", "Hello", "And?", system="Be brief.")

    assert "cache_control" not in str(body)


async def test_a_long_chat_is_marked_where_the_next_turn_reads(send: Send) -> None:
    body = await send(LONG, "1", "two", "3", "four", "5", "six", system=LONG)

    assert body["system"] == [{"type": "text", "text": LONG, "cache_control": MARKER}]
    assert marked(body) == [4, 6]
    assert str(body).count("cache_control") <= 4


async def test_only_from_where_it_is_long_enough(send: Send) -> None:
    assert marked(await send("Hi", "Hello", LONG)) == [2]
    assert marked(await send("Hi", LONG, "And?")) == [2], "the provider's turns count too"
    assert "cache_control" not in str((await send("Hi", LONG, "And?", system="Hi"))["system"])


async def test_images_count_and_are_marked(
    adapter_for: Callable[..., Adapter], upstream: Upstream
) -> None:
    message = PromptMessage("user", (Text("Look"), Image(b"PNG", "image/png")))
    await collect(adapter_for("anthropic").stream(CompletionRequest("ok", (message,))))

    text, image = upstream.completions[0]["messages"][0]["content"]
    assert "cache_control" not in text
    assert image["cache_control"] == MARKER


async def test_a_turn_without_words_cannot_be_marked(send: Send) -> None:
    body = await send(LONG, "Hello", " ")

    assert marked(body) == [0]


async def test_caching_can_be_turned_off_and_prolonged(send: Send) -> None:
    assert "cache_control" not in str(await send(LONG, prompt_caching=False))
    assert "'ttl': '1h'" in str(await send(LONG, cache_ttl="1h"))


async def test_usage_tells_apart_what_the_cache_did(adapter_for: Callable[..., Adapter]) -> None:
    events = await collect(adapter_for("anthropic").stream(request_for("ok")))

    usage = [event for event in events if isinstance(event, Usage)][-1]
    assert usage.input_tokens == 11
    assert (usage.cached_tokens, usage.cache_write_tokens) == (4, 2)
    assert usage.reasoning_tokens == 2


async def test_signatures_and_sealed_thinking_are_no_text(
    adapter_for: Callable[..., Adapter],
) -> None:
    events = await collect(adapter_for("anthropic").stream(request_for("reasoning")))

    assert reasoning_of(events) == THOUGHTS
    assert text_of(events) == ANSWER


async def test_models_with_what_they_can(adapter_for: Callable[..., Adapter]) -> None:
    model = (await adapter_for("anthropic").list_models())[0]

    assert (model.id, model.name) == ("ok", "Ok")
    assert (model.context_window, model.max_output) == (200_000, 64_000)
    assert (model.accepts_images, model.accepts_files) == (True, False)
    assert (model.supports_tools, model.reasons) == (True, True)
