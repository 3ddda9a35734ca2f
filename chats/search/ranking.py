"""The order of what was found: by words, date and place, the same on every database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chats.index_words import SLOTS, first_id
from chats.search.matching import Match

_USUAL_SIZE: Final = 120
"""Words of a message: in a longer one a word says less."""
_HALF_LIFE: Final = 45.0
"""Days after which the bonus of what is new is halved."""
_RECENCY: Final = 0.6
_TITLE: Final = 0.8


@dataclass(frozen=True, slots=True)
class Found:
    """A match to show, and how many further messages it stands for."""

    match: Match
    more: int = 0


def rank(matches: Iterable[Match], *, now: datetime) -> list[Match]:
    """The best first; of two alike the newer one."""
    second = first_id(now) // SLOTS
    return sorted(matches, key=lambda match: (-_score(match, second), -match.id))


def one_per_chat(matches: Iterable[Match]) -> list[Found]:
    """Each chat where the best of its matches is; its title only where no message was found."""
    chats: dict[object, list[Match]] = {}
    for match in matches:
        chats.setdefault(match.conversation_key, []).append(match)
    found = []
    for of_chat in chats.values():
        of_messages = [match for match in of_chat if match.message_key]
        found.append(Found((of_messages or of_chat)[0], max(len(of_messages) - 1, 0)))
    return found


def _score(match: Match, second: int) -> float:
    """Between 0 and about 2.4. Words as in BM25, but for how rare they are: all must be there."""
    length = 0.4 + 0.6 * match.size / _USUAL_SIZE
    words = 0.0
    for found in match.counts:
        count = found or 1
        words += count / (count + length) / len(match.counts)
    age = max((second - match.id // SLOTS) / 86_400, 0.0)
    recency: float = _RECENCY * 0.5 ** (age / _HALF_LIFE)
    return words + recency + (0 if match.message_key else _TITLE)
