"""Questions to providers from threads that wait for the answer.

Each has an event loop of its own in the thread that asks. The end of the process breaks them off:
otherwise it would have to wait for every thread of a request that waits for a provider.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

R = TypeVar("R")

_lock = threading.Lock()
_under_way: "dict[asyncio.Task[Any], asyncio.AbstractEventLoop]" = {}
_closing = False


class BrokenOffError(Exception):
    """The process is about to end."""


def run(question: Coroutine[Any, Any, R]) -> R:
    """The answer. Raises `BrokenOffError` when the process ends first."""
    try:
        return asyncio.run(_ask(question))
    except asyncio.CancelledError:
        raise BrokenOffError from None


def close() -> None:
    """Break off all questions under way, and those to come."""
    global _closing  # noqa: PLW0603
    with _lock:
        _closing = True
        for task, loop in _under_way.items():
            loop.call_soon_threadsafe(task.cancel)


def is_closing() -> bool:
    """Whether `close` was called."""
    return _closing


async def in_thread(function: Callable[..., R], *arguments: object) -> R:
    """Call it in a thread for which, other than `asyncio.to_thread`'s, nobody has to wait."""
    result: Future[R] = Future()

    def work() -> None:
        try:
            result.set_result(function(*arguments))
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=work, daemon=True, name="question").start()
    # Shielded: who gives up waiting must not make `set_result` fail.
    return await asyncio.shield(asyncio.wrap_future(result))


async def _ask(question: Coroutine[Any, Any, R]) -> R:
    task = asyncio.ensure_future(question)
    with _lock:
        _under_way[task] = asyncio.get_running_loop()
        if _closing:
            task.cancel()
    try:
        return await task
    finally:
        with _lock:
            del _under_way[task]
