"""Fixtures of the account tests."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """Rate limits live in the cache; no test starts with another one's attempts."""
    cache.clear()
    yield
    cache.clear()
