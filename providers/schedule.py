"""When providers are asked for their models: as a list grows old, after errors, and on demand.

All of it happens in the background (`providers.refresh`); whoever calls these never waits.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import connections as databases
from django.utils import timezone

from providers import refresh, registry
from providers.connections import Source
from providers.models import ModelList

STALE_AFTER = timedelta(hours=6)
RETRY_AFTER = timedelta(minutes=1)
WATCHED_STALE_AFTER = timedelta(minutes=1)
WATCHED_RETRY_AFTER = timedelta(seconds=10)
"""While somebody looks at the status page."""
ASKED_AGAIN_AFTER = timedelta(seconds=10)
"""Who presses Refresh more often gets the answer that is there."""
LOOK_INTERVAL = 60.0

logger = logging.getLogger(__name__)
Lists = Mapping[str, ModelList]
"""By slug."""


def ask_when_due(sources: Iterable[Source], lists: Lists, *, watched: bool = False) -> None:
    """Ask those whose list is missing or old, or whose last question failed a while ago."""
    retry = WATCHED_RETRY_AFTER if watched else RETRY_AFTER
    stale = WATCHED_STALE_AFTER if watched else STALE_AFTER
    for source in sources:
        row = lists.get(source.slug)
        _ask_if_older(source, row, retry if row is not None and row.error else stale)


def ask_now(sources: Iterable[Source], lists: Lists) -> None:
    """Ask all of them, but none that has answered within the last seconds."""
    for source in sources:
        _ask_if_older(source, lists.get(source.slug), ASKED_AGAIN_AFTER)


async def keep_asking() -> None:
    """For the server: ask the site's own connections at the start, and again as lists grow old."""
    age = timedelta(0)  # What the environment says may have changed since the last start.
    while True:
        try:
            await asyncio.to_thread(_ask_shared, age)
        except Exception:
            logger.exception("The providers' models could not be asked for")
        age = STALE_AFTER
        await asyncio.sleep(LOOK_INTERVAL)


def _ask_if_older(source: Source, row: ModelList | None, age: timedelta) -> None:
    if not registry.adapter_class(source.kind).needs_refresh:
        return
    if row is None or row.fetched_at < timezone.now() - age:
        refresh.refresh_later(source)


def _ask_shared(age: timedelta) -> None:
    try:
        for source in refresh.shared_sources():
            row = _list_of(source)
            _ask_if_older(source, row, RETRY_AFTER if row is not None and row.error else age)
    finally:
        databases.close_all()


def _list_of(source: Source) -> ModelList | None:
    place = {"environment": source.slug} if source.key is None else {"api_key": source.key.pk}
    return ModelList.objects.defer("offered").filter(**place).first()
