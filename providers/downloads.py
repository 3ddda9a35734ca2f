"""Lets servers on the own network fetch models (Ollama's pull).

Each download is a thread of its own, which writes how far it is to the database once a second: so
pages can be closed and opened again. A process that dies leaves its downloads silent; they count
as interrupted, and starting one again goes on where the server was.
"""

import asyncio
import logging
import re
import threading
import time
from contextlib import aclosing
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db import connections as databases
from django.utils import timezone
from django.utils.translation import gettext as _

from providers import refresh, registry
from providers.cipher import DecryptionError
from providers.connections import Source
from providers.contract import DownloadingAdapter, DownloadProgress
from providers.errors import ProviderError
from providers.models import ApiKey, ModelDownload

MAX_RUNNING = 3
"""Of one connection."""
MAX_RUNNING_IN_ALL = 20
KEPT = 10
"""Of one connection, those that have ended included."""
WRITE_INTERVAL = 1.0
WRITE_ATTEMPTS = 5
WRITE_PAUSE = 0.2
SILENT_AFTER = timedelta(seconds=30)
# A library's name, or that of another registry: hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M
_NAME = re.compile(r"(?!.*//)[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}")
REGISTRIES = frozenset({"hf.co", "huggingface.co", "ollama.com", "registry.ollama.ai"})
"""Hosts that a server may be sent to by anybody who connected it. It stands behind the guard of
this site's own calls, and its answer would tell what it found on other hosts there."""

logger = logging.getLogger(__name__)
# Counting and beginning are one step. Downloads are begun by the one process that serves pages.
_beginning = threading.Lock()


def can_download(kind: str) -> bool:
    """Whether servers of a kind fetch models when they are told to."""
    return registry.is_known(kind) and issubclass(registry.adapter_class(kind), DownloadingAdapter)


def start_download(*, source: Source, model: str) -> ModelDownload:
    """Have the server fetch a model, in the background. One that is under way is not begun twice.

    Raises `ValidationError`. The source must be of a kind that can download.
    """
    model = model.strip()
    if not _NAME.fullmatch(model):
        raise ValidationError(_("Enter the name of a model, such as llama3.2:3b."))
    is_own = source.key is not None and source.key.user_id is not None
    if is_own and _registry_of(model) not in REGISTRIES:
        known = ", ".join(sorted(REGISTRIES))
        text = _("Your server can be told to fetch models from these hosts only: %(hosts)s.")
        raise ValidationError(text % {"hosts": known})
    downloads_of(source)  # What fell silent does not count.
    with _beginning, transaction.atomic():
        _check_active(source)
        running = ModelDownload.objects.filter(is_running=True)
        here = {download.model: download for download in running.filter(**_place(source))}
        if model in here:
            return here[model]
        if len(here) >= MAX_RUNNING or running.count() >= MAX_RUNNING_IN_ALL:
            raise ValidationError(_("Too many downloads are under way. Wait until one has ended."))
        # What another try has replaced says nothing any more.
        ModelDownload.objects.filter(**_place(source), model=model, is_running=False).delete()
        download = ModelDownload.objects.create(**_place(source), model=model)
        transaction.on_commit(lambda: _start(download.pk, source, model))
    return download


def downloads_of(source: Source) -> list[ModelDownload]:
    """The newest of a connection. One query, and one more when some have fallen silent."""
    found = list(ModelDownload.objects.filter(**_place(source))[:KEPT])
    silent_since = timezone.now() - SILENT_AFTER
    if any(each.is_running and each.updated_at < silent_since for each in found):
        interrupt_orphans(silent_for=SILENT_AFTER)
        found = list(ModelDownload.objects.filter(**_place(source))[:KEPT])
    return found


def cancel_download(*, download: ModelDownload) -> None:
    """Give it up, or forget one that has ended. Its thread notices within a second."""
    download.delete()


def interrupt_orphans(*, silent_for: timedelta) -> None:
    """Mark as interrupted what nobody has written to for so long."""
    silent = ModelDownload.objects.filter(
        is_running=True, updated_at__lte=timezone.now() - silent_for
    )
    silent.update(is_running=False, error=_("It was interrupted. Start it again to go on."))


def _check_active(source: Source) -> None:
    """Refuse a stored connection that is switched off or gone. It stays locked until the end."""
    if source.key is None:
        return
    keys = ApiKey.objects.select_for_update(no_key=True)
    if not keys.filter(pk=source.key.pk, is_active=True).exists():
        raise ValidationError(_("Switch the connection on first."))


def _registry_of(model: str) -> str:
    """The host in `host/namespace/model`, else that of Ollama's library."""
    host, *others = model.split("/")
    return host.lower() if len(others) >= 2 else "registry.ollama.ai"


def _place(source: Source) -> dict[str, Any]:
    return {"api_key": source.key} if source.key else {"api_key": None, "environment": source.slug}


def _start(pk: int, source: Source, model: str) -> None:
    arguments = (pk, source, model)
    threading.Thread(target=_run, args=arguments, daemon=True, name="download").start()


def _run(pk: int, source: Source, model: str) -> None:
    try:
        error = _fetch(pk, source, model)
        if error is None:
            return
        if not error:
            refresh.refresh_now(source)
        _write(pk, is_running=False, error=error)
    except Exception:
        logger.exception("A model could not be downloaded")
        _write(pk, is_running=False, error=_("The download failed."))
    finally:
        databases.close_all()


def _fetch(pk: int, source: Source, model: str) -> str | None:
    """The server's complaint, or an empty text; None when it was given up.

    The loop stands still while the database is written to, which is why that may be done here.
    """
    latest = DownloadProgress(step="")

    async def follow() -> None:
        nonlocal latest
        adapter = registry.make_adapter(source.kind, source.connect())
        assert isinstance(adapter, DownloadingAdapter)  # noqa: S101 - tells the type
        async with aclosing(adapter.download(model)) as steps:
            async for step in steps:
                latest = step

    with asyncio.Runner() as runner:
        task = runner.get_loop().create_task(follow())
        while not task.done():
            runner.run(_wait(task))
            values = {"step": latest.step, "completed": latest.completed, "total": latest.total}
            if not _write(pk, **values):
                return None
        try:
            task.result()
        except (ProviderError, DecryptionError) as failure:
            return refresh.describe(failure)
    return ""


async def _wait(task: "asyncio.Task[None]") -> None:
    await asyncio.wait({task}, timeout=WRITE_INTERVAL)


def _write(pk: int, **values: object) -> bool:
    """Whether there is still somebody who wants it. Hours of a download are worth some patience."""
    rows = ModelDownload.objects.filter(pk=pk, is_running=True)
    for _attempt in range(WRITE_ATTEMPTS - 1):
        try:
            return bool(rows.update(updated_at=timezone.now(), **values))
        except OperationalError:
            time.sleep(WRITE_PAUSE)  # SQLite has one writer at a time.
    return bool(rows.update(updated_at=timezone.now(), **values))
