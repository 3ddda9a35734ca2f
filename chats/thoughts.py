"""How long a model thought before it spoke."""

import time


class Thoughts:
    """Measures from the first piece of reasoning to the last one before the first text.

    What a continued reply took before is added up. Reasoning that comes after text, between the
    calls of tools for example, is not counted: nobody waits for a first word then.
    """

    def __init__(self, before: int | None = None) -> None:
        self._before = before
        self._first: float | None = None
        self._last = 0.0
        self._over = False

    @property
    def milliseconds(self) -> int | None:
        """All of it so far; None when there was none."""
        if self._first is None:
            return self._before
        return (self._before or 0) + round((self._last - self._first) * 1000)

    def go_on(self) -> None:
        """A piece of reasoning came."""
        if not self._over:
            self._last = time.monotonic()
            self._first = self._last if self._first is None else self._first

    def end(self) -> bool:
        """Text came, or the end. True when this is what ended the thinking."""
        ends, self._over = self._first is not None and not self._over, True
        return ends
