"""Is the process alive, and can it serve? Names the part that fails, never why: that is logged."""

import logging
import secrets
from collections.abc import Callable

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from providers.crypto import verify_master_key

logger = logging.getLogger(__name__)


class NotReadyError(Exception):
    """A part answered, but not as it should."""


def alive(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing else."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return _uncached(HttpResponse("ok", content_type="text/plain"))


async def ready(request: HttpRequest) -> HttpResponse:
    """Every part that a page needs works; otherwise 503 with the parts that do not."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    failing = await sync_to_async(_failing_parts)()
    try:
        await _check_channel_layer()
    except Exception:
        logger.exception("Not ready: channel layer")
        failing.append("channel layer")
    status = 503 if failing else 200
    body = {"status": "failing" if failing else "ok", "failing": failing}
    return _uncached(JsonResponse(body, status=status))


def _failing_parts() -> list[str]:
    failing = []
    for part, check in CHECKS.items():
        try:
            check()
        # Whatever a part raises, it is not ready, and the others are still to be asked.
        except Exception:
            logger.exception("Not ready: %s", part)
            failing.append(part)
    return failing


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _check_migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReadyError("Migrations are missing.")


def _check_cache() -> None:
    key, value = f"ready-{secrets.token_hex(8)}", secrets.token_hex(8)
    cache.set(key, value, timeout=30)
    if cache.get(key) != value:
        raise NotReadyError("The cache lost a value.")
    cache.delete(key)


async def _check_channel_layer() -> None:
    layer = get_channel_layer()
    if layer is None:
        raise NotReadyError("There is no channel layer.")
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "ready"})
    await layer.receive(channel)


def _uncached(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response


CHECKS: dict[str, Callable[[], None]] = {
    "database": _check_database,
    "migrations": _check_migrations,
    "cache": _check_cache,
    "encryption key": verify_master_key,
}
