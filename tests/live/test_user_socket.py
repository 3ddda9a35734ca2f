"""What a user's pages hear, whichever chat they show; and what counts as seen."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from tests.live.conftest import site_environment
from tests.markup import parse
from tests.person import Person, Reply
from tests.server import Server
from tests.upstream import Upstream

pytestmark = pytest.mark.server

PATIENCE = 2.0
"""`chats.audience.ANSWER_WITHIN`."""


@pytest.fixture
async def ann(server: Server) -> AsyncIterator[Person]:
    """Somebody new: what other tests' replies leave behind comes a moment after these."""
    async with Person(server.url) as person:
        yield await person.sign_up()


@pytest.fixture
async def bob(server: Server) -> AsyncIterator[Person]:
    """Somebody else."""
    async with Person(server.url) as person:
        yield await person.sign_up()


class Ear:
    """What one socket hears."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[dict[str, Any]] = []

    async def until(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Listen until something is heard that `condition` wants."""
        async with asyncio.timeout(15):
            while True:
                message: dict[str, Any] = json.loads(await self.connection.recv())
                self.heard.append(message)
                if condition(message):
                    return message

    async def hears(self, kind: str) -> dict[str, Any]:
        """Listen until something of a kind is heard."""
        return await self.until(lambda message: message["t"] == kind)

    async def listen(self, seconds: float) -> None:
        """Take all that comes in this time."""
        try:
            async with asyncio.timeout(seconds):
                await self.until(lambda _message: False)
        except TimeoutError:
            return

    def kinds(self) -> set[str]:
        """What was heard so far."""
        return {message["t"] for message in self.heard}

    async def hears_end(self, reply: Reply) -> None:
        """Show a reply until it has ended."""
        await self.connection.send(json.dumps({"watch": reply.id}))
        await self.hears("end")

    async def sees(self) -> None:
        """Say that this page is looked at, as its script does."""
        await self.connection.send('{"seen": true}')


@asynccontextmanager
async def open_page(person: Person, conversation_id: str = "") -> AsyncIterator[Ear]:
    """A page of a chat, or one without; it has been greeted."""
    async with person.socket(conversation_id) as connection:
        ear = Ear(connection)
        await ear.hears("hello")
        yield ear


async def marked(person: Person) -> list[str]:
    """Ids of the chats that the sidebar marks as unread."""
    page = parse((await person.get("/")).text)
    # Not the one that scripts keep in store.
    marks = [mark for mark in page.by_class("unread-mark") if "id" in mark.attributes]
    return [mark.attributes["id"].removeprefix("unread-") for mark in marks]


async def count(person: Person) -> int:
    """What the bell says."""
    (badge,) = parse((await person.get("/")).text).all(lambda e: "data-count" in e.attributes)
    return int(badge.text)


async def finished(person: Person, *, model: str = "openai/ok") -> Reply:
    """A reply that ended while nobody looked."""
    reply = await person.start_chat(person.own("Hello"), model=model)
    await person.ended(reply)
    return reply


async def test_a_reply_that_nobody_saw_is_told_on_all_other_pages(ann: Person) -> None:
    other = await ann.start_chat(ann.own("Other"), model="openai/fast-500@100")
    async with open_page(ann) as home, open_page(ann, other.conversation_id) as chat:
        reply = await finished(ann)
        for ear in (home, chat):
            told = await ear.hears("notification")
            assert told["kind"] == "reply"
            assert told["subject"] == f"conversation:{reply.conversation_id}"
            assert told["n"] == 1
        toast = await ann.get(f"/notifications/{told['id']}/toast/", htmx=True)
        assert ann.word in toast.text
        assert await marked(ann) == [reply.conversation_id]
        # Opening it takes all of that away, on the other pages, too.
        await ann.get(f"/c/{reply.conversation_id}/")
        news = {("read", 0, None), ("unread", None, False)}
        while news:
            message = await home.until(lambda message: message["t"] in {"read", "unread"})
            news.discard((message["t"], message.get("n"), message.get("unread")))
        assert reply.conversation_id not in await marked(ann)
        marks = [message for message in home.heard if message["t"] == "unread"]
        assert [mark["unread"] for mark in marks] == [True, False]
        assert {mark["ids"][0] for mark in marks} == {reply.conversation_id}
    await ann.stop(other)


@pytest.mark.parametrize("model", ["openai/ok", "openai/error-401"])
async def test_what_a_visible_page_shows_is_no_news(ann: Person, model: str) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model=model)
    async with open_page(ann) as home, open_page(ann, reply.conversation_id) as chat:
        await chat.hears_end(reply)
        await chat.sees()
        await home.listen(PATIENCE + 1)
        assert "notification" not in home.kinds()
        assert reply.conversation_id not in await marked(ann)


