"""What relaying a token costs, beside the official SDK's own loop."""

import statistics
import tempfile
from collections.abc import Iterator, Sequence

from benchmarks.figures import Figure
from benchmarks.processes import run_module, running_upstream

TOKENS = 1_000
ROUNDS = 5
BAR = 1.5
PACES = {"500": "500 a second", "1000000": "as fast as it can"}
PROTOCOLS = {
    "chat": "OpenAI, Chat Completions",
    "responses": "OpenAI, Responses",
    "messages": "Anthropic, Messages",
}
OLLAMA = (
    "import asyncio; from tests.ollama_upstream import OllamaUpstream; "
    "asyncio.run(OllamaUpstream().serve(lambda url: print(url, flush=True)))"
)


def measure() -> Iterator[Figure]:
    """CPU of one process for each token of a reply of 1,000 from the same upstream, by turns: the
    adapter's stream of events, and the SDK's `async for chunk in await ….create(stream=True)`.
    Median of five, after one of each that does not count. Ollama has no SDK among ours.
    """
    with running_upstream() as upstream:
        for protocol, label in PROTOCOLS.items():
            for pace, taken in _measure_in_process(protocol, upstream.url).items():
                ours, sdk = (1e6 * statistics.median(taken[who]) for who in ("ours", "sdk"))
                note = f"{ours:.0f} µs, {sdk:.0f} µs"
                yield Figure(f"{label}, {pace}, by the SDK", ours / sdk, "times", BAR, note)
    with running_upstream(["-c", OLLAMA]) as upstream:
        for pace, taken in _measure_in_process("ollama", upstream.url).items():
            yield Figure(f"Ollama, {pace}", 1e6 * statistics.median(taken["ours"]), "µs")


def _measure_in_process(protocol: str, url: str) -> dict[str, dict[str, Sequence[float]]]:
    """CPU seconds a token, by pace and by who relayed."""
    arguments = ["relays", protocol, url, str(ROUNDS), str(TOKENS), *PACES]
    with tempfile.TemporaryDirectory() as directory:
        found = run_module("benchmarks.inside", arguments, {"DATA_DIR": directory})
    return {PACES[rate]: taken for rate, taken in found.items()}
