"""Where readers put text and say how far they are."""

import json
import os
import time
from typing import Any, Final

_INTERVAL: Final = 0.5


class FullError(Exception):
    """As much text as is taken is there."""


class Text:
    """Collects text up to a limit, and time up to a limit."""

    def __init__(self, *, max_characters: int, until: float) -> None:
        self.parts: list[str] = []
        self.left = max_characters
        self.until = until
        self.is_cut = False

    def write(self, text: str) -> None:
        """Keep some more. Raises FullError with the character that does not fit."""
        if len(text) > self.left:
            self.parts.append(text[: self.left])
            self.left = 0
            self.is_cut = True
            raise FullError
        self.left -= len(text)
        self.parts.append(text)

    def check_time(self) -> None:
        """Raises FullError when the time is nearly up: between pages, so that some are there."""
        if time.monotonic() > self.until:
            self.is_cut = True
            raise FullError

    def value(self) -> str:
        """All of it, without characters that a database refuses."""
        text = "".join(self.parts).replace("\x00", "")
        return text.encode("utf-8", "replace").decode("utf-8").strip()


class Pages:
    """How many there are and how many are read, told about twice a second."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.read = 0
        self._told = 0.0

    def begin(self, total: int) -> None:
        """So many there are."""
        self.total = total
        say({"pages": total})

    def turn(self) -> None:
        """One more is read."""
        self.read += 1
        now = time.monotonic()
        if now - self._told > _INTERVAL:
            self._told = now
            say({"pages_read": self.read})


def say(line: dict[str, Any]) -> None:
    """One line to whoever started this process."""
    data = json.dumps(line, ensure_ascii=False).encode() + b"\n"
    while data:
        data = data[os.write(1, data) :]
