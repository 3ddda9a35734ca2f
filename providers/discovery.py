"""Looks for servers where their kind usually listens on this machine, such as Ollama.

At the start and every few minutes, quietly: a server that is not there is no fault. One that
answers becomes a connection for everybody (`connections.discovered_sources`) until it is gone.
"""

import asyncio
import logging
import threading
import time
from contextlib import suppress
from typing import Literal
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from django.db import connections as databases

from providers import discovered, refresh, registry
from providers.connections import Source, discovered_source, usual_addresses
from providers.errors import OverloadedError, ProviderError, ProviderTimeoutError
from providers.models import ModelList

INTERVAL = 180.0
CONNECT_LIMIT = 1.0
ANSWER_LIMIT = 3.0
LOOK_AGAIN_AFTER = 5.0

logger = logging.getLogger(__name__)
_last_look = -LOOK_AGAIN_AFTER
_lock = threading.Lock()


async def keep_looking() -> None:
    """For the server, until it is cancelled. The looking itself costs its event loop nothing."""
    while True:
        look_later()
        await asyncio.sleep(INTERVAL)


async def look() -> None:
    """Look for all of them once, and keep what was found."""
    kinds = await database_sync_to_async(usual_addresses)()
    await asyncio.gather(*(_look_for(discovered_source(kind)) for kind in kinds))


def look_later() -> None:
    """Look in a thread of its own, at most once in a few seconds."""
    global _last_look  # noqa: PLW0603 - guarded by the lock
    with _lock:
        if time.monotonic() - _last_look < LOOK_AGAIN_AFTER:
            return
        _last_look = time.monotonic()
    threading.Thread(target=_look_in_thread, daemon=True, name="discovery").start()


def _look_in_thread() -> None:
    try:
        asyncio.run(look())
    except Exception:
        logger.exception("Servers on this machine could not be looked for")
    finally:
        databases.close_all()


async def _look_for(source: Source) -> None:
    state = await _state_of(source)
    if state == "there":
        await refresh.refresh_models(source)
    elif state == "absent":
        await database_sync_to_async(_forget)(source.kind)
    discovered.forget_copy()


async def _state_of(source: Source) -> Literal["there", "busy", "absent"]:
    """A port that is open may belong to another program: it has to answer as its kind does."""
    connection = source.connect()
    # First without the HTTP client: where nobody listens it need not even be loaded.
    if not await _listens(connection.base_url):
        return "absent"
    try:
        async with asyncio.timeout(ANSWER_LIMIT):
            await registry.make_adapter(source.kind, connection).check_key()
    except (TimeoutError, ProviderTimeoutError, OverloadedError):
        return "busy"
    except ProviderError:
        return "absent"
    return "there"


async def _listens(address: str) -> bool:
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(CONNECT_LIMIT):
            _reader, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


def _forget(kind: str) -> None:
    ModelList.objects.filter(environment=kind).delete()
