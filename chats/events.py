"""Telling open pages and running replies what happened, through the channel layer.

Owns the names of groups and the shapes of what is sent; those that every socket has are in
`accounts.events`. Knows neither sockets nor the runner: the runner registers itself here, so that
domain modules can ask for a reply without importing it.
"""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import transaction

from accounts.events import page_event, send_on_commit, send_to_group, send_to_page, user_group

__all__ = [
    "RUNNERS",
    "conversation_group",
    "marks_changed",
    "page_event",
    "people_changed",
    "replies_seen",
    "reply_ended",
    "reply_gone",
    "reply_requested",
    "send_to_group",
    "send_to_page",
    "set_reply_starter",
    "set_title_maker",
    "sidebar_changed",
    "stop_requested",
    "thread_changed",
    "title_requested",
]

RUNNERS = "runners"
"""Group of the control channels of every process that makes replies."""

_start_reply: Callable[[UUID], None] | None = None
_make_title: Callable[[UUID], None] | None = None


def conversation_group(conversation_id: UUID) -> str:
    """Group of all sockets that show a conversation."""
    return f"conversation.{conversation_id.hex}"


def set_reply_starter(start: Callable[[UUID], None] | None) -> None:
    """Name what makes replies in this process. Thread-safe callables only."""
    global _start_reply  # noqa: PLW0603  one runner per process, registered once
    _start_reply = start


def set_title_maker(make: Callable[[UUID], None] | None) -> None:
    """Name what asks models for titles in this process. Thread-safe callables only."""
    global _make_title  # noqa: PLW0603  one runner per process, registered once
    _make_title = make


def title_requested(message_id: UUID) -> None:
    """Have a chat named after this reply, its first complete one, on commit.

    In a process without a runner nobody does.
    """

    def make() -> None:
        if _make_title is not None:
            _make_title(message_id)

    transaction.on_commit(make)


def reply_requested(message_id: UUID) -> None:
    """Have a pending reply made as soon as the transaction is committed.

    In a process without a runner (a shell, a command) the reply stays pending and is swept up.
    """

    def start() -> None:
        if _start_reply is not None:
            _start_reply(message_id)

    transaction.on_commit(start)


def thread_changed(conversation_id: UUID, leaf_id: UUID | None) -> None:
    """Tell pages, on commit, that a conversation shows another path now."""
    payload = {"t": "thread", "leaf": str(leaf_id) if leaf_id else None}
    send_on_commit(conversation_group(conversation_id), page_event(payload))


def people_changed(conversation_id: UUID, user_ids: Iterable[UUID] = ()) -> None:
    """Tell pages, on commit, that somebody came, went or has another role.

    Sockets of `user_ids` find out whether they may still listen; all others say it to their pages.
    """
    users = [str(each) for each in user_ids]
    send_on_commit(conversation_group(conversation_id), {"type": "people.changed", "users": users})


def sidebar_changed(user_id: UUID) -> None:
    """Tell a user's pages, on commit, that the list of conversations changed."""
    send_on_commit(user_group(user_id), page_event({"t": "sidebar"}))


def marks_changed(user_id: UUID, conversation_ids: Iterable[UUID], *, is_unread: bool) -> None:
    """Tell a user's pages, on commit, which conversations are unread now or no longer."""
    ids = [str(each) for each in conversation_ids]
    payload = {"t": "unread", "ids": ids, "unread": is_unread}
    send_on_commit(user_group(user_id), page_event(payload))


def reply_ended(conversation_id: UUID, message_id: UUID, status: str) -> None:
    """Tell pages, on commit, that a reply ended outside of its runner; they fetch it anew."""
    payload = {"t": "end", "m": str(message_id), "n": None, "status": status}
    send_on_commit(conversation_group(conversation_id), page_event(payload))


def reply_gone(conversation_id: UUID, message_id: UUID) -> None:
    """Tell pages, on commit, that a live reply was deleted: its end has nothing to be fetched."""
    send_on_commit(
        conversation_group(conversation_id), page_event({"t": "gone", "m": str(message_id)})
    )


def stop_requested(message_id: UUID) -> None:
    """Ask whichever process makes this reply to stop, on commit."""
    send_on_commit(RUNNERS, {"type": "stop", "message": str(message_id)})


async def replies_seen(conversation_id: UUID, user_id: UUID, *, is_shared: bool) -> None:
    """Tell whoever made replies of a conversation that a user looks at their end right now.

    Of one that is not shared nobody else has to.
    """
    seen = {"conversation": str(conversation_id), "user": str(user_id), "shared": is_shared}
    await send_to_group(RUNNERS, {"type": "seen", **seen})
