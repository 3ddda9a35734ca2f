"""Runs one completion and tries again where that can help: before the first token, never after.

Where there is a second model it is asked when the first fails, by the same rule and once only.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from providers import availability
from providers.errors import (
    ContentRefusedError,
    ImagesTooLargeError,
    ProviderError,
    ProviderTimeoutError,
)
from providers.routing import Route
from providers.types import (
    CompletionRequest,
    Event,
    FellBack,
    ReasoningDelta,
    Retrying,
    Source,
    TextDelta,
    ToolCall,
)

_SAME_FOR_ALL: Final = (ContentRefusedError, ImagesTooLargeError)
"""Errors that lie in what was said, not in who was asked: no second model is tried."""
_BEGINNINGS: Final = (TextDelta, ReasoningDelta, Source, ToolCall)
"""What a reply can begin with. A tool that a provider ran was paid for and may have done things."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently to try; times in seconds.

    A provider that asks for a longer pause than `longest_delay` gets no second call: the error,
    with its `retry_after`, is for the user to decide on.
    """

    attempts: int = 4
    first_delay: float = 1.0
    longest_delay: float = 30.0

    def delay(self, attempt: int, error: ProviderError) -> float | None:
        """The pause after failed attempt number `attempt` (from 1), or None to give up."""
        if not error.retryable or attempt >= self.attempts:
            return None
        if error.retry_after is not None:
            if error.retry_after > self.longest_delay:
                return None
            # Never earlier than asked for, and not all at the same moment.
            return error.retry_after + random.uniform(0, 0.25)  # noqa: S311 - not a secret
        ceiling = min(self.first_delay * 2 ** (attempt - 1), self.longest_delay)
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - not a secret

    def before_fallback(self) -> "RetryPolicy":
        """For a model that another one stands in for: two attempts, and no pause over 5 seconds.

        A second attempt gets over a hiccup; a longer wait is what the other model is there for.
        """
        return replace(
            self, attempts=min(self.attempts, 2), longest_delay=min(self.longest_delay, 5.0)
        )


DEFAULT_POLICY = RetryPolicy()


async def stream(
    route: Route, request: CompletionRequest, *, policy: RetryPolicy = DEFAULT_POLICY
) -> AsyncGenerator[Event, None]:
    """The events of one reply, ending with `Finish`. Raises `ProviderError`s.

    `request.model` must be `route.model`. Each attempt is one upstream request. Closing the
    iterator closes the connection, also during a pause.
    """
    attempt = 0
    while True:
        attempt += 1
        begun = spoken = False
        try:
            with availability.Watch(route.source, route.model) as watch:
                async with aclosing(route.adapter.stream(request)) as events:
                    async for event in events:
                        begun = begun or isinstance(event, _BEGINNINGS)
                        if not spoken and isinstance(event, TextDelta | ReasoningDelta):
                            spoken = True
                            watch.first_token()
                        yield event
                    return
        except ProviderError as error:
            delay = None if begun else policy.delay(attempt, error)
            if delay is None:
                raise
            reason = str(error.message)
        yield Retrying(attempt=attempt, delay=delay, reason=reason)
        await asyncio.sleep(delay)


@dataclass(frozen=True, slots=True)
class Plan:
    """One model to ask."""

    model_name: str
    """`provider/model`."""
    prepare: Callable[[], Awaitable[tuple[Route, CompletionRequest]]]
    """Finds the way and makes the request when the model's turn comes. May raise ProviderErrors."""


async def stream_with_fallback(
    first: Plan,
    second: Plan | None,
    *,
    first_token_timeout: float,
    policy: RetryPolicy = DEFAULT_POLICY,
) -> AsyncGenerator[Event, None]:
    """The events of one reply by the first model or, when that fails before its first token, by
    the second, with `FellBack` between them. Raises the `ProviderError` of the last one asked.

    Failing includes that there is no way to the first, and that its first token takes longer than
    `first_token_timeout` seconds. Without a second model the caller keeps the time. What a
    provider declines to answer is not asked elsewhere.
    """
    plans = [first] if second is None else [first, second]
    for plan, other in zip(plans, [*plans[1:], None], strict=True):
        begun = False
        try:
            route, request = await plan.prepare()
            if other is None:
                attempt = stream(route, request, policy=policy)
            else:
                attempt = stream(route, request, policy=policy.before_fallback())
                attempt = _begun_within(first_token_timeout, attempt)
            async with aclosing(attempt) as events:
                async for event in events:
                    begun = begun or isinstance(event, _BEGINNINGS)
                    yield event
            return
        except ProviderError as error:
            if other is None or begun or isinstance(error, _SAME_FOR_ALL):
                raise
            failed = error
        yield FellBack(
            failed_model=plan.model_name,
            model=other.model_name,
            reason=str(failed.message),
            kind=failed.kind,
            detail=failed.detail,
        )


async def _begun_within(
    seconds: float, stream: AsyncGenerator[Event, None]
) -> AsyncGenerator[Event, None]:
    """The events; ProviderTimeoutError when an attempt's first token does not come in time.

    Only words count: a provider that sends nothing but counters is silent, too.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    async with aclosing(stream) as events:
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    event = await anext(events)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise ProviderTimeoutError from error
            yield event
            if isinstance(event, _BEGINNINGS):
                break
            if isinstance(event, Retrying):
                deadline = loop.time() + event.delay + seconds
        async for event in events:
            yield event
