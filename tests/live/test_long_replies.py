"""Replies of which one snapshot is larger than anything that a page may send."""

import json
from typing import Any, Final

import pytest
from websockets.asyncio.client import ClientConnection

from tests.person import Person
from tests.waiting import until

pytestmark = pytest.mark.server

LARGEST_FROM_A_PAGE: Final = 64 * 1024


async def test_a_page_that_comes_late_to_a_long_reply_sees_all_of_it(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/fast-40000@8000")

    async def is_long() -> bool:
        return len((await ann.get(f"/m/{reply.id}/raw/")).text) > LARGEST_FROM_A_PAGE

    await until(is_long)
    async with ann.socket(reply.conversation_id, max_size=None) as page:
        await page.send(json.dumps({"watch": reply.id}))
        shown = await first_of_kind("snapshot", page)
        assert len(shown["html"] + shown["tail"]) > LARGEST_FROM_A_PAGE
        await ann.stop(reply)
        assert (await first_of_kind("end", page))["status"] == "stopped"


async def first_of_kind(kind: str, page: ClientConnection) -> dict[str, Any]:
    """The next event of a kind that comes over the socket."""
    async for data in page:
        event: dict[str, Any] = json.loads(data)
        if event["t"] == kind:
            return event
    raise AssertionError("The socket was closed.")
