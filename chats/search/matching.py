"""Finding the newest entries that match: the one place that speaks the databases' languages.

Neither sorts all that it finds: SQLite's full-text table is walked from the newest entry on and
left as soon as there are enough; PostgreSQL, whose index has no order, is asked for growing
stretches of time. So a common word costs about what a rare one does. That entries may be seen is
told twice: by their words, for speed, and by the conversations they are in, for certain.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from chats.index_words import LAST_ID, SLOTS, between
from chats.models import Conversation, SearchEntry
from chats.search.syntax import Term

_FIRST_STRETCHES: Final = (4_000, 16_000)
"""Entries of the owner's that PostgreSQL is asked for before all the others."""

_ROUND: Final = SLOTS * 2**12
"""Stretches begin with a span, so that few spans are needed to tell them."""

_SQLITE: Final = """
    SELECT e.id, e.conversation_id, e.message_id, e.size{counts}
    FROM chats_searchwords CROSS JOIN chats_searchentry AS e ON e.id = chats_searchwords.rowid
    WHERE chats_searchwords MATCH %s AND chats_searchwords.rowid >= %s
        AND chats_searchwords.rowid < %s AND EXISTS ({conversations})
    ORDER BY chats_searchwords.rowid DESC LIMIT %s
"""
# The function is the migration's: it always uses the index, and gives the newest first. CASE has
# their conversations looked up one by one, until there are enough. Texts are read of those alone.
_POSTGRESQL: Final = """
    WITH newest AS MATERIALIZED (
        SELECT e.id FROM chats_search_matches(%s::tsquery, %s, %s) AS e
        WHERE CASE WHEN EXISTS ({conversations}) THEN true ELSE false END LIMIT %s
    )
    SELECT e.id, e.conversation_id, e.message_id, e.size{counts}
    FROM newest JOIN chats_searchentry AS e ON e.id = newest.id ORDER BY e.id DESC
"""
_COUNT: Final = ", (length(e.words) - length(replace(e.words, %s, ''))) / %s"


Lookup = tuple[str, tuple[Any, ...]]
"""The condition that an entry `e` is in some conversation, for EXISTS."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for: `terms` and `marks`, in one of `places`."""

    terms: Sequence[Term]
    marks: Sequence[Term]
    """As terms, of the index's own words."""
    places: Sequence[str]
    """Of its own words those of which one must be there."""
    lookup: Lookup
    """What may be looked into."""
    lowest: int = 0
    end: int = LAST_ID
    """Ids from `lowest` up to but not `end`."""
    owner_id: UUID | None = None
    """Where all that is owned is looked through: whose, so that stretches of it can be told."""

    @property
    def has_beginnings(self) -> bool:
        """The last word may go on."""
        return any(term.is_prefix for term in self.terms)


@dataclass(slots=True)
class Match:
    """An entry that was found."""

    id: int
    conversation_key: Any
    """Keys as the database has them: of most matches nobody asks more than whether they differ."""
    message_key: Any
    size: int
    """How many words it has."""
    counts: list[int] = field(default_factory=list)
    """How often each of the terms is in it that were looked for."""

    @property
    def conversation_id(self) -> UUID:
        return _uuid(self.conversation_key)

    @property
    def message_id(self) -> UUID | None:
        """None for a title."""
        return _uuid(self.message_key) if self.message_key else None


def looking_up(conversations: QuerySet[Conversation]) -> Lookup:
    """That it is in one of these: told once, asked by several searches."""
    mine = conversations.filter(pk=RawSQL("e.conversation_id", [])).order_by().values("pk")
    sql, params = mine.query.get_compiler(connection=connection).as_sql()
    return sql, tuple(params)


