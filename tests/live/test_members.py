"""Two people in one chat: the same frames, who is here, who types, and an end at once."""

import asyncio
import json
import re
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from accounts.consumers import NO_MEMBER, NOT_FOUND
from tests.live.test_sockets import close_code
from tests.person import Person, Reply

pytestmark = pytest.mark.server


async def invite(owner: Person, other: Person, conversation_id: str, role: str) -> str:
    """Let somebody in; their id."""
    path = f"/c/{conversation_id}/people/"
    answer = await owner.submit(path, {"who": other.name, "role": role})
    assert answer.status_code == 303, answer.text
    found = re.search(r"/people/([0-9a-f-]{36})/remove/", (await owner.get(path)).text)
    assert found
    return found[1]


async def heard(connection: ClientConnection, kind: str) -> dict[str, Any]:
    """The next of that kind; what comes before it is let pass."""
    async with asyncio.timeout(10):
        while True:
            message: dict[str, Any] = json.loads(await connection.recv())
            if message["t"] == kind:
                return message


@pytest.fixture
async def reply(ann: Person) -> Reply:
    """A reply of Ann's that is being written."""
    return await ann.start_chat(ann.own("Hello"), model="openai/fast-300@100")


async def test_all_see_the_same_reply(ann: Person, bob: Person, reply: Reply) -> None:
    await invite(ann, bob, reply.conversation_id, "reader")
    async with ann.watch(reply) as hers, bob.watch(reply) as his:
        assert await hers.ended() == await his.ended() == "complete"
        assert hers.html == his.html
    assert (await bob.article(reply.id)).footer


async def test_who_is_removed_hears_nothing_more(ann: Person, bob: Person, reply: Reply) -> None:
    bobs_id = await invite(ann, bob, reply.conversation_id, "writer")
    async with bob.socket(reply.conversation_id) as connection:
        await heard(connection, "hello")
        await connection.send(json.dumps({"watch": reply.id}))
        await heard(connection, "snapshot")
        await ann.submit(f"/c/{reply.conversation_id}/people/{bobs_id}/remove/", {})
        assert await close_code(connection, may_read=True) == NO_MEMBER
    async with bob.socket(reply.conversation_id) as connection:
        assert await close_code(connection) == NOT_FOUND
    assert (await bob.get(f"/c/{reply.conversation_id}/")).status_code == 404
    await ann.stop(reply)


async def test_what_comes_after_a_removal_is_not_heard(ann: Person, bob: Person) -> None:
    quick = await ann.start_chat(ann.own("Hello"), model="openai/ok")
    chat = quick.conversation_id
    async with ann.watch(quick) as watched:
        await watched.ended()
    bobs_id = await invite(ann, bob, chat, "writer")
    kinds = set()
    async with bob.socket(chat) as his, ann.socket(chat) as hers:
        await heard(his, "hello")
        await heard(hers, "hello")
        await ann.submit(f"/c/{chat}/people/{bobs_id}/remove/", {})
        await ann.post(chat, ann.own("Not for Bob"))
        assert await heard(hers, "thread")
        async with asyncio.timeout(10):
            with suppress(ConnectionClosed):
                while True:
                    kinds.add(json.loads(await his.recv())["t"])
        assert his.close_code == NO_MEMBER
    # Of the chat nothing; the others are of his own list.
    assert kinds <= {"here", "read", "sidebar"}


async def test_a_deleted_chat_closes_for_members(ann: Person, bob: Person, reply: Reply) -> None:
    await invite(ann, bob, reply.conversation_id, "writer")
    async with bob.socket(reply.conversation_id) as connection:
        await heard(connection, "hello")
        await ann.submit(f"/c/{reply.conversation_id}/delete/", {})
        assert await close_code(connection, may_read=True) == NOT_FOUND


async def test_people_see_who_is_here_and_who_types(ann: Person, bob: Person, reply: Reply) -> None:
    chat = reply.conversation_id
    async with ann.socket(chat) as hers:
        await heard(hers, "hello")
        # Alone until now: the first member makes her page say that she is here.
        bobs_id = await invite(ann, bob, chat, "writer")
        assert await heard(hers, "people") == {"t": "people", "me": False}
        async with bob.socket(chat) as his:
            assert [p["name"] for p in (await heard(hers, "here"))["people"]] == [bob.name]
            assert [p["name"] for p in (await heard(his, "here"))["people"]] == [ann.name]
            await his.send(json.dumps({"typing": True}))
            typing = await heard(hers, "typing")
            assert typing == {"t": "typing", "id": bobs_id, "name": bob.name}
            role = f"/c/{chat}/people/{bobs_id}/"
            await ann.submit(role, {"role": "reader"})
            assert await heard(his, "people") == {"t": "people", "me": True}
            # A reader does not type; the next that she hears of him is that he went.
            await his.send(json.dumps({"typing": True}))
        seen = []
        while "here" not in seen:
            seen.append(json.loads(await hers.recv())["t"])
        assert "typing" not in seen
    await ann.stop(reply)


async def marked(connection: ClientConnection, conversation_id: str, *, unread: bool) -> None:
    """Wait until the page hears that of this chat; others come and go."""
    wanted = {"t": "unread", "ids": [conversation_id], "unread": unread}
    while await heard(connection, "unread") != wanted:
        pass


async def test_each_is_told_of_what_they_did_not_see(ann: Person, bob: Person) -> None:
    async with ann.socket() as hers, bob.socket() as elsewhere:
        quick = await ann.start_chat(ann.own("Hello"), model="openai/ok")
        chat = quick.conversation_id
        await marked(hers, chat, unread=True)
        await invite(ann, bob, chat, "writer")
        await ann.get(f"/c/{chat}/")
        await marked(hers, chat, unread=False)
        async with bob.socket(chat) as his:
            await heard(his, "hello")
            await bob.post(chat, bob.own("And I?"))
            await heard(his, "end")
            await his.send(json.dumps({"seen": True}))
            await marked(hers, chat, unread=True)
        assert f"unread-{chat}" not in (await bob.get("/sidebar/", htmx=True)).text
        await ann.post(chat, ann.own("And now?"))
        await marked(elsewhere, chat, unread=True)
