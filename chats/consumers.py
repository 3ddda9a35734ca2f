"""The socket of a conversation's page: joins its group and forwards what it says.

Asks for snapshots on the page's behalf. Generates nothing and keeps nothing: a socket that comes,
goes or hangs never touches a reply.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.http import Http404

from accounts.consumers import NOT_FOUND, UserConsumer
from accounts.models import User
from chats import events, unread
from chats.access import conversation_or_404, message_or_404
from chats.models import Conversation


class ConversationConsumer(UserConsumer):
    """One page that shows one conversation. The protocol is in `docs/architecture.md`."""

    async def admit(self, user: User) -> Sequence[str] | None:
        """Only the reader of an existing conversation."""
        self.conversation_id: UUID = self.scope["url_route"]["kwargs"]["conversation_id"]
        if await self._find(user) is None:
            return None
        return (events.conversation_group(self.conversation_id),)

    async def hello(self, user: User) -> dict[str, Any] | None:
        """The path that the conversation shows by now, and whether it counts as unread."""
        conversation = await self._find(user)
        if conversation is None:
            return None
        leaf = conversation.current_leaf_id
        return {"leaf": leaf and str(leaf), "unread": conversation.is_unread}

    async def take(self, user: User, message: dict[str, Any]) -> bool:
        """`{"watch": id}`: send a snapshot. `{"seen": true}`: somebody looks at this page."""
        if message == {"seen": True}:
            conversation = await self._find(user)
            if conversation is not None:
                await events.replies_seen(conversation.id, user.id, is_shared=False)
                await database_sync_to_async(unread.mark_read)(conversation=conversation)
            return True
        try:
            message_id = UUID(message["watch"])
        except (ValueError, TypeError, KeyError, AttributeError):
            return False
        await self._watch(user, message_id)
        return True

    async def _watch(self, user: User, message_id: UUID) -> None:
        """Have the reply's maker send a snapshot, or say that the reply has ended."""
        try:
            message = await database_sync_to_async(message_or_404)(user, message_id)
        except Http404:
            await self.close(NOT_FOUND)
            return
        if message.conversation_id != self.conversation_id:
            await self.close(NOT_FOUND)
        elif message.is_live:
            request = {"type": "watch", "message": str(message_id), "channel": self.channel_name}
            await events.send_to_group(events.RUNNERS, request)
        else:
            ended = {"t": "end", "m": str(message_id), "n": None, "status": message.status}
            await self.page_event({"payload": ended})

    async def _find(self, user: User) -> Conversation | None:
        """The conversation of this page; closes the socket when it is not the user's."""
        try:
            return await database_sync_to_async(conversation_or_404)(user, self.conversation_id)
        except Http404:
            await self.close(NOT_FOUND)
            return None
