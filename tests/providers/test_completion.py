"""Retries: before the first token only, bounded, and as patient as the provider asks."""

import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import pytest

from providers import errors
from providers.completion import DEFAULT_POLICY, RetryPolicy, stream
from providers.connections import Source
from providers.contract import Adapter
from providers.routing import Route
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    Connection,
    Event,
    ModelInfo,
    ReasoningDelta,
    Retrying,
)
from tests.providers.conftest import collect, request_for, text_of
from tests.upstream import Upstream
from tests.upstream_modes import ANSWER

QUICK = RetryPolicy(attempts=3, first_delay=0.01, longest_delay=2.0)
MakeAdapter = Callable[..., Adapter]


class BreakingAdapter(Adapter):
    """Thinks, then breaks."""

    calls = 0

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[AdapterEvent, None]:
        self.calls += 1
        yield ReasoningDelta("hm")
        raise errors.CutStreamError

    async def list_models(self) -> list[ModelInfo]:
        return []


def route_over(adapter: Adapter, model: str) -> Route:
    """A way to a model over an adapter that is in no registry."""
    source = Source(slug="x", kind="x", label="X")
    return Route(adapter=adapter, model=model, source=source, info=ModelInfo(id=model))


async def run(adapter: Adapter, model: str, policy: RetryPolicy = QUICK) -> list[Event]:
    return await collect(stream(route_over(adapter, model), request_for(model), policy=policy))


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_waits_as_long_as_asked_and_tries_again(
    kind: str, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    events = await run(adapter_for(kind), "429-once")

    assert isinstance(events[0], Retrying)
    assert (events[0].attempt, events[0].reason) == (1, "The provider asks for a pause.")
    assert 1 <= events[0].delay < 1.5
    assert text_of(events) == ANSWER
    first, second = upstream.requests
    assert second["at"] - first["at"] >= 1


@pytest.mark.parametrize("model", ["500-once", "cut-once"])
async def test_tries_again_after_a_fault(
    model: str, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    events = await run(adapter_for("openai"), model)

    assert [type(event) for event in events].count(Retrying) == 1
    assert text_of(events) == ANSWER
    assert len(upstream.requests) == 2


async def test_gives_up_after_so_many_attempts(
    adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    with pytest.raises(errors.OverloadedError):
        await run(adapter_for("openai"), "error-500")

    assert len(upstream.requests) == 3


@pytest.mark.parametrize(
    "model",
    ["cut-after-1", "error-event", "error-401", "error-400", "error-429-long", "malformed"],
)
async def test_does_not_try_again(model: str, adapter_for: MakeAdapter, upstream: Upstream) -> None:
    """After the first token, when it cannot help, and when the pause would be too long."""
    with pytest.raises(errors.ProviderError):
        await run(adapter_for("anthropic"), model)

    assert len(upstream.requests) == 1


async def test_reasoning_counts_as_a_token() -> None:
    adapter = BreakingAdapter(Connection("x"))
    with pytest.raises(errors.CutStreamError):
        await run(adapter, "x")

    assert adapter.calls == 1


async def test_the_text_that_came_is_passed_on_before_the_error(adapter_for: MakeAdapter) -> None:
    route = route_over(adapter_for("openai"), "cut-after-5")
    events: list[Event] = []
    with pytest.raises(errors.CutStreamError):
        await collect(stream(route, request_for("cut-after-5"), policy=QUICK), events)

    assert text_of(events) == "the quick brown fox jumps "


async def test_can_be_closed_during_a_pause(adapter_for: MakeAdapter) -> None:
    patient = replace(QUICK, longest_delay=60.0)
    events = stream(
        route_over(adapter_for("openai"), "error-429"), request_for("error-429"), policy=patient
    )
    began = time.monotonic()
    assert isinstance(await anext(events), Retrying)
    await events.aclose()

    assert time.monotonic() - began < 2


def test_pauses_grow_differ_and_are_bounded() -> None:
    error = errors.OverloadedError()
    policy = replace(DEFAULT_POLICY, attempts=20)

    def pauses(attempt: int) -> list[float]:
        return [policy.delay(attempt, error) or 0 for _ in range(50)]

    assert 0.5 <= min(pauses(1)) <= max(pauses(1)) <= 1
    assert 2 <= min(pauses(3)) <= max(pauses(3)) <= 4
    assert max(pauses(19)) <= policy.longest_delay
    assert len(set(pauses(3))) > 1
    assert policy.delay(20, error) is None
