"""Titles by the model, made by a real server with a real upstream."""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.live.conftest import Asked, check_log, site_environment, words
from tests.person import Person, Reply
from tests.server import Server
from tests.upstream import Upstream
from tests.waiting import until

pytestmark = pytest.mark.server

TITLE_REQUEST: Final = "First message:"


@pytest.fixture(scope="module")
def naming_server(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site whose chats are named by their models."""
    directory = tmp_path_factory.mktemp("titles")
    with Server(directory, env=site_environment(upstream, TITLES="model")) as running:
        yield running
        running.terminate()
        check_log(running)


@pytest.fixture
async def tess(naming_server: Server) -> AsyncIterator[Person]:
    """Somebody there."""
    async with Person(naming_server.url) as person:
        yield await person.sign_up()


async def begin(person: Person, title: str, *, model: str = "openai/ok") -> Reply:
    """A chat whose title's request is answered as `title` says."""
    return await person.start_chat(person.own(f"Begin\n/title {title}\nwith"), model=model)


async def title_of(person: Person, reply: Reply) -> str:
    """As its page has it."""
    page = await person.get(f"/c/{reply.conversation_id}/")
    found = re.search(r"<title>(.*?) · Parley</title>", page.text, re.DOTALL)
    assert found
    return html.unescape(found[1])


def first_words(title: str) -> str:
    """The title until there is a better one, as it begins."""
    return f"Begin /title {title}"[:40]


def title_requests(upstream: Upstream, person: Person) -> list[str]:
    """The texts of the requests for a title on a person's behalf."""
    return [str(b) for b in Asked(upstream, person).bodies if TITLE_REQUEST in str(b)]


@pytest.mark.parametrize("model", ["openai/ok", "anthropic/ok"])
async def test_a_title_comes_after_the_end_and_pages_are_told(
    tess: Person, upstream: Upstream, model: str
) -> None:
    reply = await begin(tess, "say A walk by the sea", model=model)
    async with tess.watch(reply) as viewer:
        assert await viewer.ended() == "complete"
        await viewer.until(lambda v: v.frames[-1]["t"] == "sidebar" and _ended(v.frames))
    assert await title_of(tess, reply) == "A walk by the sea"
    assert ">A walk by the sea</a>" in (await tess.get("/sidebar/", htmx=True)).text
    await tess.ended(await tess.post(reply.conversation_id, tess.own("More"), parent=reply.id))
    assert len(title_requests(upstream, tess)) == 1
    assert (await tess.article(reply.id)).footer.count("tokens") <= 1


def _ended(frames: list[dict[str, object]]) -> bool:
    return "end" in [frame["t"] for frame in frames]


async def test_a_rename_in_between_wins(tess: Person, upstream: Upstream) -> None:
    reply = await begin(tess, "slow-first-1.5")
    await until(lambda: title_requests(upstream, tess))
    answer = await tess.submit(f"/c/{reply.conversation_id}/rename/", {"title": "Mine"})
    assert answer.status_code == 303
    await until(lambda: Asked(upstream, tess).answers[-1]["end"] == "complete")
    await asyncio.sleep(0.5)
    assert await title_of(tess, reply) == "Mine"


@pytest.mark.parametrize(
    "mode", ["error-500", "error-401", "error-429", "empty", "malformed", "cut-after-2", "html"]
)
async def test_what_fails_leaves_the_first_words_and_is_not_tried_again(
    tess: Person, upstream: Upstream, naming_server: Server, mode: str
) -> None:
    before = naming_server.output.count("No title after reply")
    reply = await begin(tess, mode)
    assert (await tess.ended(reply)).status == "complete"
    await until(lambda: naming_server.output.count("No title after reply") > before)
    assert (await title_of(tess, reply)).startswith(first_words(mode))
    assert len(title_requests(upstream, tess)) == 1


@pytest.mark.parametrize(
    ("said", "title"),
    [
        (r"# \u202e**evil**\u202c\u0000 title\nand more", "evil title"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("x" * 500, "x" * 79 + "…"),
    ],
)
async def test_a_hostile_title_is_cleaned_and_escaped(tess: Person, said: str, title: str) -> None:
    reply = await begin(tess, f"say {said}")
    await tess.ended(reply)
    await until(lambda: _is_named(tess, reply, title))
    page = (await tess.get(f"/c/{reply.conversation_id}/")).text
    assert "<img src=x" not in page


async def _is_named(person: Person, reply: Reply, title: str) -> bool:
    return await title_of(person, reply) == title


async def test_an_endless_title_is_not_listened_to(tess: Person, upstream: Upstream) -> None:
    reply = await begin(tess, "fast-30000@4000")
    await tess.ended(reply)
    await until(lambda: _is_named(tess, reply, f"{words(17)}…"))
    assert Asked(upstream, tess).answers[-1]["end"] != "complete"


async def test_a_stopped_reply_and_the_demo_get_none(tess: Person, upstream: Upstream) -> None:
    reply = await begin(tess, "say Never", model="openai/slow")
    async with tess.watch(reply) as viewer:
        await viewer.until(lambda v: v.text)
        await tess.stop(reply)
        assert await viewer.ended() == "stopped"
    shown = await begin(tess, "say Never", model="demo/demo")
    await tess.stop(shown)
    await tess.ended(shown)
    await asyncio.sleep(0.5)
    assert title_requests(upstream, tess) == []


async def test_off_for_one_person(tess: Person, upstream: Upstream) -> None:
    body = {"theme": "system", "default_model": "", "makes_titles": ""}
    assert (await tess.submit("/settings/", body)).status_code == 302
    reply = await begin(tess, "say Never")
    await tess.ended(reply)
    await asyncio.sleep(0.5)
    assert (await title_of(tess, reply)).startswith(first_words("say Never"))
    assert len(Asked(upstream, tess).requests) == 1


async def test_off_for_the_site(ann: Person, upstream: Upstream) -> None:
    reply = await begin(ann, "say Never")
    await ann.ended(reply)
    await asyncio.sleep(0.5)
    assert (await title_of(ann, reply)).startswith(first_words("say Never"))
    assert len(Asked(upstream, ann).requests) == 1


async def test_a_hanging_title_delays_neither_the_reply_nor_the_end_of_the_server(
    upstream: Upstream, tmp_path: Path
) -> None:
    environment = site_environment(upstream, TITLES="model", SHUTDOWN_GRACE="15")
    with Server(tmp_path, env=environment) as server:
        async with Person(server.url) as fay:
            await fay.sign_up()
            reply = await begin(fay, "hang")
            assert (await fay.ended(reply, limit=10)).status == "complete"
            await until(lambda: title_requests(upstream, fay))
            further = await fay.post(reply.conversation_id, fay.own("More"), parent=reply.id)
            assert (await fay.ended(further, limit=10)).status == "complete"
            assert (await title_of(fay, reply)).startswith(first_words("hang"))
            await asyncio.to_thread(server.terminate, 10)
            hung = [each for each in Asked(upstream, fay).answers if each["mode"] == "hang"]
            assert [each["end"] for each in hung] == ["closed by client"]
        check_log(server)
