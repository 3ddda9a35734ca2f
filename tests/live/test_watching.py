"""Pages that come, go, come back and hang while a reply is written."""

import asyncio
import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.live.conftest import Asked, resident, words
from tests.person import Person, Reply
from tests.server import Server
from tests.viewer import Viewer
from tests.waiting import until

pytestmark = pytest.mark.server


def check_grew_smoothly(viewer: Viewer, whole: str) -> None:
    """At every moment the page showed the beginning of the reply: no gap, nothing twice."""
    for moment in viewer.moments:
        assert whole.startswith(moment.text.strip()), moment
    lengths = [len(moment.text) for moment in viewer.moments]
    assert lengths == sorted(lengths)


async def test_pages_that_come_late_see_all_from_the_start(ann: Person) -> None:
    whole = words(200)
    reply = await ann.start_chat(ann.own("Hello"), model="openai/fast-200@100")
    async with ann.watch(reply) as first:
        await first.until(lambda v: len(v.text) > 100)
        async with ann.watch(reply) as second:
            await second.until(lambda v: len(v.text) > 300)
            async with ann.watch(reply) as third:
                for viewer in (first, second, third):
                    assert await viewer.ended() == "complete"
    for viewer in (first, second, third):
        assert viewer.text.strip() == whole
        assert viewer.snapshots == 1
        check_grew_smoothly(viewer, whole)
    assert len(second.moments[0].text) > 50
    assert len(first.moments) > 20, "it came in many frames"


async def test_a_page_that_lost_its_socket_takes_up_where_the_reply_is(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="anthropic/fast-300@100")
    async with ann.watch(reply) as before:
        await before.until(lambda v: len(v.text) > 50)
    async with ann.watch(reply) as after:
        assert await after.ended() == "complete"
    assert after.text.strip() == words(300)
    assert len(after.moments[0].text) >= len(before.moments[-1].text) - len(" ")


async def test_a_frame_that_is_lost_is_healed(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/fast-300@100")
    async with ann.watch(reply) as viewer:
        await viewer.until(lambda v: len(v.text) > 50)
        viewer.miss_next_frame()
        assert await viewer.ended() == "complete"
    assert viewer.snapshots == 2
    assert viewer.text.strip() == words(300)
    check_grew_smoothly(viewer, words(300))


async def test_the_other_tab_hears_of_a_new_message_and_shows_it(ann: Person) -> None:
    first = await ann.start_chat(ann.own("Hello"), model="openai/ok")
    await ann.ended(first)
    async with ann.socket(first.conversation_id) as other:
        assert json.loads(await other.recv())["t"] == "hello"
        reply = await ann.post(first.conversation_id, ann.own("/mode fast-200@100\n"))
        async with asyncio.timeout(10):
            while (event := json.loads(await other.recv()))["t"] != "thread":
                pass
        assert event["leaf"] == reply.id
        viewer = Viewer(other, reply.id)
        reading = asyncio.create_task(viewer.read())
        await viewer.ask()
        assert await viewer.ended() == "complete"
        reading.cancel()
    assert viewer.text.strip() == words(200)


async def test_a_reply_is_finished_though_nobody_looks(ann: Person, asked: Asked) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/fast-60@100")
    await until(lambda: asked.answers and asked.answers[0]["end"] == "complete")
    article = await ann.ended(reply)
    assert (article.status, article.text.strip()) == ("complete", words(60))


async def test_a_reply_is_finished_though_its_page_was_closed(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/fast-80@100")
    async with ann.watch(reply) as viewer:
        await viewer.until(lambda v: len(v.text) > 20)
    article = await ann.ended(reply)
    assert (article.status, article.text.strip()) == ("complete", words(80))


async def test_a_page_opened_after_the_end_is_told_so(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/ok")
    await ann.ended(reply)
    async with ann.watch(reply) as viewer:
        assert await viewer.ended() == "complete"
    assert viewer.snapshots == 0


async def test_a_page_that_reads_nothing_holds_nobody_up(ann: Person, server: Server) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/fast-3000@2000")
    before = resident(server)
    deaf = await open_deaf_socket(ann, reply)
    try:
        async with ann.watch(reply) as viewer:
            assert await viewer.ended() == "complete"
        assert viewer.text.strip() == words(3000)
        assert (await ann.ended(reply)).status == "complete"
        assert resident(server) - before < 30_000_000
    finally:
        deaf.close()


async def open_deaf_socket(person: Person, reply: Reply) -> socket.socket:
    """A websocket that asks for a reply and then never reads."""
    address = urlsplit(person.url)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    raw.connect((address.hostname, address.port))
    lines = [
        f"GET /ws/c/{reply.conversation_id}/ HTTP/1.1",
        f"Host: {address.netloc}",
        f"Origin: {person.url}",
        f"Cookie: {person.cookie}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    raw.sendall("\r\n".join([*lines, "", ""]).encode())
    assert (await asyncio.to_thread(raw.recv, 12)) == b"HTTP/1.1 101"
    question = json.dumps({"watch": reply.id}).encode()
    # A masked text frame; the mask of zeros leaves the bytes as they are.
    raw.sendall(bytes([0x81, 0x80 | len(question), 0, 0, 0, 0]) + question)
    return raw
