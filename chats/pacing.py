"""How often pages of live replies are brought up to date: less often under load."""

import time
from types import TracebackType
from typing import Final

SHORTEST: Final = 0.05
"""Seconds; twenty frames a second look continuous."""
LONGEST: Final = 0.5
SHARE: Final = 0.35
"""Part of one core that frames may take, all replies together."""
_WEIGHT: Final = 0.1


class Pacer:
    """Measures what frames cost and spreads them so that together they stay under SHARE."""

    def __init__(self) -> None:
        self._cost = 0.0005
        self.watched = 0

    @property
    def interval(self) -> float:
        """Seconds to wait between two frames of one reply."""
        return min(LONGEST, max(SHORTEST, self.watched * self._cost / SHARE))

    def measure(self) -> "_Measurement":
        """Context manager around the making of one frame."""
        return _Measurement(self)

    def add(self, seconds: float) -> None:
        """Take one more measurement into the moving average."""
        self._cost += _WEIGHT * (seconds - self._cost)


class _Measurement:
    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._started = 0.0

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pacer.add(time.perf_counter() - self._started)
