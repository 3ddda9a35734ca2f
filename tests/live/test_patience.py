"""How long a site waits for providers, and what its pages say meanwhile."""

from collections.abc import AsyncIterator

import pytest

from tests.live.conftest import Asked, words
from tests.person import Person
from tests.server import Server
from tests.upstream import Upstream
from tests.waiting import until

pytestmark = pytest.mark.server
WAITING = "Still waiting for the provider. You can stop at any time."


@pytest.fixture
async def eve(strict_server: Server) -> AsyncIterator[Person]:
    """Somebody on the site whose patience is short."""
    async with Person(strict_server.url) as person:
        yield await person.sign_up()


async def test_a_silent_provider_is_told_of_and_given_up(eve: Person, upstream: Upstream) -> None:
    asked = Asked(upstream, eve)
    reply = await eve.start_chat(eve.own("Hello"), model="openai/hang")
    async with eve.watch(reply) as viewer:
        await viewer.until(lambda v: v.notices)
        assert (await eve.article(reply.id)).status in {"pending", "streaming"}
        async with eve.watch(reply) as late:
            await late.until(lambda v: v.notices)
        assert await viewer.ended() == "failed"
    for page in (viewer, late):
        assert [(n["kind"], n["text"]) for n in page.notices] == [("waiting", WAITING)]
    article = await eve.article(reply.id)
    assert "The provider did not answer in time." in article.footer
    assert "Retry" in article.buttons
    assert len(asked.requests) == 1
    await until(lambda: asked.answers[0]["end"] == "closed by client")


async def test_a_provider_that_falls_silent_leaves_what_it_said(eve: Person) -> None:
    reply = await eve.start_chat(eve.own("Hello"), model="anthropic/hang-after-30")
    async with eve.watch(reply) as viewer:
        assert await viewer.ended() == "interrupted"
    assert [n["kind"] for n in viewer.notices] == ["waiting"]
    article = await eve.article(reply.id)
    assert article.body == viewer.html
    assert article.text.strip() == words(30)
    assert "The provider did not answer in time." in article.footer
    assert {"Continue", "Retry"} <= article.buttons


async def test_a_provider_that_drips_for_ever_is_left(eve: Person, upstream: Upstream) -> None:
    asked = Asked(upstream, eve)
    reply = await eve.start_chat(eve.own("Hello"), model="openai/fast-1000@2")
    article = await eve.ended(reply)
    assert article.status == "interrupted"
    assert words(1000).startswith(article.text.strip())
    assert "The answer took longer than this site allows." in article.footer
    assert {"Continue", "Retry"} <= article.buttons
    await until(lambda: asked.answers[0]["end"] == "closed by client")
    assert len(asked.requests) == 1


async def test_a_reply_without_end_is_ended_and_can_go_on(eve: Person, upstream: Upstream) -> None:
    asked = Asked(upstream, eve)
    reply = await eve.start_chat(eve.own("Hello"), model="openai/fast-5000@1000")
    article = await eve.ended(reply)
    assert article.status == "complete"
    assert 1000 <= len(article.text) < 1100
    assert words(5000).startswith(article.text.strip())
    assert "The reply reached its longest length." in article.footer
    assert "Continue" in article.buttons
    await until(lambda: asked.answers[0]["end"] == "closed by client")


async def test_a_page_that_comes_during_a_pause_sees_the_rest_of_it(eve: Person) -> None:
    reply = await eve.start_chat(eve.own("Hello"), model="openai/error-429")
    async with eve.watch(reply) as first:
        await first.until(lambda v: v.notices)
        async with eve.watch(reply) as second:
            await second.until(lambda v: v.notices)
        assert second.notices[0]["kind"] == "retrying"
        assert 0 < second.notices[0]["seconds"] <= first.notices[0]["seconds"] < 7.3
        await eve.stop(reply)
        assert await first.ended() == "stopped"
