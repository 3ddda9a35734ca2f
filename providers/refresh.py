"""Asks providers for their models, in the background, and stores what they said."""

import asyncio
import logging
import threading
from collections.abc import Iterable
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections as databases
from django.db import transaction
from django.utils import timezone

from providers import registry
from providers.cipher import DecryptionError
from providers.connections import Source, environment_sources, site_sources
from providers.contract import Adapter
from providers.errors import ProviderError, ProviderTimeoutError
from providers.models import ApiKey, ModelList, ModelStatus
from providers.types import ModelInfo

TIME_LIMIT = 10.0
MAX_MODELS = 2000

logger = logging.getLogger(__name__)
_under_way: set[str] = set()
_closing = threading.Event()
_lock = threading.Lock()


async def fetch_models(source: Source) -> list[ModelInfo]:
    """Ask the provider, where models are listed for anyone first whether it accepts the key.

    Raises `ProviderError`s, after `TIME_LIMIT` seconds at the latest.
    """
    adapter = registry.make_adapter(source.kind, source.connect())
    try:
        async with asyncio.timeout(TIME_LIMIT):
            if type(adapter).check_key is not Adapter.check_key:
                await adapter.check_key()
            models = await adapter.list_models()
    except TimeoutError as error:
        raise ProviderTimeoutError from error
    return models[:MAX_MODELS]


async def refresh_models(source: Source) -> str:
    """Ask and store. Returns the provider's complaint, or an empty text. Never raises it."""
    try:
        models, error = await fetch_models(source), ""
    except (ProviderError, DecryptionError) as failure:
        models, error = [], describe(failure)
    await sync_to_async(store)(source, models, error)
    return error


async def refresh_all() -> None:
    """Ask every connection of the environment and of the site, all at once. For the start."""
    sources = await sync_to_async(_shared_sources)()
    await asyncio.gather(*(refresh_models(source) for source in sources))


def refresh_later(source: Source) -> None:
    """Ask in a thread of its own, after the transaction if there is one; once at a time."""
    transaction.on_commit(lambda: _start(source))


def name_of(source: Source) -> str:
    """What tells a connection from all others of the site."""
    return str(source.key.pk) if source.key else source.slug


def close() -> None:
    """The process is about to end: questions under way are given up without a word."""
    _closing.set()


def store(source: Source, models: Iterable[ModelInfo], error: str) -> None:
    """Keep the answer. After an error the list of the last good answer stays."""
    now = timezone.now()
    values: dict[str, Any] = {"fetched_at": now, "error": error}
    if not error:
        values["offered"] = [model.as_json() for model in models]
    place: dict[str, Any] = (
        {"environment": source.slug} if source.key is None else {"api_key": source.key}
    )
    with transaction.atomic():
        if source.key is not None:
            checked = {"last_checked_at": now, "last_error": error}
            if not ApiKey.objects.filter(pk=source.key.pk).update(**checked):
                return
        if not error and ModelList.objects.filter(**place).exclude(error="").exists():
            # It works again: models that failed while it did not are given another chance.
            ModelStatus.objects.filter(**place).exclude(error="").delete()
        ModelList.objects.update_or_create(defaults=values, **place)


def describe(failure: ProviderError | DecryptionError) -> str:
    """A sentence, followed by the provider's own words."""
    if isinstance(failure, DecryptionError):
        return str(failure)
    return " ".join(part for part in (str(failure.message), failure.detail) if part)


def _shared_sources() -> list[Source]:
    return [
        source
        for source in [*environment_sources(), *site_sources()]
        if registry.adapter_class(source.kind).needs_refresh
    ]


def _start(source: Source) -> None:
    name = name_of(source)
    with _lock:
        if name in _under_way:
            return
        _under_way.add(name)
    threading.Thread(target=_run, args=(source, name), daemon=True, name="models").start()


def _run(source: Source, name: str) -> None:
    try:
        try:
            models, error = asyncio.run(fetch_models(source)), ""
        except (ProviderError, DecryptionError) as failure:
            models, error = [], describe(failure)
        store(source, models, error)
    except Exception:
        if not _closing.is_set():
            logger.exception("The models of %s could not be refreshed.", source.slug)
    finally:
        databases.close_all()
        with _lock:
            _under_way.discard(name)
