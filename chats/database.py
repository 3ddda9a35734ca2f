"""Database work of the event loop, on threads of its own.

`database_sync_to_async` runs everything on one thread shared with all else; saving a hundred
replies must wait neither for a slow page nor the other way round.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

_THREADS: Final = 2
_executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="replies-db")


async def in_database(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous function that uses the database, and return what it returns.

    It goes on to its end even when the caller is cancelled. What it publishes on commit is sent
    on the caller's event loop: the in-memory channel layer belongs to one.
    """
    work = partial(_run, function, *args, **kwargs)
    return await sync_to_async(work, thread_sensitive=False, executor=_executor)()


def _run(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
