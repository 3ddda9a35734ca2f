"""SDK clients, kept per connection and event loop: each has its own keep-alive connections.

Making one costs an import the first time (`openai` 0.7 s, `anthropic` 1.7 s on a small machine) and
some milliseconds later, so it is done in a thread.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast
from weakref import WeakKeyDictionary

from providers.types import Connection

MAX_IDLE = 64


class Client(Protocol):
    """What both SDKs' clients can do."""

    async def close(self) -> None:
        """Close all connections."""


C = TypeVar("C", bound=Client)


@dataclass(slots=True)
class _Entry:
    making: "asyncio.Task[Any]"
    users: int = 0


_Pool = OrderedDict[tuple[str, Connection], _Entry]
_pools: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool]" = WeakKeyDictionary()


@asynccontextmanager
async def lease(
    kind: str, connection: Connection, make: Callable[[], C]
) -> AsyncGenerator[C, None]:
    """The connection's client; `make` is called in a thread when there is none yet."""
    pool = _pools.setdefault(asyncio.get_running_loop(), OrderedDict())
    key = (kind, connection)
    entry = pool.get(key)
    if entry is None or _failed(entry):
        entry = pool[key] = _Entry(asyncio.create_task(asyncio.to_thread(make)))
    pool.move_to_end(key)
    entry.users += 1
    try:
        # Others may wait for the same one: that one of them is stopped must not stop it.
        yield cast(C, await asyncio.shield(entry.making))
    finally:
        entry.users -= 1
        await _close_surplus(pool)


@asynccontextmanager
async def fresh(make: Callable[[], C]) -> AsyncGenerator[C, None]:
    """A client for one question, closed after it: for event loops that end soon."""
    client = await asyncio.to_thread(make)
    try:
        yield client
    finally:
        await client.close()


async def close_clients() -> None:
    """Close those of the running event loop. For the end of a process and of a test."""
    pool = _pools.pop(asyncio.get_running_loop(), OrderedDict())
    await asyncio.gather(*(_close(entry) for entry in pool.values()))


def _failed(entry: _Entry) -> bool:
    making = entry.making
    return making.done() and (making.cancelled() or making.exception() is not None)


async def _close_surplus(pool: _Pool) -> None:
    idle = [key for key, entry in pool.items() if not entry.users]
    for key in idle[: max(0, len(idle) - MAX_IDLE)]:
        await _close(pool.pop(key))


async def _close(entry: _Entry) -> None:
    if entry.making.done() and not _failed(entry):
        await entry.making.result().close()
