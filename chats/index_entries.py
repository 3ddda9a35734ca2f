"""Entries of the index of search: what they are made of, and how they are written.

Which are wanted is for `chats.indexing` to say.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef

from chats.index_words import (
    REPLY,
    SLOTS,
    WITH_FILE,
    Kind,
    at_time,
    by_author,
    by_first_letters,
    by_model,
    first_id,
    in_conversation,
    of_owner,
)
from chats.models import Attachment, Message, SearchEntry
from chats.words import words_of

STRETCH: Final = 3000
"""Words of a message that are found together. PostgreSQL keeps 256 places of a word in a row, and
a megabyte."""
OVERLAP: Final = 30
"""Words that stand in two stretches, so that phrases are found where they meet."""
BATCH: Final = 500

_Link = Attachment.messages.through


@dataclass(slots=True)
class Entry:
    """A row of the index. `scope` are words that say whose and what it is, not its text."""

    id: int
    owner_id: UUID
    conversation_id: UUID
    message_id: UUID | None
    scope: list[str]
    words: list[str]


_MESSAGE_FIELDS: Final = (
    "id", "conversation_id", "conversation__owner_id", "author_id", "role", "provider", "model",
    "content", "created_at", "has_files",
)  # fmt: skip
_INSERT_SQLITE: Final = """
    INSERT INTO chats_searchentry (id, owner_id, conversation_id, message_id, size, words)
    VALUES (%s, %s, %s, %s, %s, %s)
"""
_INSERT_POSTGRESQL: Final = """
    INSERT INTO chats_searchentry (id, owner_id, conversation_id, message_id, size, words, vector)
    VALUES (%s, %s, %s, %s, %s, %s, %s::tsvector) ON CONFLICT DO NOTHING
"""
TITLE_FIELDS: Final = ("id", "owner_id", "title", "created_at")


def indexable_messages() -> Any:
    """Of all that may be indexed what entries are made of."""
    files = Exists(_Link.objects.filter(message_id=OuterRef("id")))
    return (
        Message.objects.filter(role__in=(Message.Role.USER, Message.Role.ASSISTANT))
        .filter(conversation__is_temporary=False, conversation__deleted_at=None)
        .exclude(status__in=Message.LIVE)
        .annotate(has_files=files)
        .values_list(*_MESSAGE_FIELDS)
    )


def entries_of(row: tuple[Any, ...]) -> Iterator[Entry]:
    """The stretches of a message; one without words where it has files, else none."""
    (message_id, conversation_id, owner_id, author_id, role, provider, model, content, created_at,
     has_files) = row  # fmt: skip
    scope = [
        of_owner(Kind.MESSAGE, owner_id),
        in_conversation(Kind.MESSAGE, conversation_id),
    ]
    if role == Message.Role.USER:
        scope.append(by_author(author_id or owner_id))
    else:
        scope += [REPLY, *by_model(f"{provider}/{model}")]
    if has_files:
        scope.append(WITH_FILE)
    words = words_of(content)
    at = first_id(created_at) + message_id.int % SLOTS
    for start in range(0, max(len(words) - OVERLAP, 1), STRETCH - OVERLAP):
        stretch = words[start : start + STRETCH]
        if stretch or has_files:
            yield Entry(at, owner_id, conversation_id, message_id, scope, stretch)
            at += 1


def title_entry(conversation_id: UUID, owner_id: UUID, title: str, created_at: Any) -> Entry:
    words = words_of(title)
    return Entry(
        id=first_id(created_at) + conversation_id.int % SLOTS,
        owner_id=owner_id,
        conversation_id=conversation_id,
        message_id=None,
        scope=[
            of_owner(Kind.TITLE, owner_id),
            in_conversation(Kind.TITLE, conversation_id),
            *by_first_letters(words),
        ],
        words=words,
    )


def store_entries(entries: list[Entry]) -> None:
    """Write entries, the oldest first: full-text tables take them in order at their fastest."""
    entries.sort(key=lambda entry: entry.id)
    for at in range(0, len(entries), BATCH):
        batch = entries[at : at + BATCH]
        _find_places(batch)
        _insert(batch)


def _find_places(entries: Sequence[Entry]) -> None:
    """Give each an id of its own: of the same second many may be, of imports all.

    One query, but for crowds: of few entries four places each are looked at together.
    """
    taken: set[int] = set()
    crowded, spread = list(entries), 1
    while crowded:
        tries = 3 if len(crowded) < BATCH // 2 else 0
        choices = {entry.id: _places(entry.id, spread, tries) for entry in crowded}
        asked = [place for places in choices.values() for place in places]
        taken.update(SearchEntry.objects.filter(id__in=asked).values_list("id", flat=True))
        left = []
        for entry in crowded:
            places = choices[entry.id]
            free = next((place for place in places if place not in taken), None)
            if free is None:
                entry.id += random.randrange(1, SLOTS * spread)  # noqa: S311  nobody's secret
                left.append(entry)
            else:
                entry.id = free
                taken.add(free)
        crowded, spread = left, spread * 2


def _places(first: int, spread: int, tries: int) -> list[int]:
    others = (random.randrange(1, SLOTS * spread) for _ in range(tries))  # noqa: S311  no secret
    return [first, *(first + each for each in others)]


def _text(entry: Entry) -> str:
    """With a space around each word: so words are counted."""
    return f" {' '.join([*entry.scope, *entry.words])} "


def _insert(entries: Sequence[Entry]) -> None:
    """Write rows as they are: of 40,000, objects would take longer than the index does."""
    is_sqlite = connection.vendor == "sqlite"

    def row(entry: Entry) -> list[Any]:
        ids: list[UUID | None] = [entry.owner_id, entry.conversation_id, entry.message_id]
        stored = [each and each.hex for each in ids] if is_sqlite else ids
        words = [len(entry.words), _text(entry)]
        return [entry.id, *stored, *words, *([] if is_sqlite else [_vector(entry)])]

    with connection.cursor() as cursor:
        statement = _INSERT_SQLITE if is_sqlite else _INSERT_POSTGRESQL
        cursor.executemany(statement, [row(entry) for entry in entries])


def _vector(entry: Entry) -> str:
    """A tsvector as PostgreSQL reads it: words have nothing in them that it would mistake."""
    places: dict[str, list[str]] = {}
    for at, word in enumerate([*entry.scope, *entry.words], start=1):
        places.setdefault(word, []).append(str(at))
    spans = " ".join(f"'{span}'" for span in at_time(entry.id))
    return spans + " " + " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())
