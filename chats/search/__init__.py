"""Finding chats and messages again: `search` is what pages and other edges call.

What is found is taken from the newest matches, WINDOW of them at a time, and put in order within
these (`ranking`), one for each chat. So the best comes first, the old last, and nothing has to be
sorted that nobody will look at. A chat may come once more with what is older.
How it is found: `matching`; what may be typed: `syntax`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chats.index_words import LAST_ID, Kind, in_conversation, of_owner
from chats.models import Message
from chats.search.filters import (
    OF_MESSAGES,
    Narrowed,
    folder_paths,
    narrow,
    readable_by,
    shared_with,
)
from chats.search.matching import Match, Wanted, find_newest, looking_up
from chats.search.ranking import Found, one_per_chat, rank
from chats.search.results import Chip, Hit, SearchResults
from chats.search.snippets import Part, mark, snippet
from chats.search.syntax import Query, Term, parse

__all__ = ["PAGE_SIZE", "WINDOW", "Chip", "Hit", "Part", "SearchResults", "search"]

PAGE_SIZE: Final = 20
WINDOW: Final = 300
"""Matches that are put in order together: of titles, and of messages."""
_SHOWN: Final = ("title", "owner_id", "folder_id", "archived_at", "updated_at")


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Where a page begins: at a place in the window that ends before an id."""

    end: int = LAST_ID
    place: int = 0

    @classmethod
    def parse(cls, text: str) -> "_Cursor":
        """The first page, where it is none."""
        end, _dot, place = text[:40].partition(".")
        is_one = end.isascii() and end.isdigit() and place.isascii() and place.isdigit()
        return cls(min(int(end), LAST_ID), min(int(place), 3 * WINDOW)) if is_one else cls()

    def __str__(self) -> str:
        return f"{self.end}.{self.place}"


def search(
    *,
    user: User,
    text: str,
    cursor: str = "",
    limit: int = PAGE_SIZE,
    inside: UUID | None = None,
) -> SearchResults:
    """Chats that `user` may read and `text` describes; the page that begins at `cursor`.

    With `inside`, a conversation's id, the messages of that one. Twenty queries at most, on SQLite
    twelve, whatever there is. Never raises for what is typed.
    """
    query = parse(text)
    at = _Cursor.parse(cursor)
    narrowed = narrow(query.filters, user=user)
    if inside is not None:
        narrowed.only = [inside]
    matches: list[Match] = []
    ends: list[int] = []
    if not query.is_empty:
        matches, ends = _window(query, narrowed, user, at.end, with_titles=inside is None)
        matches = rank(matches, now=timezone.now()) if _has_words(query) else matches
    found = one_per_chat(matches) if inside is None else [Found(match) for match in matches]
    page = found[at.place : at.place + limit]
    following = ""
    if len(found) > at.place + limit:
        following = str(_Cursor(at.end, at.place + limit))
    elif ends:
        following = str(_Cursor(min(ends)))
    return SearchResults(
        hits=_hits(page, query, user),
        count=len(found),
        is_more_than=bool(ends),
        next=following,
        query=query,
        chips=[Chip(each, str(each), query.without(each)) for each in query.filters],
        notes=[*narrowed.notes, *_notes(query)],
    )


def _has_words(query: Query) -> bool:
    return any(not term.is_excluded for term in query.terms)


