"""Who may listen to a conversation, and for how long."""

import asyncio
import json
from contextlib import suppress
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from accounts.consumers import BAD_MESSAGE, NOT_FOUND, SIGNED_OUT, TOO_MANY
from tests.live.conftest import ADMIN
from tests.markup import parse
from tests.person import Person, Reply
from tests.server import Server

pytestmark = pytest.mark.server

TOO_BIG = {1006, 1009}
"""Dropped, or with the code of RFC 6455 section 7.4.1."""
NONSENSE: dict[str, str | bytes] = {
    "no JSON": "watch me",
    "a list": "[]",
    "nothing": "{}",
    "a number": '{"watch": 1}',
    "no id": '{"watch": "x"}',
    "null": '{"watch": null}',
    "bytes": b'{"watch": "x"}',
    "depth": "[" * 50_000,
    "seen, but not so": '{"seen": 1, "more": []}',
    "empty": "",
}


@pytest.fixture
async def reply(ann: Person) -> Reply:
    """A reply of Ann's that is being written."""
    return await ann.start_chat(ann.own("Hello"), model="openai/fast-500@100")


@pytest.fixture(params=["chat", "user"])
def place(request: pytest.FixtureRequest, reply: Reply) -> str:
    """Which socket a page opens: that of Ann's chat, or without an id her own."""
    return reply.conversation_id if request.param == "chat" else ""


async def close_code(connection: ClientConnection, *, may_read: bool = False) -> int | None:
    """Read until the server closes; its code. Only who `may_read` gets text before that."""
    async with asyncio.timeout(10):
        try:
            while True:
                kind = json.loads(await connection.recv())["t"]
                assert may_read or kind not in {"snapshot", "frame"}
        except ConnectionClosed:
            return connection.close_code


async def refused(person: Person, conversation_id: str, origin: str | None = "") -> bool:
    """Whether the socket is not even opened."""
    try:
        async with person.socket(conversation_id, origin=origin):
            return False
    except InvalidStatus as error:
        return error.response.status_code in {400, 403, 404}


@pytest.mark.parametrize("cookie", ["", "sessionid=abcdefghijklmnopqrstuvwxyz012345"])
async def test_nobody_listens_without_a_session(ann: Person, place: str, cookie: str) -> None:
    async with ann.socket(place, cookie=cookie) as connection:
        assert await close_code(connection) == SIGNED_OUT


async def test_only_pages_of_the_site_itself_open_sockets(ann: Person, place: str) -> None:
    host, port = ann.url.removeprefix("http://").split(":")
    others = [
        None,
        "null",
        f"http://{host}:{int(port) + 1}",
        f"http://{host}",
        f"http://localhost:{port}",
        f"{ann.url}.example.org",
        "https://evil.example.org",
        f"file://{host}:{port}",
        "http://[",
        "http://[::1]:x",
        "//" + host,
        "x",
    ]
    for origin in others:
        assert await refused(ann, place, origin=origin), origin
    async with ann.socket(place) as connection:
        assert json.loads(await connection.recv())["t"] == "hello"


async def test_nobody_listens_to_somebody_elses_chat(bob: Person, reply: Reply) -> None:
    for conversation_id in (reply.conversation_id, str(uuid4())):
        async with bob.socket(conversation_id) as connection:
            assert await close_code(connection) == NOT_FOUND


async def test_an_address_without_a_chat_is_refused_quietly(ann: Person) -> None:
    assert await refused(ann, "no-id")


async def test_nobody_watches_a_reply_through_another_chat(
    ann: Person, bob: Person, reply: Reply
) -> None:
    of_bob = await bob.start_chat(bob.own("Hello"), model="openai/ok")
    of_ann = await ann.start_chat(ann.own("Other"), model="openai/ok")
    for person, chat in ((bob, of_bob.conversation_id), (ann, of_ann.conversation_id)):
        async with person.socket(chat) as connection:
            await connection.send(json.dumps({"watch": reply.id}))
            assert await close_code(connection) == NOT_FOUND


@pytest.mark.parametrize("kind", NONSENSE)
async def test_nonsense_closes_the_socket(ann: Person, place: str, kind: str) -> None:
    async with ann.socket(place) as connection:
        await connection.send(NONSENSE[kind])
        assert await close_code(connection) == BAD_MESSAGE


async def test_a_flood_closes_the_socket_and_nothing_else(ann: Person, reply: Reply) -> None:
    other = await ann.start_chat(ann.own("Other"), model="openai/ok")
    async with ann.watch(reply) as viewer, ann.socket(other.conversation_id) as connection:
        question = json.dumps({"watch": other.question_id})
        with suppress(ConnectionClosed):
            for _ in range(1000):
                await connection.send(question)
        assert await close_code(connection) == TOO_MANY
        await ann.stop(reply)
        assert await viewer.ended() == "stopped"


async def test_a_huge_frame_closes_the_socket(ann: Person, place: str) -> None:
    async with ann.socket(place) as connection:
        await connection.send(json.dumps({"watch": "x" * 100_000}))
        assert await close_code(connection) in TOO_BIG


async def test_signing_out_closes_the_sockets_of_that_browser(
    ann: Person, server: Server, reply: Reply, place: str
) -> None:
    async with Person(server.url, ann.name) as elsewhere:
        await elsewhere.sign_in()
        async with (
            ann.socket(place) as here,
            elsewhere.watch(reply) as there,
        ):
            assert json.loads(await here.recv())["t"] == "hello"
            await ann.sign_out()
            assert await close_code(here, may_read=True) == SIGNED_OUT
            await there.until(lambda v: len(v.text) > 20)
            await elsewhere.stop(reply)
            assert await there.ended() == "stopped"


async def test_a_password_change_closes_the_sockets_of_other_browsers(
    strict_server: Server,
) -> None:
    async with (
        Person(strict_server.url) as eve,
        Person(strict_server.url, eve.name) as thief,
    ):
        reply = await (await eve.sign_up()).start_chat(eve.own("Hello"), model="demo/demo")
        await thief.sign_in()
        async with thief.socket(reply.conversation_id) as connection:
            assert json.loads(await connection.recv())["t"] == "hello"
            await eve.change_password("another battery of staples")
            assert await close_code(connection) == SIGNED_OUT
        async with eve.watch(reply) as viewer:
            assert await viewer.ended() == "complete"


async def test_a_locked_account_loses_its_sockets(strict_server: Server) -> None:
    async with Person(strict_server.url) as eve, Person(strict_server.url, ADMIN) as admin:
        await admin.sign_in()
        reply = await (await eve.sign_up()).start_chat(eve.own("Hello"), model="demo/demo")
        async with eve.socket(reply.conversation_id) as connection:
            assert json.loads(await connection.recv())["t"] == "hello"
            path = f"/admin/accounts/user/?q={eve.name}"
            boxes = parse((await admin.get(path)).text).all(
                lambda e: e.attributes.get("name") == "_selected_action"
            )
            (user_id,) = (box.attributes["value"] for box in boxes)
            body = {"action": "deactivate", "_selected_action": user_id}
            assert (await admin.submit(path, body)).status_code == 302
            assert await close_code(connection) == SIGNED_OUT
