"""What the site adds to the time to the first token."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator

import openai

from benchmarks.figures import Figure, percentile
from benchmarks.processes import Upstream, run_module, running_site
from benchmarks.viewers import Watched, watch

WARM_UP = 5
ROUNDS = 40
BLOCKS = 4
MODE = "fast-20@100"


def measure() -> Iterator[Figure]:
    """From sending the message to the first text, at an upstream that answers at once: over the
    site (post the form, then the open websocket) and from the same upstream by the OpenAI SDK with
    a warm client. Blocks of ten by turns after a warm-up, each client in a process of its own.
    """
    with running_site(model=f"openai/{MODE}", lengths=[0] * (WARM_UP + ROUNDS)) as site:
        watch(site, "Hello", site.conversations[:WARM_UP], at_once=False)
        ours: list[Watched] = []
        direct: list[float] = []
        size = ROUNDS // BLOCKS
        for block in range(BLOCKS):
            begin = WARM_UP + block * size
            mine = site.conversations[begin : begin + size]
            ours += watch(site, "Hello", mine, at_once=False).replies
            direct += _ask_directly(site.upstream, size)
    through = [1000 * (reply.first - reply.posted) for reply in ours]
    yield Figure("direct, median", statistics.median(direct), "ms")
    yield Figure("over the site, median", statistics.median(through), "ms")
    added = statistics.median(through) - statistics.median(direct)
    yield Figure("added, median", added, "ms", bar=30)
    posting = statistics.median(1000 * (reply.answered - reply.posted) for reply in ours)
    yield Figure("until the form is answered, median", posting, "ms")
    added_p95 = percentile(through, 95) - percentile(direct, 95)
    yield Figure("added, 95th percentile", added_p95, "ms")


def _ask_directly(upstream: Upstream, times: int) -> list[float]:
    """Milliseconds to the first token, measured by this module in a process of its own."""
    found: list[float] = run_module("benchmarks.first_token", [upstream.url, str(times)], {})
    return found


async def ask(url: str, times: int) -> list[float]:
    """What the process of its own does."""
    client = openai.AsyncOpenAI(api_key="sk-bench", base_url=f"{url}/v1", max_retries=0)
    taken = [await _first_token(client) for _round in range(WARM_UP + times)]
    await client.close()
    return taken[WARM_UP:]


async def _first_token(client: openai.AsyncOpenAI) -> float:
    started, first = time.perf_counter(), 0.0
    stream = await client.chat.completions.create(
        model=MODE, messages=[{"role": "user", "content": "Hello"}], stream=True
    )
    async for chunk in stream:
        if not first and chunk.choices and chunk.choices[0].delta.content:
            first = time.perf_counter()
    return 1000 * (first - started)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(ask(sys.argv[1], int(sys.argv[2])))))
