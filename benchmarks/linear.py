"""What a reply costs as it grows."""

import statistics
from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.processes import Site, running_site
from benchmarks.viewers import watch

SHORT, LONG = 2_000, 20_000
BAR = 12.0
SHAPES = {"prose": "prose", "one paragraph": "fast", "one code block": "code"}
AT_ONCE = 1_000_000
STEADY = 1_000
ROUNDS = 3


def measure() -> Iterator[Figure]:
    """CPU seconds of the server's process for a reply of 20,000 tokens, by those for one of 2,000,
    each watched over a socket; median of three. At 1,000 tokens a second (so that the number of
    frames and of saves grows with the length, too) and from an upstream that sends as fast as it
    can. The renderer alone: in one process, a frame for every five tokens.
    """
    with running_site(lengths=[0] * 50) as site:
        fresh = iter(site.conversations)
        _cost(site, next(fresh), f"fast-{SHORT}@{AT_ONCE}")
        for label, mode in SHAPES.items():
            yield from _steady(site, fresh, label, mode)
        for label, mode in SHAPES.items():
            yield from _as_fast_as_possible(site, fresh, label, mode)
        for label, mode in SHAPES.items():
            short, long = site.inside("renderer", [mode, str(SHORT), str(LONG)])
            note = f"{short:.2f} s, {long:.2f} s"
            yield Figure(f"renderer alone, {label}", long / short, "times", BAR, note)


def _steady(site: Site, fresh: Iterator[str], label: str, mode: str) -> Iterator[Figure]:
    short = statistics.median(
        _cost(site, next(fresh), f"{mode}-{SHORT}@{STEADY}") for _round in range(ROUNDS)
    )
    long = _cost(site, next(fresh), f"{mode}-{LONG}@{STEADY}")
    note = f"{short:.2f} s, {long:.2f} s"
    yield Figure(f"{label}, 1,000 tokens a second", long / short, "times", BAR, note)


def _as_fast_as_possible(
    site: Site, fresh: Iterator[str], label: str, mode: str
) -> Iterator[Figure]:
    short, long = (
        statistics.median(
            _cost(site, next(fresh), f"{mode}-{length}@{AT_ONCE}") for _round in range(ROUNDS)
        )
        for length in (SHORT, LONG)
    )
    note = f"{short:.2f} s, {long:.2f} s"
    yield Figure(f"{label}, as fast as it can", long / short, "times", BAR, note)


def _cost(site: Site, conversation: str, mode: str) -> float:
    """CPU seconds of one reply in an empty conversation, with all that belongs to it."""
    before = site.cpu_seconds()
    (reply,) = watch(site, f"/mode {mode}", [conversation]).replies
    if reply.status != "complete":
        raise RuntimeError(f"A reply of the mode {mode} ended as {reply.status}.")
    return site.cpu_seconds() - before
