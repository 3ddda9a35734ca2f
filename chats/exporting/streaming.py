"""Sending an export: pulled by whoever downloads it, piece by piece, on threads of its own.

A piece is made when the one before has gone out: a slow reader costs neither memory nor a
thread.
"""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from chats.exporting.exports import Export

_THREADS: Final = 2
_executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="exports")


class BrokenOffError(Exception):
    """An export failed in the middle; why was logged. Django takes a TypeError for its own."""


async def pieces_of(export: Export) -> AsyncIterator[bytes]:
    """All that there is to send. Whoever iterates closes the export, also before its end."""
    pull = sync_to_async(_pull, thread_sensitive=False, executor=_executor)
    while (piece := await pull(export)) is not None:
        yield piece


def _pull(export: Export) -> bytes | None:
    close_old_connections()
    try:
        return export.next_piece()
    except Exception:
        raise BrokenOffError from None
    finally:
        close_old_connections()