def _window(
    query: Query, narrowed: Narrowed, user: User, end: int, *, with_titles: bool
) -> tuple[list[Match], list[int]]:
    """The newest matches before `end`, and where the next window ends, if there is one.

    Titles are all in the first one. Filters alone find messages where they speak of messages, else
    chats by their titles.
    """
    is_of_messages = any(each.key in OF_MESSAGES for each in query.filters)
    kinds = [Kind.MESSAGE] if _has_words(query) or is_of_messages else []
    if with_titles and not is_of_messages and (end == LAST_ID or not kinds):
        kinds.append(Kind.TITLE)
    try:
        lookup = looking_up(narrowed.conversations)
    except EmptyResultSet:
        # Filters that leave nothing, whatever there is.
        return [], []
    shared = [] if narrowed.only is not None else shared_with(user, narrowed.notes)
    found: list[Match] = []
    ends: list[int] = []
    for kind in kinds:
        wanted = Wanted(
            terms=_terms(query, kind),
            marks=narrowed.marks,
            places=[of_owner(kind, user.id)],
            lookup=lookup,
            lowest=narrowed.lowest,
            end=min(narrowed.end, end),
            owner_id=user.id if kind == Kind.MESSAGE else None,
        )
        inside = [in_conversation(kind, each) for each in narrowed.only or shared]
        is_everywhere = narrowed.only is None
        of_kind = _newest(_as_typed(wanted), inside, is_everywhere=is_everywhere)
        if wanted.has_beginnings and len(of_kind) <= WINDOW:
            of_kind = _newest(wanted, inside, is_everywhere=is_everywhere)
        if len(of_kind) > WINDOW and (kind == Kind.MESSAGE or kinds == [Kind.TITLE]):
            ends.append(of_kind[WINDOW - 1].id)
        found += of_kind[:WINDOW]
    return _once_each(found), ends


def _newest(wanted: Wanted, inside: Sequence[str], *, is_everywhere: bool) -> list[Match]:
    """One more than a window holds, if there are as many."""
    found = find_newest(replace(wanted, places=inside, owner_id=None), limit=WINDOW + 1)
    if is_everywhere:
        found += find_newest(wanted, limit=WINDOW + 1)
        found.sort(key=lambda match: -match.id)
    return found


def _as_typed(wanted: Wanted) -> Wanted:
    """Looked for first: databases gather all that begins with a common word before they answer."""
    return replace(wanted, terms=[replace(term, is_prefix=False) for term in wanted.terms])


def _terms(query: Query, kind: Kind) -> Sequence[Term]:
    """Beginnings of words: of three letters at most in titles only."""
    if kind == Kind.TITLE:
        return [part for term in query.terms for part in term.by_first_letters()]
    return [term.as_whole_words() for term in query.terms]


def _once_each(matches: Sequence[Match]) -> list[Match]:
    """Of the stretches of a long message the one where most was found."""
    best: dict[object, Match] = {}
    for match in matches:
        key = match.message_key or match.conversation_key
        if key not in best or sum(match.counts) > sum(best[key].counts):
            best[key] = match
    return list(best.values())


def _hits(found: Sequence[Found], query: Query, user: User) -> list[Hit]:
    """Three queries: what is gone by now, or may not be read any more, is left out."""
    matches = [each.match for each in found]
    ids = {match.conversation_id for match in matches}
    chats = readable_by(user).only(*_SHOWN).in_bulk(ids)
    texts = Message.objects.filter(conversation__in=chats.keys()).only(
        "content", "role", "created_at", "conversation_id"
    )
    messages = texts.in_bulk({match.message_id for match in matches if match.message_id})
    folders = folder_paths(user) if any(chat.folder_id for chat in chats.values()) else {}
    hits = []
    for match, more in ((each.match, each.more) for each in found):
        chat = chats.get(match.conversation_id)
        message = messages.get(match.message_id) if match.message_id else None
        if chat is None or (match.message_id and message is None):
            continue
        is_own = chat.owner_id == user.id
        hits.append(
            Hit(
                conversation_id=chat.id,
                title=mark(str(chat), query.terms),
                message_id=message.id if message else None,
                role=message.role if message else "",
                snippet=snippet(message.content, _terms(query, Kind.MESSAGE)) if message else [],
                date=message.created_at if message else chat.updated_at,
                folder=folders.get(chat.folder_id, "") if is_own and chat.folder_id else "",
                is_archived=is_own and chat.archived_at is not None,
                is_own=is_own,
                more=more,
            )
        )
    return hits


def _notes(query: Query) -> list[str]:
    notes = [_("“%(text)s” means nothing here.") % {"text": each} for each in query.misread]
    if query.is_cut:
        notes.append(_("That was a lot: only the first words were looked for."))
    return notes
