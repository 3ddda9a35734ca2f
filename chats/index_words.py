"""The words that the index adds to each entry: whose it is, where, by whom, when.

They begin with `_`, which no word of a text does, so nobody can type them. What is in them never
changes while the entry stands; what does (folder, tags, pins) is asked of the conversation.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from chats.words import words_of

SLOTS: Final = 4096
"""Entries' ids are the seconds of their date times this, and a place among those of the second."""
LAST_ID: Final = 2**62
FIRST_LETTERS: Final = 3
"""So few begin so many words that databases would take long to gather them."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LEVELS: Final = (8, 12, 16, 20, 24)
"""Spans of time that have a word, as powers of two: 4 minutes, 68 minutes, 18 hours, 12 and 194
days."""
_LAST_SECOND: Final = 2**33


class Kind(StrEnum):
    """What an entry holds the words of."""

    MESSAGE = "m"
    TITLE = "t"


def of_owner(kind: Kind, owner_id: UUID) -> str:
    """Whose conversation it is in. Half of an id will do, for rows are looked at as well."""
    return f"_{kind}{owner_id.hex[:16]}"


def in_conversation(kind: Kind, conversation_id: UUID) -> str:
    """Which conversation it is in."""
    return f"_c{kind}{conversation_id.hex[:16]}"


def by_author(user_id: UUID) -> str:
    """Who typed a message."""
    return f"_u{user_id.hex[:16]}"


def by_model(name: str) -> list[str]:
    """The model that wrote a reply, to be found by a phrase: part of its name will do."""
    return [f"_x{word}" for word in words_of(name)]


def by_first_letters(words: Iterable[str]) -> list[str]:
    """What each word of a title begins with, up to FIRST_LETTERS: as words, for speed."""
    return sorted({beginning_with(word[:n]) for word in words for n in range(1, FIRST_LETTERS + 1)})


def beginning_with(letters: str) -> str:
    """That a word of a title begins so."""
    return f"_p{letters}"


REPLY: Final = "_r"
WITH_FILE: Final = "_f"


def first_id(moment: datetime) -> int:
    """The lowest id of entries of that second or later ones."""
    seconds = int((moment - _EPOCH).total_seconds())
    return min(max(seconds, 0), _LAST_SECOND) * SLOTS


def at_time(entry_id: int) -> list[str]:
    """The spans that an entry is in, from the shortest to the longest."""
    second = entry_id // SLOTS
    return [_span(level, second) for level in _LEVELS]


def between(lowest: int, end: int) -> list[str]:
    """Few spans that together hold all ids from `lowest` up to but not `end`, and some more."""
    second, last = lowest // SLOTS, min(end // SLOTS, _LAST_SECOND)
    spans = []
    while second <= last:
        level = _LEVELS[0]
        for wider in _LEVELS[1:]:
            if second % 2**wider >= 2 ** _LEVELS[0] or second + 2**wider - 1 > last:
                break
            level = wider
        spans.append(_span(level, second))
        second = (second // 2**level + 1) * 2**level
    return spans


def _span(level: int, second: int) -> str:
    return f"_s{level}x{second >> level:x}"
