"""Waiting for what other tasks, threads and processes do, with a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable


async def until(condition: Callable[[], object | Awaitable[object]], limit: float = 20) -> None:
    """Return once `condition` holds; TimeoutError after `limit` seconds."""
    async with asyncio.timeout(limit):
        while True:
            value = condition()
            if await value if isawaitable(value) else value:
                return
            await asyncio.sleep(0.01)
