"""A second model after the first: when, how soon, and when not."""

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest

from providers import errors
from providers.completion import DEFAULT_POLICY, Plan, RetryPolicy, stream_with_fallback
from providers.contract import Adapter
from providers.routing import Route
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    Connection,
    Event,
    FellBack,
    Finish,
    ModelInfo,
    Retrying,
    TextDelta,
    Usage,
)
from tests.providers.conftest import collect, request_for, text_of
from tests.providers.test_completion import route_over

QUICK = RetryPolicy(attempts=4, first_delay=0.01, longest_delay=2.0)


class Scripted(Adapter):
    """Yields and raises what it is told to; waits where there is a number."""

    def __init__(self, *steps: AdapterEvent | float | Exception) -> None:
        super().__init__(Connection("x"))
        self.steps = steps
        self.calls = 0
        self.closed = 0

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[AdapterEvent, None]:
        self.calls += 1
        try:
            for step in self.steps:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, float):
                    await asyncio.sleep(step)
                else:
                    yield step
        finally:
            self.closed += 1

    async def list_models(self) -> list[ModelInfo]:
        return []


def plan(name: str, adapter: Adapter) -> Plan:
    async def prepare() -> tuple[Route, CompletionRequest]:
        return route_over(adapter, name), request_for(name)

    return Plan(f"x/{name}", prepare)


async def run(first: Adapter, second: Adapter | None, *, limit: float = 5) -> list[Event]:
    return await collect(
        stream_with_fallback(
            plan("first", first),
            plan("second", second) if second else None,
            first_token_timeout=limit,
            policy=QUICK,
        )
    )


def good() -> Scripted:
    return Scripted(TextDelta("Hello"), Finish("stop"))


async def test_the_first_answers_and_nobody_else_is_asked() -> None:
    second = good()
    events = await run(good(), second)
    assert [type(event) for event in events] == [TextDelta, Finish]
    assert second.calls == 0


async def test_the_second_is_asked_after_one_more_try() -> None:
    first = Scripted(errors.OverloadedError("down"))
    events = await run(first, good())
    assert [type(event) for event in events] == [Retrying, FellBack, TextDelta, Finish]
    assert (first.calls, first.closed) == (2, 2)
    assert events[1] == FellBack(
        "x/first", "x/second", "The provider has a problem of its own.", "overloaded", "down"
    )


async def test_the_second_has_all_the_patience_of_an_only_one() -> None:
    second = Scripted(errors.OverloadedError())
    with pytest.raises(errors.OverloadedError):
        await run(Scripted(errors.AuthenticationError()), second)
    assert second.calls == QUICK.attempts


async def test_no_pause_is_long_while_another_model_waits() -> None:
    error = errors.RateLimitedError(retry_after=6)
    assert DEFAULT_POLICY.delay(1, error) is not None
    assert DEFAULT_POLICY.before_fallback().delay(1, error) is None


@pytest.mark.parametrize(
    "steps",
    [
        (TextDelta("half"), errors.CutStreamError()),
        (errors.ContentRefusedError(),),
        (errors.ImagesTooLargeError(),),
    ],
)
async def test_what_has_begun_or_lies_in_the_words_stays_where_it_is(
    steps: tuple[AdapterEvent | Exception, ...],
) -> None:
    second = good()
    with pytest.raises(errors.ProviderError):
        await run(Scripted(*steps), second)
    assert second.calls == 0


async def test_a_first_word_that_does_not_come_in_time() -> None:
    """Counters are no words. The call that is given up is closed."""
    first = Scripted(Usage(1, 0), 60.0)
    began = time.monotonic()
    events = await run(first, good(), limit=0.2)
    assert time.monotonic() - began < 5
    assert [type(event) for event in events] == [Usage, FellBack, TextDelta, Finish]
    assert (first.calls, first.closed) == (1, 1)


async def test_after_the_first_word_there_is_no_such_limit() -> None:
    first = Scripted(TextDelta("slow "), 0.4, TextDelta("but sure"), Finish("stop"))
    assert text_of(await run(first, good(), limit=0.2)) == "slow but sure"


async def test_a_first_that_cannot_even_be_prepared() -> None:
    async def prepare() -> tuple[Route, CompletionRequest]:
        raise errors.NotFoundError("no connection")

    events = await collect(
        stream_with_fallback(
            Plan("gone/model", prepare), plan("second", good()), first_token_timeout=1
        )
    )
    assert isinstance(events[0], FellBack)
    assert (events[0].failed_model, events[0].kind) == ("gone/model", "not_found")
    assert text_of(events) == "Hello"


async def test_without_a_second_the_first_has_all_its_attempts() -> None:
    first = Scripted(errors.OverloadedError())
    with pytest.raises(errors.OverloadedError):
        await run(first, None)
    assert first.calls == QUICK.attempts


@pytest.mark.parametrize("where", ["waiting", "pause"])
async def test_closing_it_asks_nobody_else(where: str) -> None:
    second = good()
    steps: dict[str, tuple[float | Exception, ...]] = {
        "waiting": (60.0,),
        "pause": (errors.RateLimitedError(retry_after=1.5),),
    }
    task = asyncio.create_task(run(Scripted(*steps[where]), second))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert second.calls == 0
