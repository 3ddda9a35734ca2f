"""What real calls say of each connection's models: whether they work and how soon they begin.

Which errors count: those that the next person would meet, too. What only this request could
provoke (a wrong parameter, too long a conversation, declined content, Stop) says nothing of the
model and is left out. `note` and `Watch` only remember; `flush`, which the runner calls every few
seconds, writes, so that no reply waits for the database.
"""

import asyncio
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from providers import refresh
from providers.connections import Source
from providers.errors import (
    AuthenticationError,
    BadRequestError,
    ContentRefusedError,
    ContextTooLongError,
    MalformedStreamError,
    NetworkError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    PluginFailedError,
    ProviderError,
    ProviderTimeoutError,
)
from providers.models import ApiKey, ModelStatus

MAX_SAMPLES = 30
"""Times to the first token that are kept for each model."""
SAMPLES_FOR = 3600
"""Seconds that a time to the first token counts."""
KEPT_FOR = timedelta(days=1)
MAX_BUFFERED = 1000
"""Models that are remembered between two writes."""
REFRESH_PAUSE = 60.0
"""Seconds between two questions for a connection's models because of errors."""

ABOUT_THE_REQUEST = (BadRequestError, ContentRefusedError, ContextTooLongError)
# The list of models may tell whether the whole connection is affected, or what it offers now.
ABOUT_THE_CONNECTION = (AuthenticationError, NetworkError, NotFoundError, PermissionDeniedError)
# Their details may quote what was sent or answered, which others of the site must not read.
MAY_QUOTE = (MalformedStreamError, OverloadedError, PluginFailedError)

Place = tuple[UUID | None, str, str, datetime | None]
"""Key, or the environment's connection, and the provider's own name of the model.

Last, when the key was changed: what the former one did says nothing of the new one.
"""


@dataclass(frozen=True, slots=True)
class Call:
    """How one call of a model went. Without an error it worked."""

    source: Source
    model: str
    first_token_ms: int | None = None
    error: ProviderError | None = None
    at: float = field(default_factory=time.time)
    """Unix seconds."""


@dataclass(slots=True)
class _Result:
    """The latest outcome and the latest samples of one place."""

    error: str
    at: float
    samples: list[list[float]] = field(default_factory=list)

    def merge(self, newer: Self) -> None:
        if newer.at >= self.at:
            self.error, self.at = newer.error, newer.at
        oldest = max(self.at, time.time()) - SAMPLES_FOR
        samples = sorted(s for s in [*self.samples, *newer.samples] if s[0] > oldest)
        self.samples = samples[-MAX_SAMPLES:]


