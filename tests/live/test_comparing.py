"""Several models at once, on a real server with real upstreams: none waits for another."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from tests.live.conftest import Asked, check_log, site_environment, words
from tests.live.test_titles import title_of, title_requests
from tests.markup import parse
from tests.person import Person, Reply
from tests.server import Server
from tests.upstream import Upstream
from tests.waiting import until

pytestmark = pytest.mark.server

TWO = ("openai/ok", "anthropic/fast-60@100")


async def start(person: Person, text: str, models: Sequence[str], **fields: str) -> list[Reply]:
    """A chat whose first message goes to several models; their replies, in order."""
    body = {"content": text, "compare": list(models), **fields}
    answer = await person.submit("/c/", body, htmx=True)
    assert answer.status_code == 200, answer.text
    return replies_in(answer.text, answer.headers["HX-Push-Url"].split("/")[2])


def replies_in(html: str, conversation_id: str) -> list[Reply]:
    """The replies that stand side by side."""
    (group,) = parse(html).all(lambda e: "data-comparison" in e.attributes)
    articles = group.by_tag("article")
    return [
        Reply(id=a.attributes["data-message"], conversation_id=conversation_id) for a in articles
    ]


async def shown(person: Person, conversation_id: str) -> list[str]:
    """Ids of what stands side by side on the page."""
    page = await person.get(f"/c/{conversation_id}/")
    groups = parse(page.text).all(lambda e: "data-comparison" in e.attributes)
    return [a.attributes["data-message"] for group in groups for a in group.by_tag("article")]


async def test_one_fails_one_hangs_one_is_stopped_and_one_is_complete(
    ann: Person, asked: Asked
) -> None:
    models = ("anthropic/fast-200@100", "openai/error-400", "openai/hang", "openai/fast-4000@50")
    whole, failed, hung, stopped = await start(ann, ann.own("Which?"), models)
    async with ann.watch(whole) as first, ann.watch(stopped) as last:
        await first.until(lambda v: len(v.text) > 50)
        await last.until(lambda v: len(v.text) > 20)
        await ann.stop(stopped)
        assert await last.ended() == "stopped"
        assert await first.ended() == "complete"
    assert first.text.strip() == words(200)
    assert (await ann.ended(failed)).status == "failed"
    assert "Retry" in (await ann.article(failed.id)).buttons
    part = (await ann.ended(stopped)).text.strip()
    assert part
    assert words(4000).startswith(part)
    article = await ann.article(hung.id)
    assert article.status == "streaming"
    assert "Stop this one" in article.buttons
    await ann.submit(f"/m/{whole.id}/stop-all/", {}, htmx=True)
    assert (await ann.ended(hung)).status == "stopped"
    assert (await ann.article(whole.id)).status == "complete"
    assert len(asked.requests) == 4


async def test_each_is_asked_the_same_and_is_told_nothing_of_the_others(
    ann: Person, asked: Asked
) -> None:
    first, second = await start(ann, ann.own("Which?"), TWO)
    await asyncio.gather(ann.ended(first), ann.ended(second))
    answer = await ann.submit(f"/m/{second.id}/choose/", {}, htmx=True)
    assert answer.status_code == 200
    third = await ann.post(first.conversation_id, ann.own("Go on"), parent=second.id)
    await ann.ended(third)
    one, other, after = asked.bodies
    assert {one["model"], other["model"]} == {"ok", "fast-60@100"}
    for body in (one, other):
        assert len(body["messages"]) == 1
    assert after["model"] == "fast-60@100", "the model that was chosen"
    said = str(after["messages"])
    assert words(60) in said
    assert "short answer" not in said


async def test_what_is_tried_again_stays_in_its_place(ann: Person) -> None:
    first, second = await start(ann, ann.own("Which?"), ("openai/500-once", "openai/error-400"))
    await asyncio.gather(ann.ended(first), ann.ended(second))
    answer = await ann.submit(f"/m/{second.id}/retry/", {}, htmx=True)
    again = replies_in(answer.text, first.conversation_id)
    assert [reply.id for reply in again] == [first.id, second.id]
    await ann.ended(second)
    new = replies_in(
        (await ann.submit(f"/m/{first.id}/regenerate/", {}, htmx=True)).text, first.conversation_id
    )
    assert new[0].id != first.id
    assert new[1].id == second.id
    await ann.ended(new[0])
    assert await shown(ann, first.conversation_id) == [new[0].id, second.id]


async def test_an_open_page_hears_of_a_choice_in_another_tab(ann: Person) -> None:
    first, second = await start(ann, ann.own("Which?"), TWO)
    await asyncio.gather(ann.ended(first), ann.ended(second))
    async with ann.socket(first.conversation_id) as other, asyncio.timeout(10):
        assert json.loads(await other.recv())["leaf"] == first.id
        await ann.submit(f"/m/{second.id}/choose/", {}, htmx=True)
        while (event := json.loads(await other.recv()))["t"] != "thread":
            pass
    assert event["leaf"] == second.id
    assert await shown(ann, first.conversation_id) == []


async def test_the_same_form_twice_asks_once(ann: Person, asked: Asked) -> None:
    key = "6f3c1f5e-9f0e-4a3f-8a42-0c6a1d0f5a11"
    twice = await asyncio.gather(*(start(ann, ann.own("Which?"), TWO, key=key) for _ in range(2)))
    assert twice[0] == twice[1]
    await asyncio.gather(*(ann.ended(reply) for reply in twice[0]))
    assert len(asked.requests) == 2


# --- As many as may be ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def narrow_server(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two replies at once, and chats that are named by their models."""
    limits = {"MAX_LIVE_REPLIES": "2", "TITLES": "model"}
    directory = tmp_path_factory.mktemp("narrow")
    with Server(directory, env=site_environment(upstream, **limits)) as running:
        yield running
        running.terminate()
        check_log(running)


