"""Takes a whole import back: its conversations go for good, with their files.

Those that were written in since are somebody's work here: they stay, and are named. Folders and
tags that it made go when nothing is in them and nobody changed them.
"""

from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from chats import events, indexing, participants
from chats.attachments import attachments_of, discard_attachments
from chats.folders import delete_imported_folders
from chats.models import Conversation, Message, SearchEntry, Transfer
from chats.tags import delete_imported_tags

_MOST_NAMED: Final = 50
_CHATS: Final = 25
_MESSAGES: Final = 500
"""As many are deleted in one transaction, or one conversation that has more."""


def undo_import(
    *, transfer: Transfer, goes_on: Callable[[int, int], bool]
) -> tuple[int, int, list[str]]:
    """Delete what it brought; how many are gone, how many stay, and titles of these.

    `goes_on` gets how many are done, and of how many; when it says no, InterruptedError is raised
    and the next call does the rest.
    """
    brought = Conversation.objects.filter(imported_by=transfer).order_by("id")
    all_ids = list(brought.values_list("id", flat=True))
    gone, kept, titles = 0, 0, list[str]()
    for ids in _lots(all_ids):
        if not goes_on(gone + kept, len(all_ids)):
            raise InterruptedError
        staying = _delete(ids, transfer)
        gone += len(ids) - len(staying)
        kept += len(staying)
        titles += staying
    delete_imported_folders(transfer=transfer)
    delete_imported_tags(transfer=transfer)
    return gone, kept, titles[:_MOST_NAMED]


def _lots(ids: list[UUID]) -> Iterator[list[UUID]]:
    """Those that are deleted together."""
    for at in range(0, len(ids), _CHATS):
        some = ids[at : at + _CHATS]
        rows = Message.objects.filter(conversation_id__in=some).values_list("conversation_id")
        counts = dict(rows.annotate(Count("id")).order_by())
        lot, count = list[UUID](), 0
        for each in some:
            if lot and count + counts.get(each, 0) > _MESSAGES:
                yield lot
                lot, count = [], 0
            lot.append(each)
            count += counts.get(each, 0)
        yield lot


def _delete(ids: list[UUID], transfer: Transfer) -> list[str]:
    """Titles of those that stay: they were written in since they came."""
    with transaction.atomic():
        mine = Conversation.objects.filter(id__in=ids, imported_by=transfer)
        titles = {each.id: str(each) for each in mine.select_for_update().order_by("id")}
        newer = Message.objects.filter(
            conversation_id__in=titles, created_at__gt=transfer.created_at
        )
        staying = set(newer.values_list("conversation_id", flat=True).distinct())
        doomed = Conversation.objects.filter(id__in=titles.keys() - staying)
        files = attachments_of(doomed)
        for conversation_id in titles.keys() - staying:
            events.thread_changed(conversation_id, None)
        participants.doors_closed(doomed)
        if SearchEntry.objects.filter(conversation__in=doomed).delete()[0]:
            indexing.words_removed()
        doomed.update(current_leaf=None)
        doomed.delete()
        discard_attachments(files)
    return [titles[each] for each in staying]
