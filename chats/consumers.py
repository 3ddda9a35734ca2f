"""The socket of a conversation's page: joins its groups and forwards what they say.

Asks for snapshots on the page's behalf. Generates nothing and keeps nothing: a socket that comes,
goes or hangs never touches a reply.
"""

import asyncio
import json
import logging
import time
from importlib import import_module
from typing import Any, Final
from uuid import UUID

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.db import DatabaseError
from django.http import Http404, HttpRequest

from accounts.models import User
from chats import events
from chats.access import conversation_or_404, message_or_404
from chats.models import Conversation

logger = logging.getLogger(__name__)

SIGNED_OUT: Final = 4401
NOT_FOUND: Final = 4404
TOO_MANY: Final = 4408
BAD_MESSAGE: Final = 4400
TRY_AGAIN: Final = 1011

_MESSAGES_PER_WINDOW: Final = 60
_WINDOW: Final = 10.0


class ConversationConsumer(AsyncWebsocketConsumer):
    """One page that shows one conversation. The protocol is in `docs/architecture.md`."""

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Hand an event to its method.

        Channels' own first has the one thread that all sockets share look for old connections to
        the database: at many live replies frames would wait for seconds. What uses the database
        here does that itself.
        """
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        """Accept only the signed-in reader of an existing conversation."""
        self._groups: list[str] = []
        self._window_started = time.monotonic()
        self._received = 0
        self._check: asyncio.Task[None] | None = None
        self._user: User | None = None
        user = self.scope["user"]
        # Accepted before it is closed, so that the browser learns the code.
        await self.accept()
        if not isinstance(user, User):
            await self.close(SIGNED_OUT)
            return
        self.conversation_id: UUID = self.scope["url_route"]["kwargs"]["conversation_id"]
        if await self._find(user) is None:
            return
        self._user = user
        await self._join(events.conversation_group(self.conversation_id))
        await self._join(events.user_group(user.id))
        await self._join(events.session_group(self.scope["session"].session_key or ""))
        self._check = asyncio.create_task(self._check_session())
        # Once more: nobody told this page of what changed before it joined.
        conversation = await self._find(user)
        if conversation is not None:
            leaf = conversation.current_leaf_id
            await self.page_event({"payload": {"t": "hello", "leaf": leaf and str(leaf)}})

    async def disconnect(self, code: int) -> None:
        """Leave everything."""
        if self._check is not None:
            self._check.cancel()
        for group in self._groups:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take ``{"watch": id}``; anything else, and too much of it, closes the socket."""
        if self._user is None:
            return
        if self._flooded():
            await self.close(TOO_MANY)
            return
        try:
            message_id = UUID(json.loads(text_data or "")["watch"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            await self.close(BAD_MESSAGE)
            return
        await self._watch(self._user, message_id)

    async def page_event(self, message: dict[str, Any]) -> None:
        """Forward an event to the page."""
        await self.send(json.dumps(message["payload"], ensure_ascii=False, separators=(",", ":")))

    async def session_ended(self, message: dict[str, Any]) -> None:
        """The session was signed out."""
        await self.close(SIGNED_OUT)

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

    async def _join(self, group: str) -> None:
        self._groups.append(group)
        await self.channel_layer.group_add(group, self.channel_name)

    def _flooded(self) -> bool:
        now = time.monotonic()
        if now - self._window_started > _WINDOW:
            self._window_started, self._received = now, 0
        self._received += 1
        return self._received > _MESSAGES_PER_WINDOW

    async def _check_session(self) -> None:
        """Close once the session is gone, the password changed or the user deactivated."""
        while True:
            await asyncio.sleep(settings.SESSION_CHECK_INTERVAL)
            try:
                code = (
                    None if await database_sync_to_async(self._session_is_valid)() else SIGNED_OUT
                )
            except DatabaseError:
                logger.exception("A socket's session could not be checked")
                code = TRY_AGAIN
            if code is not None:
                await self.close(code)
                return

    def _session_is_valid(self) -> bool:
        """Load the session anew and ask Django itself who that is. Two queries."""
        request = HttpRequest()
        store = import_module(settings.SESSION_ENGINE).SessionStore
        request.session = store(self.scope["session"].session_key)
        return SESSION_KEY in request.session and bool(get_user(request).is_authenticated)