class Recorder:
    """Remembers calls until they are written. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._results: dict[Place, _Result] = {}
        self._due: dict[str, Source] = {}
        self._refreshed_at: dict[str, float] = {}

    def note(self, call: Call) -> None:
        """Remember a call. Never waits; beyond `MAX_BUFFERED` models the call is forgotten."""
        key, model = call.source.key, call.model[:200]
        if isinstance(call.error, ABOUT_THE_REQUEST) or not model.isprintable():
            return
        place: Place = (None, call.source.slug, model, None)
        if key is not None:
            place = (key.pk, "", model, key.updated_at)
        samples = [] if call.first_token_ms is None else [[call.at, call.first_token_ms]]
        result = _Result(_reason(call), call.at, samples)
        with self._lock:
            if place in self._results:
                self._results[place].merge(result)
            elif len(self._results) < MAX_BUFFERED:
                self._results[place] = result
            if isinstance(call.error, ABOUT_THE_CONNECTION):
                self._due[refresh.name_of(call.source)] = call.source

    def flush(self) -> None:
        """Write what was noted, and have the models asked for where a call failed.

        At most five queries. While the database is away all is kept for the next time.
        """
        with self._writing:
            with self._lock:
                results, self._results = self._results, {}
                due, self._due = self._due, {}
            try:
                if results:
                    _write(results)
            except (InterfaceError, OperationalError):
                self._take_back(results, due)
                raise
            for name, source in due.items():
                self._refresh(name, source)

    def _take_back(self, results: dict[Place, _Result], due: dict[str, Source]) -> None:
        with self._lock:
            for place, newer in self._results.items():
                results.setdefault(place, newer).merge(newer)
            self._results = dict(list(results.items())[:MAX_BUFFERED])
            self._due = due | self._due

    def _refresh(self, name: str, source: Source) -> None:
        now = time.monotonic()
        if now - self._refreshed_at.get(name, -REFRESH_PAUSE) < REFRESH_PAUSE:
            return
        recent = {n: at for n, at in self._refreshed_at.items() if now - at < REFRESH_PAUSE}
        self._refreshed_at = recent | {name: now}
        refresh.refresh_later(source)


_recorder = Recorder()


def note(call: Call) -> None:
    """Remember a call of this process. See `Recorder.note`."""
    _recorder.note(call)


def flush() -> None:
    """Write what this process noted. See `Recorder.flush`."""
    _recorder.flush()


class Watch:
    """Notes one attempt: `with Watch(source, model) as watch`, `watch.first_token()`.

    A call that is given up without a token after about REPLY_FIRST_TOKEN_TIMEOUT did not answer in
    time, whoever lost patience; one that is given up earlier says nothing.
    """

    def __init__(self, source: Source, model: str) -> None:
        self._call = Call(source, model)
        self._started = time.monotonic()
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def first_token(self) -> None:
        """The first piece of text or reasoning has come."""
        self._begun = True
        self._note(first_token_ms=round((time.monotonic() - self._started) * 1000))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, ProviderError):
            self._note(error=error)
        elif error is None and not self._begun:
            self._note()
        elif isinstance(error, asyncio.CancelledError | GeneratorExit) and not self._begun:
            waited = time.monotonic() - self._started
            if waited >= 0.9 * settings.REPLY_FIRST_TOKEN_TIMEOUT:
                self._note(error=ProviderTimeoutError())

    def _note(self, **outcome: Any) -> None:
        note(replace(self._call, at=time.time(), **outcome))


def _reason(call: Call) -> str:
    if call.error is None:
        return ""
    shared = call.source.key is None or call.source.key.user_id is None
    if shared and isinstance(call.error, MAY_QUOTE):
        return str(call.error.message)
    reason = refresh.describe(call.error)
    return "".join(c if c.isprintable() else " " for c in reason)[:1000]


@transaction.atomic
def _write(results: dict[Place, _Result]) -> None:
    """Merge into the rows. A key that was removed or changed meanwhile takes its results along."""
    keys = {place[0] for place in results if place[0] is not None}
    # Locked, so that none is removed before its results are in.
    known = ApiKey.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    changed_at = dict(known.values_list("pk", "updated_at")) if keys else {}
    results = {
        place: result
        for place, result in results.items()
        if place[0] is None or changed_at.get(place[0]) == place[3]
    }
    rows = {
        (row.api_key_id, row.environment, row.model): row
        for row in ModelStatus.objects.select_for_update().filter(
            Q(api_key__in=changed_at) | Q(api_key=None, environment__in={p[1] for p in results}),
            model__in={place[2] for place in results},
        )
    }
    new, changed = [], []
    for place, result in results.items():
        key, environment, model, _changed_at = place
        if (row := rows.get(place[:3])) is not None:
            changed.append(_updated(row, result))
        else:
            row = ModelStatus(
                api_key_id=key, environment=environment, model=model, checked_at=timezone.now()
            )
            new.append(_set(row, result))
    # Another process may have made the same row; its result is as good.
    ModelStatus.objects.bulk_create(new, ignore_conflicts=True)
    ModelStatus.objects.bulk_update(changed, ["error", "checked_at", "samples"])
    ModelStatus.objects.filter(checked_at__lt=timezone.now() - KEPT_FOR).delete()


def _updated(row: ModelStatus, result: _Result) -> ModelStatus:
    merged = _Result(row.error, row.checked_at.timestamp(), row.samples)
    merged.merge(result)
    return _set(row, merged)


def _set(row: ModelStatus, result: _Result) -> ModelStatus:
    row.error, row.samples = result.error, result.samples
    row.checked_at = datetime.fromtimestamp(result.at, tz=UTC)
    return row