async def test_a_hidden_page_does_not_count_until_it_is_looked_at(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/ok")
    async with open_page(ann, reply.conversation_id) as chat:
        await chat.hears_end(reply)
        assert (await chat.hears("notification"))["n"] == 1
        await chat.sees()
        assert (await chat.hears("read"))["n"] == 0
        assert reply.conversation_id not in await marked(ann)


async def test_to_have_looked_before_the_end_is_not_enough(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/fast-60@100")
    async with open_page(ann, reply.conversation_id) as chat:
        await chat.sees()
        await chat.hears_end(reply)
        await chat.hears("notification")


async def test_to_look_at_another_chat_is_not_enough(ann: Person) -> None:
    other = await finished(ann)
    async with open_page(ann, other.conversation_id) as chat:
        reply = await finished(ann)
        for _ in range(5):
            await chat.sees()
        told = await chat.until(lambda message: message.get("kind") == "reply")
        assert told["subject"] == f"conversation:{reply.conversation_id}"


async def test_a_page_learns_when_it_opens_that_its_chat_is_unread(ann: Person) -> None:
    async with open_page(ann) as home:
        reply = await finished(ann)
        await home.hears("notification")
        async with ann.socket(reply.conversation_id) as connection:
            hello = json.loads(await connection.recv())
            assert hello["unread"] is True
            assert hello["n"] == 1
            await Ear(connection).sees()
            await home.hears("read")
        async with ann.socket(reply.conversation_id) as connection:
            assert json.loads(await connection.recv())["unread"] is False


async def test_who_stopped_a_reply_is_not_told_of_its_end(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/fast-500@100")
    async with open_page(ann) as home:
        await ann.stop(reply)
        assert (await ann.ended(reply)).status == "stopped"
        await home.listen(PATIENCE + 1)
        assert "notification" not in home.kinds()
    assert reply.conversation_id not in await marked(ann)


async def test_a_failure_is_news(ann: Person) -> None:
    async with open_page(ann) as home:
        await finished(ann, model="openai/error-401")
        told = await home.hears("notification")
    toast = await ann.get(f"/notifications/{told['id']}/toast/", htmx=True)
    assert "failed" in toast.text


async def test_pages_without_a_socket_say_by_a_form_what_they_show(ann: Person) -> None:
    """By polling, and without a script, where the page refreshes itself."""
    async with open_page(ann) as home:
        polled = await finished(ann)
        answer = await ann.submit(f"/c/{polled.conversation_id}/seen/", {}, htmx=True)
        assert answer.status_code == 204
        refreshed = await finished(ann)
        await ann.get(f"/c/{refreshed.conversation_id}/?refresh=2")
        await home.listen(PATIENCE + 1)
        assert "notification" not in home.kinds()
    assert not {polled.conversation_id, refreshed.conversation_id} & set(await marked(ann))


async def test_others_hear_nothing_and_see_nothing_for_somebody(ann: Person, bob: Person) -> None:
    async with open_page(ann) as home, open_page(bob) as of_bob:
        reply = await finished(ann)
        answer = await bob.submit(f"/c/{reply.conversation_id}/seen/", {}, htmx=True)
        assert answer.status_code == 404
        told = await home.hears("notification")
        await of_bob.listen(0.5)
        assert not of_bob.kinds() & {"notification", "unread", "read"}
        for path in ("", "toast/"):
            assert (await bob.get(f"/notifications/{told['id']}/{path}")).status_code == 404
        assert (await bob.submit(f"/notifications/{told['id']}/read/", {})).status_code == 404
    assert reply.conversation_id in await marked(ann)


async def test_a_deleted_chat_is_news_no_more(ann: Person) -> None:
    async with open_page(ann) as home:
        reply = await finished(ann)
        told = await home.hears("notification")
        await ann.submit(f"/c/{reply.conversation_id}/delete/", {})
        assert (await home.hears("read"))["n"] == 0
        assert (await ann.get(f"/notifications/{told['id']}/")).status_code == 404
        gone = await finished(ann)
        await ann.submit(f"/c/{gone.conversation_id}/delete/", {})
        home.heard.clear()
        await home.listen(PATIENCE + 1)
        assert "notification" not in home.kinds()


async def test_temporary_chats_tell_nothing(ann: Person, server: Server) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/fast-40@100")
    (path,) = server.data_dir.glob("*.sqlite3")
    with closing(sqlite3.connect(path)) as database, database:
        chat = reply.conversation_id.replace("-", "")
        changed = database.execute(
            "UPDATE chats_conversation SET is_temporary = 1 WHERE id = ?", [chat]
        )
        assert changed.rowcount == 1
    async with open_page(ann) as home:
        await ann.ended(reply)
        await home.listen(PATIENCE + 1)
        assert "notification" not in home.kinds()


@pytest.mark.parametrize("end", ["kill", "terminate"])
async def test_a_server_that_ends_forgets_nobody(
    end: str, upstream: Upstream, tmp_path: Path
) -> None:
    """Neither the replies that it was writing, nor those whose end was just not seen yet."""
    with Server(tmp_path, env=site_environment(upstream, SHUTDOWN_GRACE="0")) as server:
        async with Person(server.url) as ann:
            await ann.sign_up()
            live = await ann.start_chat(ann.own("Long"), model="openai/fast-500@50")
            async with ann.watch(live) as viewer:
                await viewer.until(lambda v: len(v.text) > 10)
            expected = {live.conversation_id}
            if end == "terminate":
                expected.add((await finished(ann)).conversation_id)
                server.terminate()
            else:
                server.kill9()
            server.start()
            assert set(await marked(ann)) == expected
            assert await count(ann) == len(expected)


async def test_of_many_at_once_the_last_word_has_the_right_count(ann: Person) -> None:
    """Their ends are noted by several threads, whose messages may overtake each other."""
    async with open_page(ann) as home:
        replies = await asyncio.gather(*(finished(ann) for _ in range(8)))
        for _ in replies:
            told = await home.hears("notification")
        assert told["n"] == len(replies)
