"""Takes a whole import back: its conversations go for good, with their files.

Those that were written in since are somebody's work here: they stay, and are named.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.db import transaction

from chats import events, participants
from chats.attachments import attachments_of, discard_attachments
from chats.models import Conversation, Message, Transfer

_MOST_NAMED: Final = 50


def undo_import(
    *, transfer: Transfer, goes_on: Callable[[int], bool]
) -> tuple[int, int, list[str]]:
    """Delete what it brought; how many are gone, how many stay, and titles of these.

    `goes_on` gets how many are done; when it says no, InterruptedError is raised and the next call
    does the rest.
    """
    ids = list(Conversation.objects.filter(imported_by=transfer).values_list("id", flat=True))
    gone, kept, titles = 0, 0, []
    for conversation_id in ids:
        if not goes_on(gone + kept):
            raise InterruptedError
        title = _delete(conversation_id, transfer)
        if title is None:
            gone += 1
        else:
            kept += 1
            titles.append(title)
    return gone, kept, titles[:_MOST_NAMED]


def _delete(conversation_id: UUID, transfer: Transfer) -> str | None:
    """None when it is gone; else its title: it was written in since it came."""
    with transaction.atomic():
        mine = Conversation.objects.select_for_update().filter(
            id=conversation_id, imported_by=transfer
        )
        conversation = mine.first()
        if conversation is None:
            return None
        if Message.objects.filter(
            conversation=conversation, created_at__gt=transfer.created_at
        ).exists():
            return str(conversation)
        files = attachments_of(mine)
        events.thread_changed(conversation.id, None)
        participants.doors_closed([conversation])
        mine.update(current_leaf=None)
        Conversation.objects.filter(id=conversation_id).delete()
        discard_attachments(files)
    return None
