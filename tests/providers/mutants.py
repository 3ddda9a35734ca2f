"""Adapters with a fault each, made of a good one."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import fields, replace
from typing import Any

from providers import errors
from providers.adapters.openai_compatible import OpenAICompatibleAdapter
from providers.testing import AdapterConformance
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    File,
    Finish,
    Image,
    ModelInfo,
    Part,
    PromptMessage,
    Source,
    TextDelta,
    ToolCall,
    Usage,
)

Stream = AsyncIterator[AdapterEvent]
Change = Callable[[Stream], Stream]
Good = OpenAICompatibleAdapter


def that(**attributes: Any) -> type[Good]:
    """An adapter with other attributes."""
    return type("Mutant", (Good,), {"__module__": Good.__module__, **attributes})


def streaming(change: Change) -> type[Good]:
    """An adapter whose events are changed."""

    async def stream(self: Good, request: CompletionRequest) -> AsyncGenerator[AdapterEvent, None]:
        async with aclosing(Good.stream(self, request)) as events:
            async for event in change(events):
                yield event

    return that(stream=stream)


def asking(change: Callable[[CompletionRequest], CompletionRequest]) -> type[Good]:
    """An adapter that asks for something else."""
    return that(stream=lambda self, request: Good.stream(self, change(request)))


def mapping(change: Callable[[AdapterEvent], AdapterEvent]) -> type[Good]:
    """An adapter that changes each event."""

    async def changed(events: Stream) -> Stream:
        async for event in events:
            yield change(event)

    return streaming(changed)


def failing(change: Callable[[Good, errors.ProviderError], Exception]) -> type[Good]:
    """An adapter that raises something else."""

    async def stream(self: Good, request: CompletionRequest) -> AsyncGenerator[AdapterEvent, None]:
        try:
            async with aclosing(Good.stream(self, request)) as events:
                async for event in events:
                    yield event
        except errors.ProviderError as error:
            raise change(self, error) from None

    return that(stream=stream)


def listing(models: Callable[[list[ModelInfo]], Any]) -> type[Good]:
    """An adapter that lists something else."""

    async def list_models(self: Good) -> Any:
        return models(await Good.list_models(self))

    return that(list_models=list_models)


async def without_end(events: Stream) -> Stream:
    """Never says that it is over."""
    async for event in events:
        if not isinstance(event, Finish):
            yield event


async def with_two_ends(events: Stream) -> Stream:
    """Says so twice."""
    async for event in events:
        yield event
    yield Finish("stop")


async def without_parts(events: Stream) -> Stream:
    """Tells only what is said."""
    async for event in events:
        if not isinstance(event, Source | ToolCall):
            yield event


async def with_an_end_made_up(events: Stream) -> Stream:
    """Takes every end for a good one."""
    try:
        async for event in events:
            yield event
    except errors.CutStreamError:
        yield Finish("stop")


async def held_back(events: Stream) -> Stream:
    """Yields everything at the end."""
    for event in [event async for event in events]:
        yield event


async def with_a_count_made_up(events: Stream) -> Stream:
    """Says zero for unknown."""
    yield Usage(0, 0)
    async for event in events:
        yield event


async def twice(self: Good, request: CompletionRequest) -> AsyncGenerator[AdapterEvent, None]:
    """Asks again by itself when it is refused."""
    try:
        async for event in Good.stream(self, request):
            yield event
    except errors.ProviderError:
        async for event in Good.stream(self, request):
            yield event


KEPT: list[Any] = []


async def leaving_open(
    self: Good, request: CompletionRequest
) -> AsyncGenerator[AdapterEvent, None]:
    """Forgets the answer when it is given up."""
    events = Good.stream(self, request)
    KEPT.append(events)
    async for event in events:
        yield event


async def not_to_be_stopped(
    self: Good, request: CompletionRequest
) -> AsyncGenerator[AdapterEvent, None]:
    """Goes on waiting when nobody waits for it."""
    waiting = asyncio.ensure_future(anext(Good.stream(self, request)))
    waiting.add_done_callback(lambda task: task.cancelled() or task.exception())
    yield await asyncio.shield(waiting)


async def listing_nothing(self: Good) -> list[ModelInfo]:
    """Whatever happens."""
    try:
        return await Good.list_models(self)
    except errors.ProviderError:
        return []


async def refusing(self: Good) -> None:
    """No key is good enough."""
    raise errors.AuthenticationError


def following_redirects(self: Good) -> Any:
    """As browsers do."""
    client: Any = Good.make_client(self)
    client._client.follow_redirects = True
    return client


async def telling_the_log(
    self: Good, request: CompletionRequest
) -> AsyncGenerator[AdapterEvent, None]:
    """Helpful."""
    logging.getLogger("mutant").warning("Using the key %s", self.connection.api_key)
    async for event in Good.stream(self, request):
        yield event


class Chunks:
    """Takes every chunk for whole lines."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        for line in chunk.splitlines():
            if line.startswith(b"data: "):
                yield line.removeprefix(b"data: ")

    def end(self) -> Iterator[bytes]:
        return iter(())


def text(change: Callable[[str], str]) -> type[Good]:
    """An adapter that changes texts."""
    return mapping(lambda e: TextDelta(change(e.text)) if isinstance(e, TextDelta) else e)


def usage(**values: Any) -> type[Good]:
    """An adapter with other counts."""
    return mapping(lambda e: replace(e, **values) if isinstance(e, Usage) else e)


def with_part(**values: Any) -> type[Good]:
    """An adapter with other sources and tool calls: of those that have such fields."""

    def changed(event: AdapterEvent) -> AdapterEvent:
        is_part = isinstance(event, Source | ToolCall)
        return replace(event, **values) if is_part and values.keys() <= vars_of(event) else event

    return mapping(changed)


def vars_of(event: AdapterEvent) -> set[str]:
    """Names of its fields."""
    return {each.name for each in fields(event)}


def retry_after(value: Any) -> type[Good]:
    """An adapter that says otherwise for how long."""
    return failing(lambda _a, e: errors.RateLimitedError(e.detail, retry_after=value))


def with_key(adapter: Good, error: errors.ProviderError) -> Exception:
    """An error that keeps the key."""
    return type(error)(f"{error.detail} {adapter.connection.api_key}")


def telling_the_key(request: CompletionRequest) -> CompletionRequest:
    """A prompt that holds it."""
    return replace(request, system=AdapterConformance.key)


def shorter(request: CompletionRequest) -> CompletionRequest:
    """The last turn alone."""
    return replace(request, messages=request.messages[-1:])


def without_images(request: CompletionRequest) -> CompletionRequest:
    """Texts and files only."""
    return _without(Image, request)


def without_files(request: CompletionRequest) -> CompletionRequest:
    """Texts and images only."""
    return _without(File, request)


def _without(kind: type[Part], request: CompletionRequest) -> CompletionRequest:
    messages = tuple(
        PromptMessage(m.role, tuple(part for part in m.parts if not isinstance(part, kind)))
        for m in request.messages
    )
    return replace(request, messages=messages)
