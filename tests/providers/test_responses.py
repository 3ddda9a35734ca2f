"""OpenAI's two protocols: which one is spoken, and what is Responses' alone."""

from collections.abc import Callable
from typing import Any, get_args

import pytest
from openai.types.shared import ChatModel, ResponsesModel

from providers import errors
from providers.adapters.openai_responses import ResponseDecoder
from providers.contract import Adapter
from providers.options import clean_options
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    Event,
    Finish,
    Image,
    Parameters,
    PromptMessage,
    ReasoningDelta,
    Text,
    TextDelta,
    Usage,
)
from tests.providers.conftest import collect, request_for, text_of
from tests.upstream import Upstream
from tests.upstream_modes import ANSWER

MakeAdapter = Callable[..., Adapter]
CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
ON_RESPONSES_ALONE = sorted(
    set(get_args([each for each in get_args(ResponsesModel) if get_args(each)][-1]))
    - set(get_args(ChatModel))
)


def with_options(adapter: Adapter, model: str, **options: Any) -> CompletionRequest:
    """A request with options that the adapter really has."""
    message = PromptMessage("user", (Text("Hi"),))
    return CompletionRequest(model, (message,), options=clean_options(adapter.options, options))


async def path_of(adapter: Adapter, upstream: Upstream, model: str, **options: Any) -> str:
    """Where a request for the model goes."""
    await collect(adapter.stream(with_options(adapter, model, **options)))
    path: str = upstream.requests[-1]["path"]
    return path


def test_the_sdk_knows_models_that_are_on_responses_alone() -> None:
    assert {"o3-pro", "gpt-5-codex", "gpt-5.5-pro-2026-04-23"} < set(ON_RESPONSES_ALONE)


