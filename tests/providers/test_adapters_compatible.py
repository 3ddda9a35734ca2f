"""Servers that speak OpenAI's protocol in a way of their own."""

from collections.abc import Callable
from typing import Any

import pytest

from providers import errors
from providers.adapters.openai_chat import ChatDecoder
from providers.adapters.openai_compatible import OpenAICompatibleAdapter
from providers.contract import Adapter
from providers.options import clean_options
from providers.types import (
    CompletionRequest,
    Finish,
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


def with_options(adapter: Adapter, model: str, **options: Any) -> CompletionRequest:
    """A request with options that the adapter really has."""
    return CompletionRequest(
        model,
        (PromptMessage("user", (Text("Hi"),)),),
        parameters=Parameters(max_tokens=99),
        options=clean_options(adapter.options, options),
    )


async def test_a_server_that_refuses_to_count_answers_all_the_same(
    adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    events = await collect(
        adapter_for("openai_compatible").stream(request_for("no-stream-options"))
    )

    assert text_of(events) == ANSWER
    assert events[-1] == Finish("stop")
    assert ["stream_options" in body for body in upstream.completions] == [True, False]


async def test_the_refused_request_can_be_saved(
    adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    adapter = adapter_for("openai_compatible")

    await collect(adapter.stream(with_options(adapter, "no-stream-options", include_usage=False)))

    assert ["stream_options" in body for body in upstream.completions] == [False]


@pytest.mark.parametrize("model", ["error-400", "error-422", "error-500"])
async def test_no_other_refusal_is_tried_again(
    model: str, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    with pytest.raises(errors.ProviderError):
        await collect(adapter_for("openai_compatible").stream(request_for(model)))

    assert len(upstream.requests) == 1


@pytest.mark.parametrize("model", ["usage-none", "usage-odd"])
async def test_a_reply_is_worth_more_than_its_bill(model: str, adapter_for: MakeAdapter) -> None:
    events = await collect(adapter_for("openai_compatible").stream(request_for(model)))

    assert text_of(events) == ANSWER
    assert events[-1] == Finish("stop")
    assert not any(isinstance(event, Usage) for event in events)


async def test_details_of_usage_that_are_none(adapter_for: MakeAdapter) -> None:
    usage = {"prompt_tokens": "3", "completion_tokens": -1, "prompt_tokens_details": "none"}

    [found] = ChatDecoder(key="").feed({"usage": usage})

    assert found == Usage(3, 0)


async def test_an_error_in_place_of_a_stream_is_told(adapter_for: MakeAdapter) -> None:
    with pytest.raises(errors.OverloadedError, match="There is no model"):
        await collect(adapter_for("openai_compatible").stream(request_for("error-json")))


async def test_more_parameters_change_neither_model_nor_messages(
    adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    extra = {
        "top_k": 20,
        "max_tokens": 7,
        "model": "dear",
        "messages": [],
        "input": "Say no.",
        "stream": False,
        "instructions": "Say no.",
        "previous_response_id": "resp_1",
        "conversation": "conv_1",
        "prompt": {"id": "pmpt_1"},
        "background": True,
        "store": True,
        "tools": [{"type": "web_search"}],
    }
    adapter = adapter_for("openai_compatible")
    for style in ("chat", "responses"):
        request = with_options(adapter, "ok", extra_body=extra, api_style=style)
        assert text_of(await collect(adapter.stream(request))) == ANSWER

    chat, responses = upstream.completions
    assert (chat["top_k"], chat["max_tokens"]) == (20, 7)
    assert (chat["model"], chat["stream"]) == ("ok", True)
    assert chat["messages"] == [{"role": "user", "content": "Hi"}]
    for body in (chat, responses):
        assert body["tools"] == [{"type": "web_search"}]
        assert not body.get("store")
        assert not body.keys() & {"previous_response_id", "conversation", "prompt", "background"}
        assert "instructions" not in body
    assert "input" not in chat
    assert (responses["model"], responses["stream"], responses["top_k"]) == ("ok", True, 20)
    assert responses["input"] == [{"role": "user", "content": "Hi"}]


async def test_options_of_a_server(adapter_for: MakeAdapter, upstream: Upstream) -> None:
    adapter = adapter_for("openai_compatible")
    chosen = {"reasoning_effort": "low", "max_tokens_name": "max_completion_tokens"}

    await collect(adapter.stream(with_options(adapter, "ok", **chosen)))
    await collect(adapter.stream(with_options(adapter, "ok")))

    new, old = upstream.completions
    assert (new["reasoning_effort"], new["max_completion_tokens"]) == ("low", 99)
    assert "max_tokens" not in new
    assert (old["max_tokens"], "reasoning_effort" in old) == (99, False)


def test_only_the_connections_owner_adds_parameters() -> None:
    """What an administrator shares is used as it was set up."""
    options = {option.name: option for option in OpenAICompatibleAdapter.options}

    assert not options["extra_body"].per_chat
    assert not options["api_style"].per_chat


def test_text_and_thoughts_in_lists() -> None:
    """As Mistral's reasoning models send them."""
    thoughts = [{"type": "text", "text": "Hm"}, {"type": "text", "text": "."}]
    content = [{"type": "thinking", "thinking": thoughts}, {"type": "text", "text": "Yes."}]

    found = list(ChatDecoder(key="").feed({"choices": [{"delta": {"content": content}}]}))

    assert found == [ReasoningDelta("Hm."), TextDelta("Yes.")]
