"""Who is here: what one socket has heard from the others that show the same conversation.

Every socket says from time to time that it is there, so that nobody is missed for long, and nobody
whose process died is shown for long. Nothing of it is stored.
"""

import time
from collections.abc import Callable
from typing import Any, Final

BEAT: Final = 20.0
"""Seconds between what a socket says of itself."""
GONE_AFTER: Final = 50.0
"""Seconds of silence after which it counts as gone: one beat may be lost."""
MOST: Final = 200
"""Sockets that are kept in mind."""
TYPING_EVERY: Final = 2.0
"""Seconds between two tellings that somebody types."""


class Room:
    """Other people's pages, by names that each made up for itself."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pages: dict[str, tuple[str, str, float]] = {}
        self._shown: list[dict[str, Any]] = []

    def heard(self, page: str, user: str, name: str) -> None:
        """A page of a user is there."""
        if page in self._pages or len(self._pages) < MOST:
            self._pages[page] = (user, name, self._clock())

    def left(self, page: str) -> None:
        """A page has gone."""
        self._pages.pop(page, None)

    def forget(self) -> None:
        """Nobody else may be here any more."""
        self._pages = {}

    def news(self) -> list[dict[str, Any]] | None:
        """Who is here, by name, each once; None when that was told before."""
        limit = self._clock() - GONE_AFTER
        self._pages = {page: each for page, each in self._pages.items() if each[2] > limit}
        people = {user: name for user, name, _heard in self._pages.values()}
        here = [{"id": user, "name": name} for user, name in people.items()]
        here.sort(key=lambda each: (each["name"].lower(), each["id"]))
        if here == self._shown:
            return None
        self._shown = here
        return here
