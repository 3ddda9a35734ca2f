"""Sources and tool calls, in each provider's own words."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from providers import registry
from providers.adapters.anthropic import MessageDecoder
from providers.adapters.ollama import OllamaAdapter
from providers.adapters.openai_chat import MOST_CALLS, MOST_OF_ARGUMENTS, ChatDecoder
from providers.adapters.openai_responses import ResponseDecoder
from providers.contract import Adapter
from providers.types import AdapterEvent, Event, Source, ToolCall
from tests.providers.conftest import collect, request_for, text_of
from tests.providers.packages import PARROT, Install, with_change
from tests.upstream_modes import FORECAST, PAGE, SEARCH, WEATHER

MakeAdapter = Callable[..., Adapter]
KINDS = ("openai", "responses", "openrouter", "anthropic")
PRINTED = {
    "type": "code_execution_result",
    "stdout": "7",
    "stderr": "careful",
    "return_code": 0,
    "content": [],
}


def sources_of(events: list[Event]) -> list[Source]:
    """In order."""
    return [event for event in events if isinstance(event, Source)]


def calls_of(events: list[Event]) -> dict[str, ToolCall]:
    """By their ids; what is told later counts."""
    return {event.id: event for event in events if isinstance(event, ToolCall)}


def decode(decoder: Any, *events: dict[str, Any]) -> list[AdapterEvent]:
    """What a decoder makes of some events."""
    return [found for event in events for found in decoder.feed(event)]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_search_and_what_it_found(kind: str, adapter_for: MakeAdapter) -> None:
    events = await collect(adapter_for(kind).stream(request_for("parts")))

    assert text_of(events) == FORECAST + " Bye."
    quotes = {"openrouter": PAGE.quote, "anthropic": PAGE.quote}
    assert sources_of(events) == [Source(PAGE.url, PAGE.title, quotes.get(kind, ""))]
    call = calls_of(events)["call_1"]
    assert (call.name, json.loads(call.arguments)["query"]) == ("web_search", "weather today")
    told = {"responses": SEARCH.result, "anthropic": f"Found\n{SEARCH.result}"}
    assert call.result == told.get(kind)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_tool_that_nobody_ran_has_no_result(kind: str, adapter_for: MakeAdapter) -> None:
    events = await collect(adapter_for(kind).stream(request_for("tools")))

    [call] = calls_of(events).values()
    assert (call.name, json.loads(call.arguments)) == (WEATHER.name, WEATHER.arguments)
    assert call.result is None


async def test_ollama_tells_its_calls(ollama_adapter: Callable[..., OllamaAdapter]) -> None:
    events = await collect(ollama_adapter().stream(request_for("tools")))

    [call] = calls_of(events).values()
    assert (call.name, json.loads(call.arguments)) == (WEATHER.name, WEATHER.arguments)


def test_calls_without_numbers_are_told_apart() -> None:
    """As servers send them that say each call whole."""
    calls = [{"id": f"c{n}", "function": {"name": "f", "arguments": {"n": n}}} for n in range(3)]
    chunk = {"choices": [{"delta": {"tool_calls": calls}, "finish_reason": "tool_calls"}]}

    found = decode(ChatDecoder(key=""), chunk)

    assert [(c.id, c.arguments) for c in found if isinstance(c, ToolCall)] == [
        (f"c{n}", f'{{"n": {n}}}') for n in range(3)
    ]


def test_endless_calls_are_not_kept() -> None:
    decoder = ChatDecoder(key="")
    piece = {"index": 0, "function": {"name": "f", "arguments": "x" * 50_000}}
    many = [{"index": n, "id": str(n), "function": {"name": "f"}} for n in range(1, 1_000)]
    for calls in ([piece], [piece], [piece], [piece], [piece], [piece], many):
        assert decode(decoder, {"choices": [{"delta": {"tool_calls": calls}}]}) == []

    found = decode(decoder, {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})

    assert len(found) == MOST_CALLS
    assert sum(len(c.arguments) for c in found if isinstance(c, ToolCall)) == MOST_OF_ARGUMENTS


@pytest.mark.parametrize(
    ("item", "call"),
    [
        (
            {"type": "code_interpreter_call", "id": "i", "code": "1+1", "outputs": None},
            ToolCall("i", "code_interpreter", "1+1", ""),
        ),
        (
            {
                "type": "code_interpreter_call",
                "id": "i",
                "code": "1+1",
                "outputs": [{"type": "logs", "logs": "2"}],
            },
            ToolCall("i", "code_interpreter", "1+1", "2"),
        ),
        (
            {"type": "file_search_call", "id": "i", "queries": ["a"], "status": "completed"},
            ToolCall("i", "file_search", '["a"]', "completed"),
        ),
        (
            {"type": "mcp_call", "id": "i", "name": "f", "arguments": "{}", "error": {"code": 5}},
            ToolCall("i", "f", "{}", '{"code": 5}'),
        ),
        (
            {"type": "custom_tool_call", "call_id": "i", "name": "f", "input": "plain words"},
            ToolCall("i", "f", "plain words", None),
        ),
    ],
)
def test_tools_of_responses(item: dict[str, Any], call: ToolCall) -> None:
    event = {"type": "response.output_item.done", "item": item}
    assert decode(ResponseDecoder(key=""), event) == [call]


def test_pictures_that_a_tool_made_are_left_out() -> None:
    item = {"type": "image_generation_call", "id": "i", "status": "completed", "result": "QUJD"}
    [call] = decode(ResponseDecoder(key=""), {"type": "response.output_item.done", "item": item})
    assert "QUJD" not in str(call)


@pytest.mark.parametrize(
    ("content", "result"),
    [
        (PRINTED, "7\ncareful"),
        ({"type": "web_search_tool_result_error", "error_code": "too_many"}, "too_many"),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
        ({"type": "web_fetch_result", "url": "https://x.example"}, '{"url": "https://x.example"}'),
        (None, "[]"),
    ],
)
def test_results_of_anthropics_tools(content: object, result: str) -> None:
    block = {"type": "code_execution_tool_result", "tool_use_id": "t", "content": content}
    event = {"type": "content_block_start", "index": 0, "content_block": block}
    assert decode(MessageDecoder(key=""), event) == [ToolCall("t", "code_execution", "", result)]


def test_documents_of_the_prompt_are_no_sources() -> None:
    cited = {"type": "page_location", "document_title": "a.pdf", "cited_text": "x"}
    delta = {"type": "citations_delta", "citation": cited}
    event = {"type": "content_block_delta", "index": 0, "delta": delta}
    assert decode(MessageDecoder(key=""), event) == []


@pytest.mark.parametrize("nonsense", [None, 7, "x", [], [None], [7], {}, [{}], [{"type": []}]])
def test_nonsense_in_place_of_parts_loses_no_reply(nonsense: object) -> None:
    chat = {"annotations": nonsense, "tool_calls": nonsense, "content": "Hi"}
    said = decode(ChatDecoder(key=""), {"choices": [{"delta": chat}]})
    assert text_of(list(said)) == "Hi"
    decode(
        ResponseDecoder(key=""),
        {"type": "response.output_text.annotation.added", "annotation": nonsense},
        {"type": "response.output_item.done", "item": nonsense},
        {"type": "response.output_item.done", "item": {"type": "mcp_call", "action": nonsense}},
    )
    block = {"type": "x_tool_result", "tool_use_id": nonsense, "content": nonsense}
    decode(
        MessageDecoder(key=""),
        {"type": "content_block_start", "index": 0, "content_block": nonsense},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "citations_delta", "citation": nonsense},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": nonsense},
        },
        {"type": "content_block_stop", "index": 0},
    )


async def test_a_plugins_parts_can_be_stored(install: Install) -> None:
    parts = r"""
        from providers.types import Source, ToolCall
        yield Source("https://x.example/\0", 7, "\ud83d")
        yield ToolCall(None, "f\0", {"a": 1}, [])
        yield ToolCall("i", "f", "{}")
    """
    install(with_change('yield TextDelta("Polly says: ")', parts.strip()))

    events = await collect(registry.make_adapter("parrot", PARROT).stream(request_for("m")))

    assert events[:3] == [
        Source("https://x.example/", "", "\ufffd"),
        ToolCall("", "f", "", ""),
        ToolCall("i", "f", "{}", None),
    ]