@pytest.mark.parametrize(
    "model", [*ON_RESPONSES_ALONE, "o9-pro-2031-01-01", "gpt-9", "ft:o4-mini:x"]
)
async def test_models_of_responses(
    model: str, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    assert await path_of(adapter_for("responses"), upstream, model) == RESPONSES


@pytest.mark.parametrize(
    "model",
    [
        "gpt-4o",
        "gpt-4.1-mini-2025-04-14",
        "gpt-4o-mini-search-preview",
        "gpt-3.5-turbo-0125",
        "gpt-5-chat-latest",
        "chatgpt-4o-latest",
        "o1-mini",
        "ft:gpt-4o-mini-2024-07-18:example::abc",
    ],
)
async def test_older_models_are_asked_over_chat(
    model: str, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    assert await path_of(adapter_for("responses"), upstream, model) == CHAT


@pytest.mark.parametrize("kind", ["openai", "openai_compatible"])
async def test_other_servers_are_asked_over_chat_unless_told(
    kind: str, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    adapter = adapter_for(kind)

    assert await path_of(adapter, upstream, "o3-pro") == CHAT
    assert await path_of(adapter, upstream, "o3-pro", api_style="auto") == CHAT
    assert await path_of(adapter, upstream, "gpt-4o", api_style="responses") == RESPONSES


async def test_openai_can_be_told_to_use_chat(adapter_for: MakeAdapter, upstream: Upstream) -> None:
    adapter = adapter_for("responses")

    assert await path_of(adapter, upstream, "gpt-5", api_style="chat") == CHAT


async def test_a_region_of_openai_is_openai(upstream: Upstream, adapter_for: MakeAdapter) -> None:
    adapter: Any = adapter_for("openai", base_url="https://eu.api.openai.com/v1")
    other: Any = adapter_for("openai", base_url="https://api.openai.com.example.org/v1")

    assert adapter.is_home
    assert not other.is_home


@pytest.mark.parametrize("kind", ["openai", "openai_compatible", "openrouter"])
async def test_an_address_that_is_none_is_refused(kind: str, adapter_for: MakeAdapter) -> None:
    with pytest.raises(errors.AddressRefusedError):
        await collect(adapter_for(kind, base_url="http://[::1/v1").stream(request_for("ok")))


async def test_prompt(adapter_for: MakeAdapter, upstream: Upstream) -> None:
    adapter = adapter_for("responses")
    request = CompletionRequest(
        model="ok",
        system="Be brief.",
        messages=(
            PromptMessage("user", (Text("One"),)),
            PromptMessage("assistant", (Text("Two"),)),
            PromptMessage("user", (Text("Three"), Image(b"PNG", "image/png"))),
        ),
        parameters=Parameters(temperature=0.5, top_p=0.25, max_tokens=99),
        options=clean_options(
            adapter.options,
            {
                "reasoning_effort": "low",
                "reasoning_summary": "auto",
                "verbosity": "high",
                "service_tier": "flex",
            },
        ),
    )

    await collect(adapter.stream(request))

    [body] = upstream.completions
    image = {"type": "input_image", "image_url": "data:image/png;base64,UE5H", "detail": "auto"}
    assert body == {
        "model": "ok",
        "instructions": "Be brief.",
        "input": [
            {"role": "user", "content": "One"},
            {"role": "assistant", "content": "Two"},
            {"role": "user", "content": [{"type": "input_text", "text": "Three"}, image]},
        ],
        "stream": True,
        "store": False,
        "temperature": 0.5,
        "top_p": 0.25,
        "max_output_tokens": 99,
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"verbosity": "high"},
        "service_tier": "flex",
    }


async def test_nothing_is_added_to_a_plain_prompt(
    adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    await collect(adapter_for("responses").stream(request_for("ok", "Hi")))

    [body] = upstream.completions
    assert set(body) == {"model", "input", "stream", "store"}


async def test_options_over_chat(adapter_for: MakeAdapter, upstream: Upstream) -> None:
    chosen = {"reasoning_effort": "minimal", "verbosity": "low", "service_tier": "priority"}
    adapter = adapter_for("openai")

    await collect(adapter.stream(with_options(adapter, "ok", **chosen)))

    [body] = upstream.completions
    assert {name: body[name] for name in chosen} == chosen


async def test_models_that_do_not_reason_are_told_nothing_of_it(
    adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    """A connection's options hold for all of its models, and OpenAI refuses what does not apply."""
    adapter = adapter_for("responses")
    chosen = {"reasoning_effort": "high", "verbosity": "low", "service_tier": "flex"}

    await collect(adapter.stream(with_options(adapter, "gpt-4o", **chosen)))

    [body] = upstream.completions
    assert not {"reasoning_effort", "verbosity"} & set(body)
    assert body["service_tier"] == "flex"


async def test_openai_itself_is_told_the_limit_by_its_new_name(
    adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    await collect(adapter_for("responses").stream(request_for("gpt-4o", max_tokens=9)))

    [body] = upstream.completions
    assert body["max_completion_tokens"] == 9
    assert "max_tokens" not in body


async def test_usage(adapter_for: MakeAdapter) -> None:
    events = await collect(adapter_for("responses").stream(request_for("ok")))

    tokens = sum(isinstance(event, TextDelta) for event in events)
    assert events[-2] == Usage(
        11, tokens, cached_tokens=4, reasoning_tokens=2, cache_write_tokens=3
    )


@pytest.mark.parametrize("model", ["usage-none", "usage-odd"])
async def test_a_reply_is_worth_more_than_its_bill(model: str, adapter_for: MakeAdapter) -> None:
    events = await collect(adapter_for("responses").stream(request_for(model)))

    assert text_of(events) == ANSWER
    assert events[-1] == Finish("stop")
    assert not any(isinstance(event, Usage) for event in events)


def feed(*events: dict[str, Any]) -> tuple[list[Event], ResponseDecoder]:
    """What the events of a stream mean."""
    decoder = ResponseDecoder(key="")
    found: list[AdapterEvent] = [ours for event in events for ours in decoder.feed(event)]
    return list(found), decoder


def test_parts_of_a_summary_stand_apart() -> None:
    added = {"type": "response.reasoning_summary_part.added", "summary_index": 0}
    delta = {"type": "response.reasoning_summary_text.delta"}

    found, _ = feed(added, {**delta, "delta": "One."}, added, {**delta, "delta": "Two."})

    assert found == [ReasoningDelta("One."), ReasoningDelta("\n\n"), ReasoningDelta("Two.")]


def test_reasoning_and_refusals_are_shown_and_unknown_events_are_not() -> None:
    found, decoder = feed(
        {"type": "response.web_search_call.searching", "delta": "no"},
        {"type": "response.reasoning_text.delta", "delta": "Hm."},
        {"type": "response.refusal.delta", "delta": "I will not."},
        {"type": "response.output_text.delta", "delta": ""},
    )

    assert found == [ReasoningDelta("Hm."), TextDelta("I will not.")]
    assert decoder.finish_reason is None


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"reason": "max_output_tokens"}, "length"),
        ({"reason": "content_filter"}, "content_filter"),
        ({"reason": "something_new"}, "other"),
        (None, "other"),
    ],
)
def test_why_a_reply_is_incomplete(details: object, reason: str) -> None:
    _, decoder = feed({"type": "response.incomplete", "response": {"incomplete_details": details}})

    assert (decoder.finish_reason, decoder.finished) == (reason, True)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("server_error", errors.OverloadedError),
        ("something_new", errors.OverloadedError),
        ("rate_limit_exceeded", errors.RateLimitedError),
        ("insufficient_quota", errors.QuotaExhaustedError),
        ("context_length_exceeded", errors.ContextTooLongError),
        ("invalid_image_format", errors.BadRequestError),
        ("image_too_large", errors.BadRequestError),
        ("image_content_policy_violation", errors.ContentRefusedError),
        ("bio_policy", errors.ContentRefusedError),
    ],
)
@pytest.mark.parametrize("shape", ["failed", "error", "nested"])
def test_failures_in_a_stream(code: str, error: type[errors.ProviderError], shape: str) -> None:
    words = {"code": code, "message": "It went wrong."}
    events: dict[str, dict[str, Any]] = {
        "failed": {"type": "response.failed", "response": {"error": words}},
        "error": {"type": "error", **words},
        "nested": {"type": "error", "error": words},
    }

    with pytest.raises(errors.ProviderError) as caught:
        feed(events[shape])

    assert type(caught.value) is error
    assert caught.value.detail == "It went wrong."


def test_a_failure_without_words() -> None:
    with pytest.raises(errors.OverloadedError):
        feed({"type": "response.failed", "response": {"error": None}})


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gpt-4o", True),
        ("gpt-4.1-mini", True),
        ("gpt-5.2", True),
        ("o3", True),
        ("ft:gpt-4o-mini-2024-07-18:example::abc", True),
        ("gpt-4", False),
        ("gpt-4-turbo", False),
        ("gpt-3.5-turbo", False),
        ("o3-mini", False),
        ("gpt-4o-mini-search-preview", False),
        ("gpt-9", None),
    ],
)
def test_which_models_take_files(model: str, known: bool | None, adapter_for: MakeAdapter) -> None:
    home: Any = adapter_for("openai", base_url="https://api.openai.com/v1")
    elsewhere: Any = adapter_for("openai", base_url="https://llm.example.org/v1")

    assert home.read_model({"id": model}).accepts_files is known
    assert elsewhere.read_model({"id": model}).accepts_files is None
