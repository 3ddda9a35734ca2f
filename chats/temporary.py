"""Temporary chats: in no list, without a title, and deleted for good once they are left.

A chat is left when its person goes elsewhere in the tab that shows it, ends it or signs out. One
that nobody told of (a closed tab, a browser that died) is swept IDLE_LIMIT after the last page that
showed it, and never while a reply is being written. Owns what "for good" means: see `forget_pages`.
"""

from datetime import timedelta
from threading import Event
from typing import Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chats import events, indexing
from chats.attachments import discard_attachments
from chats.models import Attachment, Conversation, Message
from chats.texts import title_from

IDLE_LIMIT: Final = timedelta(hours=1)
"""How long a temporary chat stays that no page shows."""

_is_log_stale = Event()
# A process that died may have left one.
_is_log_stale.set()


def keep_open(*, conversation: Conversation) -> None:
    """A page shows it: the time until it is swept begins anew. No query for ordinary chats."""
    if conversation.is_temporary:
        mine = Conversation.objects.filter(id=conversation.id, is_temporary=True)
        mine.update(updated_at=timezone.now())


def keep_conversation(*, conversation: Conversation) -> None:
    """Make an ordinary chat of it, named by its first words and then by the model as any other."""
    with transaction.atomic():
        found = Conversation.objects.filter(id=conversation.id, is_temporary=True)
        if not found.update(is_temporary=False, updated_at=timezone.now()):
            return
        conversation.is_temporary = False
        if conversation.title_source == Conversation.TitleSource.WORDS:
            first = conversation.messages.filter(parent=None).order_by("created_at").first()
            conversation.title = title_from(_subject(first) if first else _("New chat"))
            Conversation.objects.filter(id=conversation.id).update(title=conversation.title)
            _ask_for_title(conversation)
        indexing.index_conversations([conversation.id])
        events.sidebar_changed(conversation.owner_id)


def end_conversation(*, conversation: Conversation) -> bool:
    """Delete a temporary chat for good, with its files; False for one that was kept meanwhile.

    Files that another chat uses too stay. Running replies are stopped.
    """
    with transaction.atomic():
        mine = Conversation.objects.select_for_update().filter(id=conversation.id)
        if not mine.filter(is_temporary=True).exists():
            return False
        for message_id in conversation.messages.live().values_list("id", flat=True):
            # In this order: the runner tells of the end as soon as it is stopped.
            events.reply_gone(conversation.id, message_id)
            events.stop_requested(message_id)
        used = Attachment.objects.filter(messages__conversation_id=conversation.id).distinct()
        files = list(used)
        mine.update(current_leaf=None)
        Conversation.objects.filter(id=conversation.id).delete()
        discard_attachments(files)
        transaction.on_commit(_leave_no_log)
    return True


def end_all(*, user: User) -> int:
    """Delete all temporary chats of somebody who signs out, wherever they are open; how many."""
    mine = Conversation.objects.filter(owner=user, is_temporary=True)
    return sum(end_conversation(conversation=conversation) for conversation in mine)


def sweep(*, idle_for: timedelta = IDLE_LIMIT) -> int:
    """Delete those that no page has shown for so long; how many."""
    limit = timezone.now() - idle_for
    idle = (
        Conversation.objects.filter(is_temporary=True, updated_at__lt=limit)
        .exclude(messages__status__in=Message.LIVE)
        .exclude(messages__finished_at__gte=limit)
    )
    count = sum(end_conversation(conversation=conversation) for conversation in idle)
    forget_pages()
    return count


def forget_pages() -> bool:
    """Have SQLite empty its write-ahead log, where deleted text stands until it is overwritten.

    False where somebody is using it right now: then the next sweep does. What is deleted in the
    database itself is overwritten at once (`secure_delete`, config/databases.py). PostgreSQL does
    both when it vacuums.
    """
    if connection.vendor != "sqlite" or not _is_log_stale.is_set():
        return True
    if connection.in_atomic_block:
        return False
    _is_log_stale.clear()
    with connection.cursor() as cursor:
        (patience,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        # Whoever waits here would keep everybody else from writing.
        cursor.execute("PRAGMA busy_timeout = 0")
        (is_busy, _in_log, _copied) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {int(patience)}")
    if is_busy:
        _is_log_stale.set()
    return not is_busy


def _subject(message: Message) -> str:
    """What it says, or else what its first file is called."""
    links = Attachment.messages.through.objects.filter(message=message).order_by("id")
    names = links.values_list("attachment__name", flat=True)
    return message.content.strip() or names.first() or _("New chat")


def _leave_no_log() -> None:
    _is_log_stale.set()
    forget_pages()


def _ask_for_title(conversation: Conversation) -> None:
    """From the reply that was complete first, if there is one."""
    complete = conversation.messages.filter(
        role=Message.Role.ASSISTANT, status=Message.Status.COMPLETE
    )
    first = complete.order_by("finished_at").values_list("id", flat=True).first()
    if first is not None:
        events.title_requested(first)
