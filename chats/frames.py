"""Numbering of a live reply's changes into frames for the page. Pure, no I/O.

The protocol is described in `docs/architecture.md`. A frame holds what changed since the one
before; a viewer who misses one sees the gap in the numbers and asks for a snapshot.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from chats.rendering import IncrementalRenderer, Patch

Frame = dict[str, Any]

SLICE: Final = 8_000
"""Characters. A millisecond of prose, some 50 of the worst Markdown there is."""


class FrameWriter:
    """Turns the text of one reply into numbered frames.

    `feed` is cheap; rendering happens in `frame`, which takes at most SLICE characters at a time:
    what is left over shows in `behind`. A provider may say a megabyte at once, and whoever renders
    it on the event loop makes everybody wait.
    """

    def __init__(self, message_id: str) -> None:
        self._message_id = message_id
        self._renderer = IncrementalRenderer()
        self._waiting: deque[str] = deque()
        self._number = 0
        self._tail = ""
        self._reasoning: list[str] = []
        self._new_reasoning: list[str] = []
        self._reasoned_ms: int | None = None
        self._tell_reasoned = False
        self._fresh = False

    @property
    def number(self) -> int:
        """Number of the last frame."""
        return self._number

    def feed(self, text: str) -> None:
        """Append text of the reply."""
        self._waiting.extend(text[at : at + SLICE] for at in range(0, len(text), SLICE))
        self._fresh = True

    @property
    def behind(self) -> bool:
        """Whether there is text that no frame has taken yet."""
        return bool(self._waiting)

    def feed_reasoning(self, text: str) -> None:
        """Append reasoning, shown as plain text."""
        self._new_reasoning.append(text)
        self._fresh = True

    def reasoned(self, milliseconds: int) -> None:
        """The reasoning is over, and took so long."""
        self._reasoned_ms = milliseconds
        self._tell_reasoned = self._fresh = True

    def frame(self) -> Frame | None:
        """What changed since the last frame; None when nothing did."""
        if not self._fresh:
            return None
        taken = 0
        while self._waiting and (taken := taken + len(self._waiting[0])) <= SLICE:
            self._renderer.feed(self._waiting.popleft())
        return self._as_frame(self._renderer.frame())

    def last_frame(self) -> Frame:
        """The frame that closes what is open. The page then shows what a reload shows.

        Takes all that is left, and where a link was defined after its use the whole reply: for a
        thread.
        """
        while self._waiting:
            self._renderer.feed(self._waiting.popleft())
        return self._as_frame(self._renderer.finish())

    def snapshot(self) -> Frame:
        """All so far, under the number of the last frame.

        Frames that follow apply to it; what is not in a frame yet is not in here either.
        """
        snapshot: Frame = {
            "t": "snapshot",
            "m": self._message_id,
            "n": self._number,
            "html": self._renderer.committed,
            "tail": self._tail,
            "reasoning": "".join(self._reasoning),
        }
        if self._reasoned_ms is not None and not self._tell_reasoned:
            snapshot["rt"] = self._reasoned_ms
        return snapshot

    def end(self, status: str) -> Frame:
        """The last frame of all: the reply's final status."""
        self._number += 1
        return {"t": "end", "m": self._message_id, "n": self._number, "status": status}

    def _as_frame(self, patch: Patch) -> Frame:
        self._number += 1
        self._fresh = self.behind
        frame: Frame = {"t": "frame", "m": self._message_id, "n": self._number}
        if patch.ops:
            frame["ops"] = patch.ops
        if patch.ops or patch.tail != self._tail:
            kept = common_prefix_length(self._tail, patch.tail)
            frame["k"] = utf16_length(self._tail[:kept])
            frame["s"] = patch.tail[kept:]
            self._tail = patch.tail
        if self._new_reasoning:
            frame["r"] = "".join(self._new_reasoning)
            self._reasoning.extend(self._new_reasoning)
            self._new_reasoning.clear()
        if self._tell_reasoned:
            frame["rt"] = self._reasoned_ms
            self._tell_reasoned = False
        return frame


@dataclass(frozen=True, slots=True)
class Notice:
    """What a page says while there is nothing to read; `seconds` from now count down, if any."""

    message_id: str
    kind: str
    text: str
    seconds: float = 0
    since: float = field(default_factory=time.monotonic)

    def frame(self) -> Frame:
        """For whoever watches now: with the seconds that are left."""
        frame: Frame = {"t": "notice", "m": self.message_id, "kind": self.kind, "text": self.text}
        left = self.seconds - (time.monotonic() - self.since)
        if left > 0:
            frame["seconds"] = round(left, 1)
        return frame


def common_prefix_length(old: str, new: str) -> int:
    """How many code points two strings share from the start. O(n) compares in C, log n slices."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def utf16_length(text: str) -> int:
    """Length as JavaScript counts it: code points beyond the basic plane count twice."""
    return len(text) + sum(1 for c in text if ord(c) > 0xFFFF) if not text.isascii() else len(text)
