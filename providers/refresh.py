"""Asks providers for their models, in the background, and stores what they said."""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import connections as databases
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from providers import price_list, questions, registry
from providers.cipher import DecryptionError
from providers.connections import Source, environment_sources, site_sources
from providers.contract import Adapter
from providers.errors import ProviderError, ProviderTimeoutError
from providers.models import ApiKey, ModelList, ModelStatus
from providers.types import ModelInfo

MAX_MODELS = 2000
"""Of one connection; a list says how many there would be."""
PRICES_WITHIN = 1.0
"""Seconds for prices that there are even when a provider took all of its time."""
MAX_THREADS = 8
"""Providers that are asked at once; those of the whole site go first."""
MAX_THREADS_OF_USER = 2
"""Of one person's own: who has many that hang does not keep the lists of others waiting."""

logger = logging.getLogger(__name__)
_under_way: set[str] = set()
_waiting: list[Source] = []
_busy: Counter[str] = Counter()
"""Questions under way, by the id of the user whose own connection it is."""
_threads = 0
_lock = threading.Lock()
# Many answers come at the same moment, and SQLite takes one writer at a time.
_storing = threading.Lock()


async def fetch_models(source: Source) -> list[ModelInfo]:
    """Ask the provider, where models are listed for anyone first whether it accepts the key.

    Raises `ProviderError`s, after PROVIDER_LIST_TIMEOUT seconds at the latest.
    """
    adapter = registry.make_adapter(source.kind, source.connect())
    try:
        async with asyncio.timeout(settings.PROVIDER_LIST_TIMEOUT):
            if type(adapter).check_key is not Adapter.check_key:
                await adapter.check_key()
            models = await adapter.list_models()
    except TimeoutError as error:
        raise ProviderTimeoutError from error
    return models


async def refresh_models(source: Source) -> str:
    """Ask and store. Returns the provider's complaint, or an empty text. Never raises it."""
    models, total, error = await _ask(source)
    await database_sync_to_async(store)(source, models, error, total=total)
    return error


def refresh_now(source: Source) -> str:
    """The same from a thread that may wait. The end of the process breaks it off."""
    try:
        models, total, error = questions.run(_ask(source))
    except questions.BrokenOffError:
        return _("The site is being stopped.")
    store(source, models, error, total=total)
    return error


async def _ask(source: Source) -> tuple[list[ModelInfo], int, str]:
    """As many models as are kept, with their prices; how many there are; the complaint.

    After PROVIDER_LIST_TIMEOUT seconds it goes on without prices: the next time they are there.
    With a complaint the models are those that the adapter prefers.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + settings.PROVIDER_LIST_TIMEOUT
    try:
        models = await fetch_models(source)
    except (ProviderError, DecryptionError) as failure:
        until = max(deadline, loop.time() + PRICES_WITHIN)
        return await _priced(source, _preferred(source), until), 0, describe(failure)
    return await _priced(source, models[:MAX_MODELS], deadline), len(models), ""


def _preferred(source: Source) -> list[ModelInfo]:
    """None of a kind whose plug-in is gone."""
    if not registry.is_known(source.kind):
        return []
    return [ModelInfo(id=model) for model in registry.adapter_class(source.kind).preferred_models]


async def _priced(source: Source, models: list[ModelInfo], deadline: float) -> list[ModelInfo]:
    """With their prices where these come until then. The key is not decrypted for it."""
    if not models:
        return models
    address = source.key.base_url if source.key else source.connect().base_url
    address = address or registry.adapter_class(source.kind).default_base_url
    with suppress(TimeoutError):
        async with asyncio.timeout_at(deadline):
            return await questions.in_thread(price_list.filled, models, address)
    return models


def refresh_later(source: Source) -> None:
    """Ask in another thread, after the transaction if there is one; once at a time."""
    transaction.on_commit(lambda: _start(source))


def is_under_way(source: Source) -> bool:
    """Whether this process is asking, or about to."""
    return name_of(source) in _under_way


def name_of(source: Source) -> str:
    """What tells a connection from all others of the site."""
    return str(source.key.pk) if source.key else source.slug


def store(
    source: Source, models: Iterable[ModelInfo], error: str, *, total: int | None = None
) -> None:
    """Keep the answer. After an error the list of the last good answer stays.

    With an error `models` are those that stand in for a list where none ever came. `total` is how
    many models there are when not all are given. What a key said that was given another address or
    replaced meanwhile is not kept.
    """
    now = timezone.now()
    told = [model.as_json() for model in models]
    values: dict[str, Any] = {"fetched_at": now, "error": error}
    if error:
        values["presumed"] = told
    else:
        values |= {"offered": told, "total": len(told) if total is None else total, "presumed": []}
    place: dict[str, Any] = (
        {"environment": source.slug} if source.key is None else {"api_key": source.key}
    )
    with transaction.atomic():
        if source.key is not None:
            checked = {"last_checked_at": now, "last_error": error}
            asked = ApiKey.objects.filter(
                pk=source.key.pk, base_url=source.key.base_url, last_four=source.key.last_four
            )
            if not asked.update(**checked):
                return
        if not error and not ModelList.objects.filter(**place, error="").exists():
            # It works again, or with another key: models that failed get another chance.
            ModelStatus.objects.filter(**place).exclude(error="").delete()
        ModelList.objects.update_or_create(defaults=values, **place)


def describe(failure: ProviderError | DecryptionError) -> str:
    """A sentence, followed by the provider's own words."""
    if isinstance(failure, DecryptionError):
        return str(failure)
    return " ".join(part for part in (str(failure.message), failure.detail) if part)


def shared_sources() -> list[Source]:
    """The connections of the environment and of the site whose models can change. One query."""
    return [
        source
        for source in [*environment_sources(), *site_sources()]
        if registry.adapter_class(source.kind).needs_refresh
    ]


def _start(source: Source) -> None:
    global _threads  # noqa: PLW0603
    with _lock:
        if name_of(source) in _under_way:
            return
        _under_way.add(name_of(source))
        _waiting.append(source)
        if _threads >= MAX_THREADS:
            return
        _threads += 1
    threading.Thread(target=_work, daemon=True, name="models").start()


def _work() -> None:
    """Ask one after the other until none waits whose turn it is."""
    global _threads  # noqa: PLW0603
    while True:
        with _lock:
            source = _take()
            if source is None:
                _threads -= 1
                return
        _run(source)


def _owner_of(source: Source) -> str:
    """The id of the user whose own connection it is; empty for one of the site."""
    return str(source.key.user_id or "") if source.key else ""


def _take() -> Source | None:
    """The next one: of the site, else of the person with the fewest under way."""
    turns = [each for each in _waiting if _busy[_owner_of(each)] < MAX_THREADS_OF_USER]
    if not turns:
        return None
    # The site's count as nobody's and come first; of equals, whoever came first.
    source = min(turns, key=lambda each: (bool(_owner_of(each)), _busy[_owner_of(each)]))
    _waiting.remove(source)
    if owner := _owner_of(source):
        _busy[owner] += 1
    return source


def _run(source: Source) -> None:
    try:
        models, total, error = questions.run(_ask(source))
        with _storing:
            store(source, models, error, total=total)
    except questions.BrokenOffError:
        return
    except Exception:
        if not questions.is_closing():
            logger.exception("The models of %s could not be refreshed.", source.slug)
    finally:
        databases.close_all()
        with _lock:
            _under_way.discard(name_of(source))
            if owner := _owner_of(source):
                _busy[owner] -= 1
                if not _busy[owner]:
                    del _busy[owner]
