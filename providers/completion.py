"""Runs one completion and tries again where that can help: before the first token, never after."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from providers import availability
from providers.errors import ProviderError
from providers.routing import Route
from providers.types import CompletionRequest, Event, ReasoningDelta, Retrying, TextDelta


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
        begun = False
        try:
            with availability.Watch(route.source, route.model) as watch:
                async with aclosing(route.adapter.stream(request)) as events:
                    async for event in events:
                        if not begun and isinstance(event, TextDelta | ReasoningDelta):
                            begun = True
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
