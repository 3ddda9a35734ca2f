"""The order of what was found: by words, date and place, the same on every database."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from chats.index_words import moment_of
from chats.search.matching import Match

_USUAL_SIZE: Final = 120
"""Words of a message: in a longer one a word says less."""
_HALF_LIFE: Final = 45.0
"""Days after which the bonus of what is new is halved."""
_RECENCY: Final = 0.6
_TITLE: Final = 0.8
_SAME_CHAT: Final = 0.85
"""What each further match in a chat counts of the one before: one chat must not fill the page."""


def rank(matches: Iterable[Match], *, now: datetime) -> list[Match]:
    """The best first; of two alike the newer one."""
    scored = sorted(matches, key=lambda match: (-_score(match, now), -match.id))
    seen: dict[UUID, int] = {}
    final = []
    for match in scored:
        times = seen.get(match.conversation_id, 0)
        seen[match.conversation_id] = times + 1
        final.append((-_score(match, now) * _SAME_CHAT**times, -match.id, match))
    return [match for *_score_and_id, match in sorted(final, key=lambda row: row[:2])]


def _score(match: Match, now: datetime) -> float:
    """Between 0 and about 2.4. Words as in BM25, but for how rare they are: all must be there."""
    length = 0.4 + 0.6 * match.size / _USUAL_SIZE
    counts = [max(count, 1) for count in match.counts]
    words = sum(count / (count + length) for count in counts) / len(counts) if counts else 0.0
    age = max((now - moment_of(match.id)).total_seconds() / 86_400, 0.0)
    recency: float = _RECENCY * 0.5 ** (age / _HALF_LIFE)
    return words + recency + (0 if match.message_id else _TITLE)
