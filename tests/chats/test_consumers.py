"""Forwarding of frames: the way that every live reply's text takes to every page."""

import asyncio
import time
from typing import Any

from asgiref.sync import sync_to_async

from chats.consumers import ConversationConsumer


async def test_frames_do_not_wait_for_the_database() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    consumer = ConversationConsumer()
    consumer.base_send = send
    # The one thread that channels runs database work of all sockets on.
    busy = asyncio.create_task(sync_to_async(time.sleep)(1))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(0.5):
        await consumer.dispatch({"type": "page.event", "payload": {"t": "frame"}})
    assert sent[0]["text"] == '{"t":"frame"}'
    await busy
