"""Sources, tool calls and the time of reasoning, from the provider's stream to the page."""

import pytest

from tests.live.conftest import Asked
from tests.markup import parse
from tests.person import Person
from tests.upstream_modes import PAGE, WEATHER

pytestmark = pytest.mark.server


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_what_a_reply_rests_on_is_on_its_page(ann: Person, provider: str) -> None:
    reply = await ann.start_chat(ann.own("Will it rain?"), model=f"{provider}/parts")
    await ann.ended(reply)

    page = parse((await ann.get(f"/m/{reply.id}/", htmx=True)).text)
    [link] = page.by_class("sources")[0].by_tag("a")
    assert (link.attributes.get("href"), link.text) == (PAGE.url, PAGE.title)
    assert "web_search" in page.by_class("call-name")[0].text
    assert page.by_class("part-label")[0].text == "Searched the web: weather today"
    assert "Without an answer" not in page.text


async def test_a_tool_that_nobody_ran_is_no_empty_reply(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Weather?"), model="openai/tools")
    await ann.ended(reply)

    page = parse((await ann.get(f"/m/{reply.id}/", htmx=True)).text)
    assert WEATHER.name in page.by_class("call-name")[0].text
    assert "Zürich" in page.by_class("call-text")[0].text
    assert "Without an answer" in page.text
    assert "asked for a tool and wrote nothing" in page.text


async def test_neither_reasoning_nor_parts_go_back_to_the_model(ann: Person, asked: Asked) -> None:
    reply = await ann.start_chat(ann.own("Will it rain?"), model="openai/parts")
    await ann.ended(reply)
    again = await ann.post(reply.conversation_id, ann.own("/mode reasoning"))
    await ann.ended(again)
    last = await ann.post(reply.conversation_id, ann.own("Thanks"))
    await ann.ended(last)

    body = str(asked.bodies[-1])
    assert "Bye." in body
    assert PAGE.url not in body
    assert "web_search" not in body
    assert "First I count" not in body


async def test_the_time_of_reasoning_is_shown(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Think"), model="openai/thinks-1.2")
    async with ann.watch(reply) as viewer:
        assert await viewer.ended() == "complete"

    page = parse((await ann.get(f"/m/{reply.id}/", htmx=True)).text)
    assert page.by_class("reasoning-label")[0].text.startswith(("Thought for 1 s", "Thought for 2"))