@pytest.fixture
async def nell(narrow_server: Server) -> AsyncIterator[Person]:
    """Somebody there."""
    async with Person(narrow_server.url) as person:
        yield await person.sign_up()


async def test_a_limit_in_the_midst_loses_neither_message_nor_replies(
    nell: Person, upstream: Upstream
) -> None:
    models = ("openai/slow", "openai/hang", "openai/ok")
    first, second, third = await start(nell, nell.own("Which?"), models)
    refused = await nell.article(third.id)
    assert refused.status == "failed"
    assert "This model was not asked. 2 replies of yours are still being written." in refused.footer
    await nell.stop(second)
    assert (await nell.ended(second)).status == "stopped"
    await nell.submit(f"/m/{third.id}/retry/", {}, htmx=True)
    assert (await nell.ended(third)).status == "complete"
    assert (await nell.ended(first)).status == "complete"
    assert await shown(nell, first.conversation_id) == [first.id, second.id, third.id]


async def test_nothing_is_stored_where_none_fits(nell: Person, upstream: Upstream) -> None:
    running = await start(nell, nell.own("Which?"), ("openai/hang", "openai/hang-after-3"))
    body = {"content": nell.own("Another"), "compare": list(TWO)}
    answer = await nell.submit("/c/", body, htmx=True)
    assert answer.status_code == 422
    assert "2 replies of yours are still being written" in answer.text
    assert len(Asked(upstream, nell).requests) == 2
    await nell.submit(f"/m/{running[1].id}/stop-all/", {}, htmx=True)
    assert [(await nell.ended(reply)).status for reply in running] == ["stopped", "stopped"]


async def test_a_comparison_is_named_once(nell: Person, upstream: Upstream) -> None:
    text = nell.own("Begin\n/title say A walk by the sea\nwith")
    first, second = await start(nell, text, TWO)
    await asyncio.gather(nell.ended(first), nell.ended(second))

    async def is_named() -> bool:
        return await title_of(nell, first) == "A walk by the sea"

    await until(is_named)
    third = await nell.post(first.conversation_id, nell.own("More"), parent=first.id)
    await nell.ended(third)
    assert len(title_requests(upstream, nell)) == 1
