"""A message that is sent several times over is there once, whatever comes between."""

import asyncio
from uuid import uuid4

import pytest

from tests.live.conftest import Asked
from tests.markup import parse
from tests.person import Person, reply_in

pytestmark = pytest.mark.server


async def test_first_message_at_the_same_time(ann: Person, asked: Asked) -> None:
    """Eight requests with one key: one chat, one question to the model, eight equal answers."""
    form = {"content": ann.own("Hello"), "model": "openai/ok", "key": str(uuid4())}
    answers = await asyncio.gather(*(ann.submit("/c/", form, htmx=True) for _ in range(8)))
    replies = {reply_in(answer) for answer in answers}
    assert len(replies) == 1
    await ann.ended(replies.pop())
    assert len(asked.requests) == 1


async def test_next_message_at_the_same_time(ann: Person, asked: Asked) -> None:
    """Also where the message to answer is named, and two pages could make two branches."""
    first = await ann.start_chat(ann.own("Hello"), model="openai/ok")
    await ann.ended(first)
    for parent in (first.id, ""):
        key = str(uuid4())
        posts = [
            ann.post(first.conversation_id, ann.own("More"), parent=parent, key=key)
            for _ in range(6)
        ]
        (reply,) = set(await asyncio.gather(*posts))
        await ann.ended(reply)
    page = parse((await ann.get(f"/c/{first.conversation_id}/")).text)
    texts = [a for a in page.by_tag("article") if a.attributes["data-role"] == "user"]
    assert len(texts) == 3
    assert len(asked.requests) == 3


async def test_two_tabs_with_keys_of_their_own(ann: Person) -> None:
    """Two messages to one reply are two branches; without a parent, the second is told to wait."""
    first = await ann.start_chat(ann.own("Hello"), model="openai/slow")
    await ann.stop(first)
    await ann.ended(first)
    posts = [
        ann.post(first.conversation_id, ann.own(text), parent=first.id, key=str(uuid4()))
        for text in ("One", "Two")
    ]
    one, two = await asyncio.gather(*posts)
    assert one.question_id != two.question_id
    path = f"/c/{first.conversation_id}/messages/"
    late = await ann.submit(path, {"content": "Three", "key": str(uuid4())}, htmx=True)
    assert late.status_code == 422
    assert "still being written" in late.text
    for reply in (one, two):
        await ann.stop(reply)
        await ann.ended(reply)


async def test_equal_keys_of_two_people(ann: Person, bob: Person) -> None:
    """A key that somebody guessed finds nothing of another's."""
    key = str(uuid4())
    form = {"model": "openai/ok", "key": key}
    mine = reply_in(await ann.submit("/c/", {**form, "content": ann.own("Hello")}, htmx=True))
    theirs = reply_in(await bob.submit("/c/", {**form, "content": ann.own("Hello")}, htmx=True))
    assert mine.conversation_id != theirs.conversation_id
    assert (await ann.get(f"/c/{theirs.conversation_id}/")).status_code == 404