def find_newest(wanted: Wanted, *, limit: int) -> list[Match]:
    """The newest `limit` matches, newest first. One query; on PostgreSQL six at most."""
    if wanted.lowest >= wanted.end or not wanted.places:
        return []
    if connection.vendor == "sqlite":
        return _run(_fts5(wanted), wanted, lowest=wanted.lowest, end=wanted.end, limit=limit)
    found: list[Match] = []
    end = wanted.end
    if wanted.owner_id is not None:
        end = min(end, _newest_id(wanted) + 1)
    for count in _FIRST_STRETCHES if wanted.owner_id else ():
        start = _id_before(wanted, end, count)
        if start is None:
            break
        query = _tsquery(wanted, between(start, end))
        found += _run(query, wanted, lowest=start, end=end, limit=limit - len(found))
        end = start
        if len(found) >= limit:
            return found
    is_bounded = wanted.lowest > 0 or wanted.end < LAST_ID
    query = _tsquery(wanted, between(wanted.lowest, end) if is_bounded else ())
    return found + _run(query, wanted, lowest=wanted.lowest, end=end, limit=limit - len(found))


def _run(query: str, wanted: Wanted, *, lowest: int, end: int, limit: int) -> list[Match]:
    inner, inner_params = wanted.lookup
    counted = [f" {' '.join(t.words)}{'' if t.is_prefix else ' '}" for t in _included(wanted.terms)]
    counts: list[Any] = [value for text in counted for value in (text, len(text))]
    bounds: list[Any] = [query, lowest, end, *inner_params, limit]
    is_first = connection.vendor == "sqlite"
    statement = _SQLITE if is_first else _POSTGRESQL
    sql = statement.format(counts=_COUNT * len(counted), conversations=inner)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*counts, *bounds] if is_first else [*bounds, *counts])
        return [
            Match(entry_id, conversation, message, size, counted)
            for entry_id, conversation, message, size, *counted in cursor.fetchall()
        ]


def _newest_id(wanted: Wanted) -> int:
    mine = SearchEntry.objects.filter(owner_id=wanted.owner_id).order_by("-id")
    return mine.values_list("id", flat=True).first() or 0


def _id_before(wanted: Wanted, end: int, count: int) -> int | None:
    """The lowest id of the newest `count` entries before `end`, or of a few more.

    None when there are fewer.
    """
    entries = SearchEntry.objects.filter(owner_id=wanted.owner_id, id__lt=end)
    entries = entries.filter(id__gte=wanted.lowest).order_by("-id")
    for found in entries.values_list("id", flat=True)[count - 1 : count]:
        return max(found - found % _ROUND, wanted.lowest)
    return None


def _included(terms: Iterable[Term]) -> list[Term]:
    return [term for term in terms if not term.is_excluded]


def _fts5(wanted: Wanted) -> str:
    """Words are quoted, and have nothing in them that could end a quotation."""
    terms = [*wanted.marks, *wanted.terms]

    def quoted(term: Term) -> str:
        return f'"{" ".join(term.words)}"{" *" if term.is_prefix else ""}'

    sides = [f"({' OR '.join(f'{chr(34)}{place}{chr(34)}' for place in wanted.places)})"]
    positive = " AND ".join(sides + [quoted(term) for term in _included(terms)])
    negative = " OR ".join(quoted(term) for term in terms if term.is_excluded)
    return f"({positive}) NOT ({negative})" if negative else positive


def _tsquery(wanted: Wanted, spans: Sequence[str]) -> str:
    """As PostgreSQL writes queries itself: what is quoted means nothing else."""

    def any_of(words: Sequence[str]) -> str:
        return f"({' | '.join(map(_lexeme, words))})"

    def phrase(term: Term) -> str:
        words = " <-> ".join(map(_lexeme, term.words)) + (":*" if term.is_prefix else "")
        return f"!({words})" if term.is_excluded else f"({words})"

    parts = [any_of(wanted.places), *map(phrase, [*wanted.marks, *wanted.terms])]
    return " & ".join([*parts, any_of(spans)] if spans else parts)


def _lexeme(word: str) -> str:
    return f"'{word}'"


def _uuid(value: Any) -> UUID:
    """SQLite has them as text."""
    return value if isinstance(value, UUID) else UUID(value)
