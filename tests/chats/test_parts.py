"""Sources and tool calls: what is kept of a provider's word, and what of it is shown."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chats import branches, parts
from chats.models import Message
from chats.parts import Parts
from providers.types import Source, ToolCall
from tests.chats.pages import HTMX, make_conversation
from tests.chats.test_pages_payloads import look_at
from tests.data.payloads import PAYLOADS
from tests.markup import parse

PAGE = "https://weather.example.org/today"


def kept(*found: Source | ToolCall) -> list[dict[str, str]]:
    """What is stored."""
    gathered = Parts()
    for each in found:
        gathered.add(each)
    stored: list[dict[str, str]] = json.loads(json.dumps(gathered.as_json()))
    return stored


# --- What is kept ----------------------------------------------------------------------------


def test_the_shape_of_a_row() -> None:
    assert kept(
        Source(PAGE, "Today", "Rain until noon"),
        ToolCall("c1", "search", '{"q":["a"]}', "3 pages"),
        Source("http://b.example"),
        ToolCall("c2", "time", ""),
    ) == [
        {"type": "source", "url": PAGE, "title": "Today", "quote": "Rain until noon"},
        {
            "type": "tool_call",
            "id": "c1",
            "name": "search",
            "arguments": '{\n  "q": [\n    "a"\n  ]\n}',
            "result": "3 pages",
        },
        {"type": "source", "url": "http://b.example"},
        {"type": "tool_call", "id": "c2", "name": "time", "arguments": ""},
    ]


def test_a_page_is_named_once_with_its_first_words() -> None:
    assert kept(Source(PAGE), Source(PAGE, "Today", "a"), Source(PAGE, "Other", "b")) == [
        {"type": "source", "url": PAGE, "title": "Today", "quote": "a"}
    ]


def test_a_call_gets_its_result_later() -> None:
    [call] = kept(ToolCall("c", "search", "{}"), ToolCall("c", "search", "{}", "found"))
    assert call["result"] == "found"


def test_calls_without_ids_are_different_ones() -> None:
    assert len(kept(ToolCall("", "a", "{}"), ToolCall("", "a", "{}"))) == 2


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "javascript:alert(1)",
        "JaVaScRiPt://example.org/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.org/",
        "/settings/",
        "https:",
        "https://",
        "https:///x",
        "https://good.example@evil.example/",
        "https://user:password@example.org/",
        "https://good.example\\@evil.example/",
        "https://exa mple.org/",
        "https://example.org/\u202egnp.exe",
        "https://example.org/\n",
        "https://exam\tple.org/",
        "https://[half/",
        "https://example.org:port/",
        "https://a\x00.example/",
        "https://%65xample.org/",
        "https://example.org<script>/",
        "https://-.example/'onclick='",
        "https://example.org/" + "x" * 2_000,
        "blob:https://example.org/1",
        "mailto:ann@example.org",
    ],
)
def test_what_is_no_plain_web_address_is_no_source(url: str) -> None:
    found = kept(Source(url, "Title"))
    assert [each["url"] for each in found] == ([url.strip()] if url.endswith("org/\n") else [])


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (PAGE, "weather.example.org"),
        ("HTTPS://Example.ORG:8443/a?b#c", "example.org"),
        ("https://bücher.example/ö", "xn--bcher-kva.example"),
        ("https://\u0430pple.example/", "xn--pple-43d.example"),
        ("http://127.0.0.1/", "127.0.0.1"),
        ("http://[::1]:80/", "[::1]"),
    ],
)
def test_the_host_is_shown_as_it_is_called(url: str, host: str) -> None:
    [source] = parts.shown(kept(Source(url))).sources
    assert (source.host, source.title) == (host, url)


def test_endless_parts_are_bounded() -> None:
    many: list[Source | ToolCall] = []
    for number in range(500):
        many.append(Source(f"https://example.org/{number}", "t" * 9_999, "q" * 99_999))
        many.append(ToolCall(str(number), "n" * 9_999, "a" * 99_999, "r" * 999_999))
    found = kept(*many)
    assert len(str(found)) < 1.2 * parts.MAX_ALL
    few = kept(*(Source(f"https://example.org/{n}") for n in range(500)))
    assert len(few) == parts.MAX_SOURCES
    assert len(kept(*(ToolCall(str(n), "f", "") for n in range(500)))) == parts.MAX_TOOL_CALLS


@pytest.mark.parametrize(
    "arguments",
    ["{half", "[" * 9_000, "1" * 9_000, '{"a":' * 900 + "1" + "}" * 900, "NaN", "x" * 200_000],
)
def test_arguments_of_any_shape_are_kept_in_bounds(arguments: str) -> None:
    [call] = kept(ToolCall("c", "f", arguments))
    assert 0 < len(call["arguments"]) <= 10_000


def test_what_hides_something_is_taken_out() -> None:
    odd = "a\x00b\u202ec\u2066d\x1be\ud83df\u200fg\U000e0041h"
    [source] = kept(Source(PAGE, odd, f"{odd}\nsecond"))
    assert (source["title"], source["quote"]) == ("abcdefgh", "abcdefgh\nsecond")
    arguments = json.dumps({"a": odd})
    [call] = kept(ToolCall(odd, odd, arguments, odd))
    assert {call["id"], call["name"], call["result"]} == {"abcdefgh"}
    # JSON writes control characters out, for all to see.
    assert json.loads(call["arguments"]) == {"a": "a\x00bcd\x1befgh"}


@pytest.mark.parametrize(
    "stored",
    [None, {}, "x", 7, [None], [[]], [{}], [{"type": "source"}], [{"type": []}]],
)
def test_rows_of_another_shape_show_nothing(stored: Any) -> None:
    found = parts.shown(stored)
    assert (found.sources, found.calls) == ([], [])


def test_a_row_is_checked_again_before_it_is_shown() -> None:
    """Whoever wrote it: an import, or an older version."""
    stored = [
        {"type": "source", "url": "javascript:alert(1)", "title": "x"},
        {"type": "source", "url": PAGE, "title": ["x"], "quote": 7},
        {"type": "tool_call", "id": 1, "name": None, "arguments": {}, "result": []},
    ]
    found = parts.shown(stored)
    assert [source.url for source in found.sources] == [PAGE]
    assert [(call.name, call.result) for call in found.calls] == [("", None)]


# --- What is shown ---------------------------------------------------------------------------


@pytest.fixture
def reply(owner: User) -> Message:
    """A complete one."""
    leaf = make_conversation(owner).current_leaf
    assert leaf is not None
    return leaf


def with_parts(reply: Message, *found: Source | ToolCall) -> Message:
    """The reply with these."""
    reply.parts = kept(*found)
    reply.save()
    return reply


def test_sources_and_calls_are_on_the_page(reply: Message, owner_client: Client) -> None:
    with_parts(
        reply,
        Source(PAGE, "Today's weather", "Rain until noon"),
        ToolCall("c", "web_search", '{"q":"weather"}', "3 pages"),
        ToolCall("d", "get_time", "{}"),
    )
    page = owner_client.get(f"/c/{reply.conversation_id}/").text
    assert f'<a href="{PAGE}" rel="noopener noreferrer nofollow"' in page
    for text in ("Today&#x27;s weather", "weather.example.org", "Rain until noon"):
        assert text in page
    for text in ("web_search", "&quot;q&quot;: &quot;weather&quot;", "3 pages", "get_time"):
        assert text in page


@pytest.mark.parametrize(
    ("call", "finish_reason", "label"),
    [
        (ToolCall("c", "web_search", '{"query": "rain"}'), "stop", "Searched the web: rain"),
        (ToolCall("c", "web_search", '{"queries": ["a", "b"]}'), "stop", "Searched the web: a, b"),
        (ToolCall("c", "web_search", "{half"), "stop", "Used a tool: web_search"),
        (ToolCall("c", "web_search", '{"query": "x"}'), "", "Asked for a tool: web_search"),
        (ToolCall("c", "web_search", '{"query": "x"}', "1"), "", "Searched the web: x"),
        (ToolCall("c", "get_time", '{"q": "x"}'), "stop", "Used a tool: get_time"),
        (ToolCall("c", "get_time", "{}"), "tool_calls", "Asked for a tool: get_time"),
    ],
)
def test_what_the_provider_ran_is_told_from_what_nobody_ran(
    call: ToolCall, finish_reason: str, label: str, reply: Message, owner_client: Client
) -> None:
    reply.finish_reason = finish_reason
    with_parts(reply, call)
    page = parse(owner_client.get(f"/c/{reply.conversation_id}/").text)
    assert page.by_class("part-label")[0].text == label
    assert ("Without an answer" in page.text) == label.startswith("Asked")


def test_a_reply_without_parts_has_none(reply: Message, owner_client: Client) -> None:
    page = owner_client.get(f"/c/{reply.conversation_id}/").text
    assert '<details class="part' not in page


def test_parts_come_with_the_footer_when_a_reply_ends(reply: Message, owner_client: Client) -> None:
    """The page that followed it fetches no more than that."""
    with_parts(reply, Source(PAGE, "Today"))
    page = owner_client.get(f"/m/{reply.id}/footer/", headers=HTMX).text
    assert f'id="parts-{reply.id}"' in page
    assert "hx-swap-oob" in page
    assert PAGE in page


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_parts_do_nothing(payload: str, reply: Message, owner_client: Client) -> None:
    with_parts(
        reply,
        Source(payload, payload, payload),
        Source(f"https://example.org/?{payload}", payload, payload),
        Source(f"https://example.org/{len(payload)}", payload, payload),
        ToolCall(payload, payload, json.dumps({payload: payload}), payload),
        ToolCall("x", payload, payload),
    )
    for path in (f"/c/{reply.conversation_id}/", f"/m/{reply.id}/"):
        look_at(owner_client.get(path, headers=HTMX if "/m/" in path else {}).text)


def test_a_branch_takes_them_along(reply: Message) -> None:
    with_parts(reply, Source(PAGE, "Today"))
    branch = branches.branch_off(message=reply)
    assert branch.current_leaf is not None
    branch.current_leaf.refresh_from_db()
    assert branch.current_leaf.parts == reply.parts
