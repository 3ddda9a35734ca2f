"""Telling a user's open pages what happened, through the channel layer.

Owns the groups that every socket is in and the shape of what pages receive. What is about one
conversation is in `chats.events`.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

EVERYBODY: Final = "everybody"
"""Group of all sockets of all users."""


def user_group(user_id: UUID) -> str:
    """Group of all sockets of one user."""
    return f"user.{user_id.hex}"


def session_group(session_key: str) -> str:
    """Group of all sockets of one session. The key itself never enters the layer."""
    return f"session.{hashlib.sha256(session_key.encode()).hexdigest()[:40]}"


def page_event(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap what a page shall receive for the consumer that forwards it."""
    return {"type": "page.event", "payload": dict(payload)}


def user_event(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The same for what changes how much is unread: the consumer adds the number as `n`.

    Whoever changed it cannot tell: of two at once the slower one would have the last word.
    """
    return {"type": "user.event", "payload": dict(payload)}


def session_ended(session_key: str) -> None:
    """Close the sockets of a session that was signed out, at once."""
    async_to_sync(send_to_group)(session_group(session_key), {"type": "session.ended"})


def send_on_commit(group: str, message: dict[str, Any]) -> None:
    """Send to every member of a group once the transaction is committed."""
    transaction.on_commit(lambda: async_to_sync(send_to_group)(group, message))


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
