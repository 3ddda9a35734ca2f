"""What keeps the memory of this process small (docs/decisions/0012)."""

import ctypes
import os

M_ARENA_MAX = -8
"""From glibc's malloc.h."""


def limit_arenas(number: int = 1) -> None:
    """Share `number` arenas among all threads. For glibc, before there are other threads.

    Where the C library knows no such thing, as on macOS, or refuses, nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, number)


def keep_to_python() -> None:
    """Have Autobahn mask and check what comes over websockets in Python: a few bytes at a time.

    Its compiled parts bring a parser of C along, 1.3 MB. Before Autobahn is imported.
    """
    os.environ.setdefault("AUTOBAHN_USE_NVX", "0")
