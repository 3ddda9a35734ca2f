"""How the C library hands out memory to this process (docs/decisions/0012)."""

import ctypes

M_ARENA_MAX = -8
"""From glibc's malloc.h."""


def limit_arenas(number: int = 1) -> None:
    """Share `number` arenas among all threads. For glibc, before there are other threads.

    Where the C library knows no such thing, as on macOS, or refuses, nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, number)
