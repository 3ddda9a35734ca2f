"""What the incremental renderer costs by itself: run by `benchmarks.inside`."""

import time
from collections.abc import Sequence

from chats.rendering import IncrementalRenderer
from tests.upstream_modes import texts

ROUNDS = 3
TOKENS_A_FRAME = 5
"""100 tokens a second in 20 frames a second."""


def main(arguments: Sequence[str]) -> object:
    """Arguments: a paced mode of the upstream, numbers of tokens. CPU seconds, best of three."""
    mode, *lengths = arguments
    return [min(_render(mode, int(each)) for _round in range(ROUNDS)) for each in lengths]


def _render(mode: str, length: int) -> float:
    tokens = texts(mode, length)
    started = time.process_time()
    renderer = IncrementalRenderer()
    for number, token in enumerate(tokens):
        renderer.feed(token)
        if number % TOKENS_A_FRAME == 0:
            renderer.frame()
    renderer.finish()
    return time.process_time() - started
