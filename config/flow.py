"""How fast an answer that is made while it is sent may go: as fast as it is taken.

Daphne hands everything to the connection at once, which keeps in memory what a slow reader has not
taken yet. Twisted says when a connection is full; here the application hears of it.
"""

import asyncio
from typing import Any


class Gate:
    """Shut while a connection is full: a push producer, as Twisted calls it."""

    def __init__(self) -> None:
        self._is_open = asyncio.Event()
        self._is_open.set()

    def pauseProducing(self) -> None:  # noqa: N802
        """The connection is full."""
        self._is_open.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        """It is empty again."""
        self._is_open.set()

    def stopProducing(self) -> None:  # noqa: N802
        """It is lost; whoever waits is cancelled besides."""
        self._is_open.set()

    async def passed(self) -> None:
        """Wait until it is open."""
        await self._is_open.wait()


def watch(request: Any) -> None:
    """Have a request told when its connection is full, before the first piece is written."""
    if request.producer is None and request.channel is not None and not request.finished:
        request.registerProducer(Gate(), True)


async def drained(request: Any) -> None:
    """Wait until a piece that was written has gone out, but for what fits the connection."""
    if isinstance(request.producer, Gate):
        await request.producer.passed()


def unwatch(request: Any) -> None:
    """Before the last piece: a request with a producer cannot end."""
    if isinstance(request.producer, Gate) and request.channel is not None:
        request.unregisterProducer()


def cut_off(request: Any) -> None:
    """Break off an answer that had begun and will not be ended: what came must not look whole."""
    if getattr(request, "_response_started", False) and request.channel and not request.finished:
        # So that nothing more is written: daphne would begin an error page in the middle of it.
        request.finished = 1
        request.channel.forceAbortClient()
