"""Database work of the event loop, on threads of its own.

`database_sync_to_async` runs everything on one thread shared with all else; saving a hundred
replies must wait neither for a slow page nor the other way round.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

_THREADS: Final = 2
_executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="replies-db")


async def in_database(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous function that uses the database, and return what it returns.

    It goes on to its end even when the caller is cancelled.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_executor, partial(_run, function, *args, **kwargs))


def _run(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
