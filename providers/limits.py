"""How often a person may have a provider asked: each test is a request that this site sends out."""

import math
import time
from typing import Final

from django.core.cache import cache

from providers.querysets import AnyUser

TESTS: Final = 10
PERIOD: Final = 60
"""Seconds in which there are `TESTS` of them."""


def seconds_to_wait(*, user: AnyUser) -> int:
    """Take one of the user's tests: 0, or in how many seconds there is one again.

    Each test holds a place for a period; taking one is atomic in every cache.
    """
    now = time.time()
    free_at: list[float] = []
    for place in range(TESTS):
        name = f"key-test:{user.pk}:{place}"
        if cache.add(name, now + PERIOD, PERIOD):
            return 0
        free_at.append(cache.get(name, now))
    return max(1, math.ceil(min(free_at) - now))
