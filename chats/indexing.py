"""Writing the index of search: called by whatever changes titles or texts, in its transaction.

Indexed are titles, questions and ended replies of conversations that are neither deleted nor
temporary; a reply that is being written only once it has ended. `Conversation.is_indexed` says that
all of one is there. What was missed (an upgrade, an import that died, the deletion of very many) is
made up for by `catch_up`. Reading is for `chats.search`.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

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
from chats.models import Attachment, Conversation, Message, SearchEntry
from chats.words import words_of

STRETCH: Final = 3000
"""Words of a message that are found together. PostgreSQL keeps 256 places of a word in a row, and
a megabyte."""
OVERLAP: Final = 30
"""Words that stand in two stretches, so that phrases are found where they meet."""
_BATCH: Final = 500
_CONVERSATIONS: Final = 50
_AT_ONCE: Final = 2000
"""Messages of a conversation that are taken out of the index with its deletion, not later."""

_Link = Attachment.messages.through
_are_words_left = Event()
# A process that died may have left some.
_are_words_left.set()


@dataclass(slots=True)
class _Entry:
    id: int
    owner_id: UUID
    conversation_id: UUID
    message_id: UUID | None
    scope: list[str]
    words: list[str]


def index_messages(message_ids: Iterable[UUID]) -> None:
    """Index the texts of messages anew. Four queries for every 500.

    Call inside the transaction that changes them. Live, deleted and temporary ones are not indexed.
    """
    ids = list(message_ids)
    for at in range(0, len(ids), _BATCH):
        batch = ids[at : at + _BATCH]
        rows = list(_messages().filter(id__in=batch))
        _remove(SearchEntry.objects.filter(message_id__in=batch))
        _store([entry for row in rows for entry in _entries_of(row)])


def index_title(conversation_id: UUID) -> None:
    """Index a conversation's title anew. Four queries.

    Call inside the transaction that changes it.
    """
    _remove(SearchEntry.objects.filter(conversation_id=conversation_id, message=None))
    found = Conversation.objects.filter(id=conversation_id, **_INDEXED)
    _store([_title_entry(*row) for row in found.values_list(*_TITLE_FIELDS)])


def index_conversations(conversation_ids: Iterable[UUID]) -> None:
    """Index titles and messages of whole conversations, new or not. Queries by the hundreds.

    In transactions of some dozens, or in the caller's one.
    """
    ids = list(conversation_ids)
    for at in range(0, len(ids), _CONVERSATIONS):
        with transaction.atomic():
            found = Conversation.objects.filter(id__in=ids[at : at + _CONVERSATIONS], **_INDEXED)
            # In this order, so that two processes do not wait for each other.
            locked = found.select_for_update().order_by("id")
            titles = [_title_entry(*row) for row in locked.values_list(*_TITLE_FIELDS)]
            wanted = [entry.conversation_id for entry in titles]
            _store_all(titles, wanted)
            found.filter(id__in=wanted).update(is_indexed=True)


def unindex_conversation(conversation_id: UUID) -> None:
    """Take a conversation that was just deleted out of the index. Three queries.

    Of a very long one the sweep does it a moment later; nothing of it is found until then either.
    """
    entries = SearchEntry.objects.filter(conversation_id=conversation_id)
    if entries.count() <= _AT_ONCE:
        _remove(entries)
        Conversation.objects.filter(id=conversation_id).update(is_indexed=False)


def bring_back(conversation_id: UUID) -> None:
    """Index a conversation that is no longer deleted, if it was taken out already."""
    if Conversation.objects.filter(id=conversation_id, is_indexed=False).exists():
        index_conversations([conversation_id])


def catch_up(*, limit: int = _CONVERSATIONS) -> int:
    """Index what is missing and take out what was deleted, of `limit` conversations at most.

    Returns how many there were: zero when the index is complete. Two queries then.
    """
    missing = Conversation.objects.filter(missing_chats())
    ids = list(missing.values_list("id", flat=True)[:limit])
    index_conversations(ids)
    deleted = Conversation.objects.filter(is_indexed=True, deleted_at__isnull=False)
    doomed = list(deleted.values_list("id", flat=True)[: limit - len(ids)])
    for conversation_id in doomed:
        with transaction.atomic():
            _remove(SearchEntry.objects.filter(conversation_id=conversation_id))
            deleted.filter(id=conversation_id).update(is_indexed=False)
    return len(ids) + len(doomed)


def missing_chats() -> Q:
    """The condition of conversations that `catch_up` will index."""
    return Q(is_indexed=False, **_INDEXED)


def erase_words(*, pages: int = 500) -> bool:
    """Have SQLite drop the words of what was deleted from the full-text table, in short steps.

    There they stand, marked as deleted, until parts of the table are merged. False when there is
    nothing to do. PostgreSQL does it when it vacuums.
    """
    if connection.vendor != "sqlite" or not _are_words_left.is_set():
        return False
    _are_words_left.clear()
    is_first = True
    with connection.cursor() as cursor:
        while True:
            (before,) = cursor.execute("SELECT total_changes()").fetchone()
            # Negative: all parts are to become one.
            cursor.execute(
                "INSERT INTO chats_searchwords(chats_searchwords, rank) VALUES ('merge', %s)",
                [-pages if is_first else pages],
            )
            (after,) = cursor.execute("SELECT total_changes()").fetchone()
            if after - before < 2:
                return True
            is_first = False


def words_removed() -> None:
    """Something was taken out of the index: `erase_words` has something to do."""
    _are_words_left.set()


def forget_all() -> None:
    """Empty the index; `catch_up` fills it again, and until then only a part is found."""
    with transaction.atomic():
        Conversation.objects.filter(is_indexed=True).update(is_indexed=False)
        SearchEntry.objects.all().delete()
        if connection.vendor == "sqlite":
            # In whatever state the full-text table was.
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO chats_searchwords(chats_searchwords) VALUES ('rebuild')"
                )


def _remove(entries: QuerySet[SearchEntry]) -> None:
    if entries.delete()[0]:
        words_removed()


def _store_all(titles: list[_Entry], conversation_ids: list[UUID]) -> None:
    """Titles and all messages, so many at a time that few need be remembered."""
    stored = SearchEntry.objects.filter(conversation_id__in=conversation_ids)
    known = set(stored.values_list("message_id", flat=True).distinct())
    if None in known:
        _remove(stored.filter(message=None))
    entries, old = titles, list[UUID]()

    def write() -> None:
        if old:
            _remove(SearchEntry.objects.filter(message_id__in=old))
        _store(entries)
        entries.clear()
        old.clear()

    rows = _messages().filter(conversation_id__in=conversation_ids).order_by()
    for row in rows.iterator(chunk_size=_BATCH):
        entries += _entries_of(row)
        if row[0] in known:
            old.append(row[0])
        if len(entries) >= 4 * _BATCH or len(old) >= _BATCH:
            write()
    write()


_INDEXED: Final[dict[str, Any]] = {"is_temporary": False, "deleted_at": None}
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
_TITLE_FIELDS: Final = ("id", "owner_id", "title", "created_at")


def _messages() -> Any:
    """Of all that may be indexed what entries are made of."""
    files = Exists(_Link.objects.filter(message_id=OuterRef("id")))
    return (
        Message.objects.filter(role__in=(Message.Role.USER, Message.Role.ASSISTANT))
        .filter(conversation__is_temporary=False, conversation__deleted_at=None)
        .exclude(status__in=Message.LIVE)
        .annotate(has_files=files)
        .values_list(*_MESSAGE_FIELDS)
    )


def _entries_of(row: tuple[Any, ...]) -> Iterator[_Entry]:
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
            yield _Entry(at, owner_id, conversation_id, message_id, scope, stretch)
            at += 1


def _title_entry(conversation_id: UUID, owner_id: UUID, title: str, created_at: Any) -> _Entry:
    words = words_of(title)
    return _Entry(
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


def _store(entries: list[_Entry]) -> None:
    """Write entries, the oldest first: full-text tables take them in order at their fastest."""
    entries.sort(key=lambda entry: entry.id)
    for at in range(0, len(entries), _BATCH):
        batch = entries[at : at + _BATCH]
        _find_places(batch)
        _insert(batch)


def _find_places(entries: Sequence[_Entry]) -> None:
    """Give each an id of its own: of the same second many may be, of imports all.

    One query, but for crowds: of few entries four places each are looked at together.
    """
    taken: set[int] = set()
    crowded, spread = list(entries), 1
    while crowded:
        tries = 3 if len(crowded) < _BATCH // 2 else 0
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


def _text(entry: _Entry) -> str:
    """With a space around each word: so words are counted."""
    return f" {' '.join([*entry.scope, *entry.words])} "


def _insert(entries: Sequence[_Entry]) -> None:
    """Write rows as they are: of 40,000, objects would take longer than the index does."""
    is_sqlite = connection.vendor == "sqlite"

    def row(entry: _Entry) -> list[Any]:
        ids: list[UUID | None] = [entry.owner_id, entry.conversation_id, entry.message_id]
        stored = [each and each.hex for each in ids] if is_sqlite else ids
        words = [len(entry.words), _text(entry)]
        return [entry.id, *stored, *words, *([] if is_sqlite else [_vector(entry)])]

    with connection.cursor() as cursor:
        statement = _INSERT_SQLITE if is_sqlite else _INSERT_POSTGRESQL
        cursor.executemany(statement, [row(entry) for entry in entries])


def _vector(entry: _Entry) -> str:
    """A tsvector as PostgreSQL reads it: words have nothing in them that it would mistake."""
    places: dict[str, list[str]] = {}
    for at, word in enumerate([*entry.scope, *entry.words], start=1):
        places.setdefault(word, []).append(str(at))
    spans = " ".join(f"'{span}'" for span in at_time(entry.id))
    return spans + " " + " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())
