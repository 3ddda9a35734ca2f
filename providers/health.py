"""How connections' models do, read from what `providers.availability` wrote."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Literal
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from providers.availability import SAMPLES_FOR
from providers.connections import Source
from providers.models import ModelStatus

State = Literal["ok", "failing", "unknown"]

OK_FOR = timedelta(hours=1)
FAILING_FOR = timedelta(minutes=10)
"""Results older than these are unknown again. Nobody calls what fails, so that is sooner."""


@dataclass(frozen=True, slots=True)
class Health:
    """How one model does."""

    state: State = "unknown"
    reason: str = ""
    first_token_ms: int | None = None
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConnectionHealth:
    """How one connection's models do, by the provider's own names; absent ones are unknown."""

    models: dict[str, Health] = field(default_factory=dict)
    first_token_ms: int | None = None
    """Median of all its models."""


def health_of(sources: Iterable[Source]) -> dict[str, ConnectionHealth]:
    """How the models of these connections do, by slug. One query, however many there are."""
    slugs: dict[Any, str] = {
        source.slug if source.key is None else source.key.pk: source.slug for source in sources
    }
    keys = [place for place in slugs if isinstance(place, UUID)]
    environment = [place for place in slugs if isinstance(place, str)]
    now = timezone.now()
    rows = ModelStatus.objects.filter(
        Q(api_key__in=keys) | Q(api_key=None, environment__in=environment),
        checked_at__gt=now - OK_FOR,
    )
    models: dict[str, dict[str, Health]] = {}
    samples: dict[str, list[float]] = {}
    for row in rows:
        slug = slugs[row.api_key_id or row.environment]
        times = [sample[1] for sample in row.samples if sample[0] > now.timestamp() - SAMPLES_FOR]
        models.setdefault(slug, {})[row.model] = _health(row, times, now)
        samples.setdefault(slug, []).extend(times)
    return {slug: ConnectionHealth(found, _median(samples[slug])) for slug, found in models.items()}


def _health(row: ModelStatus, times: list[float], now: datetime) -> Health:
    state: State = "failing" if row.error else "ok"
    if row.error and row.checked_at <= now - FAILING_FOR:
        state = "unknown"
    return Health(
        state=state,
        reason=row.error if state == "failing" else "",
        first_token_ms=_median(times),
        checked_at=row.checked_at,
    )


def _median(times: list[float]) -> int | None:
    return round(median(times)) if times else None
