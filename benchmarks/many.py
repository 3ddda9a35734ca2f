"""A hundred replies at once, each with a page that watches."""

import statistics
import time
from collections.abc import Iterator

from benchmarks.figures import Figure, percentile
from benchmarks.processes import Upstream, running_site
from benchmarks.viewers import watch

REPLIES = 100
TOKENS = 500
RATE = 50


def measure() -> Iterator[Figure]:
    """100 people post at once; each watches a reply of 500 tokens at 50 a second over a socket;
    upstream and viewers are one process each. Lateness: from the upstream's first token to the
    reply's end at the viewer, over what 500 tokens at 50 a second take, less one. CPU: of one core,
    while the upstream was sending. Meanwhile `/healthz`
    (answered by the event loop alone) was asked every 50 ms, a page every 500 ms.
    """
    model, places = f"openai/fast-{TOKENS}@{RATE}", REPLIES + 1
    with running_site(model=model, lengths=[0] * places, people=places) as site:
        watch(site, "Warm up", site.conversations[:1])
        site.upstream.reset()
        used, started = site.cpu_seconds(), time.monotonic()
        seen = watch(site, "Reply to {id}", site.conversations[1:], probe=True)
        share = (site.cpu_seconds() - used) / (time.monotonic() - started)
        sent = _sent_by_conversation(site.upstream)
    replies = seen.replies
    yield Figure("replies not complete", sum(r.status != "complete" for r in replies), bar=0)
    expected = max(reply.length for reply in replies)
    yield Figure("replies with text missing", sum(r.length != expected for r in replies), bar=0)
    ideal = (TOKENS - 1) / RATE
    late = [(r.end - sent[r.conversation][0]) / ideal - 1 for r in replies]
    yield Figure("latest reply, over the ideal pace", 100 * max(late), "%", bar=10)
    paces = [times[-1] - times[0] for times in sent.values()]
    yield Figure("upstream's own slowest, over the ideal pace", 100 * (max(paces) / ideal - 1), "%")
    yield Figure("all posts answered after", max(r.answered - r.posted for r in replies), "s")
    yield Figure("CPU of the server", 100 * share, "% of a core")
    rates = [r.frames / (r.end - r.first) for r in replies]
    yield Figure("frames a second for each viewer, median", statistics.median(rates))
    yield Figure("gaps in frames", sum(reply.gaps for reply in replies))
    for name, seconds in (("/healthz", seen.health), ("a conversation's page", seen.pages)):
        taken = [1000 * each for each in seconds]
        yield Figure(f"{name} meanwhile, median", statistics.median(taken), "ms")
        yield Figure(f"{name} meanwhile, 99th percentile", percentile(taken, 99), "ms")


def _sent_by_conversation(upstream: Upstream) -> dict[str, list[float]]:
    """When each token was sent, by the conversation that the prompt names."""
    asked = [each for each in upstream.requests() if each["method"] == "POST"]
    prompts = [each["body"]["messages"][-1]["content"] for each in asked]
    return {
        prompt.removeprefix("Reply to "): entry["tokens"]
        for prompt, entry in zip(prompts, upstream.timeline(), strict=True)
    }
