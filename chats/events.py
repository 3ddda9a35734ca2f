"""Telling open pages and running replies what happened, through the channel layer.

Owns the names of groups and the shapes of what is sent. Knows neither sockets nor the runner: the
runner registers itself here, so that domain modules can ask for a reply without importing it.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

RUNNERS = "runners"
"""Group of the control channels of every process that makes replies."""

_start_reply: Callable[[UUID], None] | None = None


def conversation_group(conversation_id: UUID) -> str:
    """Group of all sockets that show a conversation."""
    return f"conversation.{conversation_id.hex}"


def user_group(user_id: UUID) -> str:
    """Group of all sockets of one user."""
    return f"user.{user_id.hex}"


def session_group(session_key: str) -> str:
    """Group of all sockets of one session. The key itself never enters the layer."""
    return f"session.{hashlib.sha256(session_key.encode()).hexdigest()[:40]}"


def set_reply_starter(start: Callable[[UUID], None] | None) -> None:
    """Name what makes replies in this process. Thread-safe callables only."""
    global _start_reply  # noqa: PLW0603  one runner per process, registered once
    _start_reply = start


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
    _on_commit(conversation_group(conversation_id), page_event(payload))


def sidebar_changed(user_id: UUID) -> None:
    """Tell a user's pages, on commit, that the list of conversations changed."""
    _on_commit(user_group(user_id), page_event({"t": "sidebar"}))


def reply_ended(conversation_id: UUID, message_id: UUID, status: str) -> None:
    """Tell pages, on commit, that a reply ended outside of its runner; they fetch it anew."""
    payload = {"t": "end", "m": str(message_id), "n": None, "status": status}
    _on_commit(conversation_group(conversation_id), page_event(payload))


def reply_gone(conversation_id: UUID, message_id: UUID) -> None:
    """Tell pages, on commit, that a live reply was deleted: its end has nothing to be fetched."""
    _on_commit(conversation_group(conversation_id), page_event({"t": "gone", "m": str(message_id)}))


def session_ended(session_key: str) -> None:
    """Close the sockets of a session that was signed out, at once."""
    async_to_sync(send_to_group)(session_group(session_key), {"type": "session.ended"})


def stop_requested(message_id: UUID) -> None:
    """Ask whichever process makes this reply to stop, on commit."""
    _on_commit(RUNNERS, {"type": "stop", "message": str(message_id)})


def page_event(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap what a page shall receive for the consumer that forwards it."""
    return {"type": "page.event", "payload": dict(payload)}


async def send_to_group(group: str, message: dict[str, Any]) -> None:
    """Send to every member of a group, at most once."""
    layer = get_channel_layer()
    if layer is not None:
        await layer.group_send(group, message)


async def send_to_page(channel: str, payload: Mapping[str, Any]) -> None:
    """Send to one open page, at most once."""
    layer = get_channel_layer()
    if layer is not None:
        await layer.send(channel, page_event(payload))


def _on_commit(group: str, message: dict[str, Any]) -> None:
    transaction.on_commit(lambda: async_to_sync(send_to_group)(group, message))
