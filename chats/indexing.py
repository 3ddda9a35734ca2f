"""Writing the index of search: called by whatever changes titles or texts, in its transaction.

Indexed are titles, questions and ended replies of conversations that are neither deleted nor
temporary; a reply that is being written only once it has ended. `Conversation.is_indexed` says that
all of one is there. What was missed (an upgrade, an import that died, the deletion of very many) is
made up for by `catch_up`. Reading is for `chats.search`.
"""

from collections.abc import Iterable, Iterator
from threading import Event
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from chats.index_entries import (
    BATCH,
    TITLE_FIELDS,
    Entry,
    entries_of,
    indexable_messages,
    store_entries,
    title_entry,
)
from chats.models import Conversation, Message, SearchEntry

_CONVERSATIONS: Final = 50
_AT_ONCE: Final = 2000
"""Messages that are written or taken out in one transaction. SQLite has one writer at a time, and
the others wait 20 s for it."""

_INDEXED: Final[dict[str, Any]] = {"is_temporary": False, "deleted_at": None}

_are_words_left = Event()
# A process that died may have left some.
_are_words_left.set()


def index_messages(message_ids: Iterable[UUID]) -> None:
    """Index the texts of messages anew. Four queries for every 500.

    Call inside the transaction that changes them. Live, deleted and temporary ones are not indexed.
    """
    ids = list(message_ids)
    for at in range(0, len(ids), BATCH):
        batch = ids[at : at + BATCH]
        rows = list(indexable_messages().filter(id__in=batch))
        _remove(SearchEntry.objects.filter(message_id__in=batch))
        store_entries([entry for row in rows for entry in entries_of(row)])


def index_title(conversation_id: UUID) -> None:
    """Index a conversation's title anew. Four queries.

    Call inside the transaction that changes it.
    """
    _remove(SearchEntry.objects.filter(conversation_id=conversation_id, message=None))
    found = Conversation.objects.filter(id=conversation_id, **_INDEXED)
    store_entries([title_entry(*row) for row in found.values_list(*TITLE_FIELDS)])


def index_conversations(conversation_ids: Iterable[UUID]) -> None:
    """Index titles and messages of whole conversations, new or not. Queries by the hundreds.

    In transactions of some dozens or of a stretch of a long one, or in the caller's one.
    """
    for together, count in _bounded(list(conversation_ids)):
        if count > _AT_ONCE:
            _index_in_stretches(together[0])
        else:
            _index_together(together)


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


def _bounded(ids: list[UUID]) -> Iterator[tuple[list[UUID], int]]:
    """Conversations, with how many messages they have: _AT_ONCE at most, or a long one alone."""
    for at in range(0, len(ids), _CONVERSATIONS):
        batch = ids[at : at + _CONVERSATIONS]
        counted = Message.objects.filter(conversation_id__in=batch).values_list("conversation_id")
        counts = dict(counted.annotate(Count("id")).order_by())
        together, count = list[UUID](), 0
        for each in batch:
            if together and count + counts.get(each, 0) > _AT_ONCE:
                yield together, count
                together, count = [], 0
            together.append(each)
            count += counts.get(each, 0)
        yield together, count


def _locked(conversation_ids: list[UUID]) -> QuerySet[Conversation]:
    """Those that may be indexed, in one order: two processes never wait for each other."""
    found = Conversation.objects.filter(id__in=conversation_ids, **_INDEXED)
    return found.select_for_update(no_key=True).order_by("id")


def _index_together(conversation_ids: list[UUID]) -> None:
    with transaction.atomic():
        rows = _locked(conversation_ids).values_list(*TITLE_FIELDS)
        titles = [title_entry(*row) for row in rows]
        wanted = [entry.conversation_id for entry in titles]
        _store_all(titles, wanted)
        Conversation.objects.filter(id__in=wanted).update(is_indexed=True)


def _index_in_stretches(conversation_id: UUID) -> None:
    """Each in a transaction of its own. What is posted meanwhile indexes itself."""
    messages = Message.objects.filter(conversation_id=conversation_id).order_by("id")
    last = UUID(int=0)
    while stretch := list(messages.filter(id__gt=last).values_list("id", flat=True)[:_AT_ONCE]):
        with transaction.atomic():
            if not _locked([conversation_id]):
                return
            index_messages(stretch)
        last = stretch[-1]
    _index_title_last(conversation_id)


def _index_title_last(conversation_id: UUID) -> None:
    """With its title a conversation counts as indexed."""
    with transaction.atomic():
        if _locked([conversation_id]):
            index_title(conversation_id)
            Conversation.objects.filter(id=conversation_id).update(is_indexed=True)


def _remove(entries: QuerySet[SearchEntry]) -> None:
    if entries.delete()[0]:
        words_removed()


def _store_all(titles: list[Entry], conversation_ids: list[UUID]) -> None:
    """Titles and all messages, so many at a time that few need be remembered."""
    stored = SearchEntry.objects.filter(conversation_id__in=conversation_ids)
    known = set(stored.values_list("message_id", flat=True).distinct())
    if None in known:
        _remove(stored.filter(message=None))
    entries, old = titles, list[UUID]()

    def write() -> None:
        if old:
            _remove(SearchEntry.objects.filter(message_id__in=old))
        store_entries(entries)
        entries.clear()
        old.clear()

    rows = indexable_messages().filter(conversation_id__in=conversation_ids).order_by()
    for row in rows.iterator(chunk_size=BATCH):
        entries += entries_of(row)
        if row[0] in known:
            old.append(row[0])
        if len(entries) >= 4 * BATCH or len(old) >= BATCH:
            write()
    write()
