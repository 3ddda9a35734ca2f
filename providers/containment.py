"""Keeps what a plug-in's adapter does wrong inside it.

`contain` makes of the plug-in's class one that keeps the contract of `providers.contract`: what it
raises is a `ProviderError` without the key, what it yields can be stored and ends with one
`Finish`, what it lists are models. A fault is logged by its type and place only: its words and the
lines of a traceback may hold keys and prompts.
"""

import logging
import math
import traceback
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, get_args

from providers.adapters.failures import own_words
from providers.adapters.sdk import clean, count, said
from providers.contract import Adapter, DownloadingAdapter, DownloadProgress
from providers.errors import CutStreamError, PluginFailedError, ProviderError
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    Connection,
    Finish,
    FinishReason,
    ModelInfo,
    ReasoningDelta,
    Source,
    TextDelta,
    ToolCall,
    Usage,
)

MAX_MODELS = 10_000
MAX_ID = 200
MAX_COUNT = 2_000_000_000
"""Fits any database's integer."""

logger = logging.getLogger(__name__)


def contain(adapter: type[Adapter]) -> type[Adapter]:
    """A subclass with the same description whose faults are `PluginFailedError`s."""

    class Contained(adapter):  # type: ignore[misc, valid-type]  # known at run time only
        """What the registry hands out for a plug-in."""

        def __init__(self, connection: Connection) -> None:
            with containing(adapter.kind, connection):
                super().__init__(connection)

        async def stream(self, request: CompletionRequest) -> AsyncGenerator[AdapterEvent, None]:
            with containing(adapter.kind, self.connection):
                async with aclosing(super().stream(request)) as events:
                    async for event in events:
                        if (checked := _checked(event)) is not None:
                            yield checked
                        if isinstance(checked, Finish):
                            return
                raise CutStreamError

        async def check_key(self) -> None:
            with containing(adapter.kind, self.connection):
                await super().check_key()

        async def list_models(self) -> list[ModelInfo]:
            with containing(adapter.kind, self.connection):
                return checked_models(await super().list_models())

    contained: type[Adapter] = _downloading(Contained) if _downloads(adapter) else Contained
    contained.__name__ = contained.__qualname__ = adapter.__name__
    return contained


def _downloads(adapter: type[Adapter]) -> bool:
    return issubclass(adapter, DownloadingAdapter)


def _downloading(contained: type[Adapter]) -> type[Adapter]:
    class ContainedDownloading(contained):  # type: ignore[misc, valid-type]  # see `contain`
        """What fetches models, too."""

        async def download(self, model: str) -> AsyncGenerator[DownloadProgress, None]:
            with containing(contained.kind, self.connection):
                async with aclosing(super().download(model)) as steps:
                    async for step in steps:
                        yield DownloadProgress(
                            clean(str(step.step))[:MAX_ID], int(step.completed), int(step.total)
                        )

    return ContainedDownloading


@contextmanager
def containing(kind: str, connection: Connection) -> Iterator[None]:
    """Turn any fault of the code inside into a `ProviderError` that can be stored and shown.

    Neither keeps what caused it: other libraries' errors hold the request, and the key in it.
    """
    try:
        yield
    except ProviderError as error:
        error.detail = own_words(str(getattr(error, "detail", "")), key=connection.api_key)
        error.args = (error.detail,)
        error.retry_after = _seconds(getattr(error, "retry_after", None))
        raise error from None
    except (Exception, SystemExit) as error:
        words = traceback.format_exception_only(error)[-1]
        reason = own_words(words, key=connection.api_key)[:300]
        place = traceback.extract_tb(error.__traceback__)[-1]
        name = type(error).__name__
        logger.error("The plug-in %s failed at %s:%s: %s", kind, place.filename, place.lineno, name)
        logger.debug("The plug-in %s said: %s", kind, reason)
        raise PluginFailedError(reason) from None


def checked_models(models: object) -> list[ModelInfo]:
    """Those that can be stored, each once. Raises `TypeError` for what is no list of models."""
    if not isinstance(models, Iterable):
        raise TypeError(f"list_models returned {type(models).__name__}")
    found: dict[str, ModelInfo] = {}
    for model in models:
        if not isinstance(model, ModelInfo):
            raise TypeError(f"list_models returned a list of {type(model).__name__}")
        name = clean(str(model.id))
        if name.strip() and len(name) <= MAX_ID and len(found) < MAX_MODELS:
            found.setdefault(name, _checked_model(model, name))
    return list(found.values())


def _checked_model(model: ModelInfo, name: str) -> ModelInfo:
    """Without what is not of its field's type: unknown is always right."""
    changes: dict[str, Any] = {"id": name, "name": clean(str(model.name or ""))[:MAX_ID]}
    for each in fields(model):
        value = getattr(model, each.name)
        if each.name in changes or value is None:
            continue
        if each.name.endswith("_price"):
            good = isinstance(value, Decimal) and value.is_finite() and value >= 0
        elif each.name in ("context_window", "max_output"):
            good = type(value) is int and 0 < value <= MAX_COUNT
        else:
            good = isinstance(value, bool)
        changes[each.name] = value if good else None
    return replace(model, **changes)


def _checked(event: object) -> AdapterEvent | None:
    """The event, fit to be stored; None for one that says nothing. Raises `TypeError`."""
    match event:
        case TextDelta(text=str(text)):
            return TextDelta(kept) if (kept := clean(text)) else None
        case ReasoningDelta(text=str(text)):
            return ReasoningDelta(kept) if (kept := clean(text)) else None
        case Source():
            return Source(said(event.url), said(event.title), said(event.quote))
        case ToolCall():
            result = None if event.result is None else said(event.result)
            return ToolCall(said(event.id), said(event.name), said(event.arguments), result)
        case Usage():
            return _checked_usage(event)
        case Finish(reason=reason):
            return Finish(reason if reason in get_args(FinishReason) else "other")
    raise TypeError(f"stream yielded {type(event).__name__}")


def _checked_usage(usage: Usage) -> Usage:
    numbers: dict[str, Any] = {
        each.name: count(getattr(usage, each.name))
        for each in fields(usage)
        if each.name != "cost_micros"
    }
    cost = usage.cost_micros
    known = type(cost) is int and 0 <= cost <= MAX_COUNT
    return Usage(**numbers, cost_micros=cost if known else None)


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(max(0.0, float(value)), 86400.0)
