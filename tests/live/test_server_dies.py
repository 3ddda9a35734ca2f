"""The server is killed or told to stop while it writes."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.conftest import Asked, check_log, site_environment, words
from tests.person import Person, Reply
from tests.server import Server
from tests.upstream import Upstream
from tests.upstream_modes import ANSWER
from tests.viewer import Viewer

pytestmark = pytest.mark.server


@pytest.fixture
def mortal(upstream: Upstream, tmp_path: Path) -> Iterator[Server]:
    """A server for one test."""
    with Server(tmp_path, env=site_environment(upstream, SHUTDOWN_GRACE="3")) as server:
        yield server
        check_log(server)


async def text_of(person: Person, reply: Reply) -> str:
    """What is stored."""
    return (await person.get(f"/m/{reply.id}/raw/")).text


async def test_kill_9_loses_at_most_a_second_of_text(mortal: Server, upstream: Upstream) -> None:
    async with Person(mortal.url) as ann:
        await ann.sign_up()
        asked = Asked(upstream, ann)
        begin = ann.own("/mode fast-2000@100\n")
        first = await ann.start_chat(begin, model="openai/ok")
        second = await ann.start_chat(begin, model="anthropic/ok")
        async with ann.watch(first) as viewer, ann.watch(second) as other:
            for page in (viewer, other):
                await page.until(lambda v: len(v.text) > 700)
            killed = time.time()
            mortal.kill9()
        timelines = [list(answer["tokens"]) for answer in asked.answers]
        mortal.start()
        for reply, tokens in zip((first, second), timelines, strict=True):
            article = await ann.article(reply.id)
            assert article.status == "interrupted", "right after the start"
            saved = await text_of(ann, reply)
            written = sum(token < killed - 1 for token in tokens)
            assert written > 20
            assert len(saved.split()) >= written
            assert words(2000).startswith(saved.strip())
            assert "This reply was interrupted." in article.footer
            assert {"Continue", "Retry"} <= article.buttons
        before = await text_of(ann, first)
        await ann.act("continue", first.id, first.conversation_id)
        assert (await ann.ended(first)).status == "complete"
        assert await text_of(ann, first) == before + ANSWER
        retried = await ann.act("retry", second.id, second.conversation_id)
        assert retried.id != second.id
        await ann.stop(retried)
        assert (await ann.ended(retried)).status == "stopped"


async def test_sigterm_saves_all_that_came(mortal: Server, upstream: Upstream) -> None:
    async with Person(mortal.url) as ann:
        await ann.sign_up()
        reply = await ann.start_chat(ann.own("Hello"), model="openai/fast-2000@100")
        async with ann.watch(reply) as viewer:
            await viewer.until(lambda v: len(v.text) > 200)
            told = time.time()
            code = await asyncio.to_thread(mortal.terminate)
            await viewer.until(lambda v: v.closed is not None)
        took = time.time() - told
        tokens = Asked(upstream, ann).answers[0]["tokens"]
        mortal.start()
        saved = await text_of(ann, reply)
        article = await ann.article(reply.id)
    assert code == 0
    assert took < 15, "the grace is 3 s"
    assert (article.status, viewer.status) == ("interrupted", "interrupted")
    assert {"Continue", "Retry"} <= article.buttons
    assert viewer.text.strip() == saved.strip()
    assert len(saved.split()) >= sum(token < told for token in tokens)
    assert words(2000).startswith(saved.strip())


async def test_sigterm_lets_a_short_reply_end(mortal: Server) -> None:
    async with Person(mortal.url) as ann:
        await ann.sign_up()
        reply = await ann.start_chat(ann.own("Hello"), model="openai/fast-100@80")
        async with ann.watch(reply) as viewer:
            await viewer.until(lambda v: len(v.text) > 20)
            assert await asyncio.to_thread(mortal.terminate) == 0
        check_ended_well(viewer)
        mortal.start()
        assert (await ann.article(reply.id)).status == "complete"
        assert (await text_of(ann, reply)).strip() == words(100)


def check_ended_well(viewer: Viewer) -> None:
    """The page saw the whole reply although its server was leaving."""
    assert viewer.status == "complete"
    assert viewer.text.strip() == words(100)
