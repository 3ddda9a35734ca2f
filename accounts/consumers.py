"""The socket of a page: who may listen, for how long, and to what of their own.

`UserConsumer` serves pages that show no conversation; `chats.consumers` builds on it. A page has
one socket.
"""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.db import DatabaseError
from django.http import HttpRequest

from accounts import events, notifications
from accounts.models import User

logger = logging.getLogger(__name__)

SIGNED_OUT: Final = 4401
NOT_FOUND: Final = 4404
NO_MEMBER: Final = 4410
TOO_MANY: Final = 4408
BAD_MESSAGE: Final = 4400
TRY_AGAIN: Final = 1011

_MESSAGES_PER_WINDOW: Final = 60
_WINDOW: Final = 10.0


class UserConsumer(AsyncWebsocketConsumer):
    """One open page of somebody who is signed in. The protocol is in `docs/architecture.md`."""

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Hand an event to its method.

        Channels' own first has the one thread that all sockets share look for old connections to
        the database: at many live replies frames would wait for seconds. What uses the database
        here does that itself.
        """
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        """Accept only who is signed in and may see what the page shows."""
        self._groups: list[str] = []
        self._window_started = time.monotonic()
        self._received = 0
        self._check: asyncio.Task[None] | None = None
        self._user: User | None = None
        self._counting = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        user = self.scope["user"]
        # Accepted before it is closed, so that the browser learns the code.
        await self.accept()
        if not isinstance(user, User):
            await self.close(SIGNED_OUT)
            return
        groups = await self.admit(user)
        if groups is None:
            return
        self._user = user
        session = events.session_group(self.scope["session"].session_key or "")
        for group in (*groups, events.user_group(user.id), session, events.EVERYBODY):
            self._groups.append(group)
            await self.channel_layer.group_add(group, self.channel_name)
        self._check = asyncio.create_task(self._check_session())
        # Asked once it has joined: nobody told this page of what changed before.
        hello = await self.hello(user)
        if hello is not None:
            await self._count_and_forward({"t": "hello", **hello})

    async def admit(self, user: User) -> Sequence[str] | None:
        """The groups of what the page shows; None when the socket was closed instead."""
        return ()

    async def hello(self, user: User) -> dict[str, Any] | None:
        """What the page has to know first; None when the socket was closed instead."""
        return {}

    async def take(self, user: User, message: dict[str, Any]) -> bool:
        """Do what the page asks for; False when that is nothing known."""
        return False

    async def may_stay(self, user: User) -> bool:
        """Asked from time to time; False when the socket was closed instead."""
        return True

    async def disconnect(self, code: int) -> None:
        """Leave everything."""
        if self._check is not None:
            self._check.cancel()
        for task in self._tasks:
            task.cancel()
        for group in self._groups:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take a JSON object; anything else, and too much of it, closes the socket."""
        if self._user is None:
            return
        if self._flooded():
            await self.close(TOO_MANY)
            return
        try:
            message = json.loads(text_data or "")
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict) or not await self.take(self._user, message):
            await self.close(BAD_MESSAGE)

    async def page_event(self, message: dict[str, Any]) -> None:
        """Forward an event to the page."""
        await self.send(json.dumps(message["payload"], ensure_ascii=False, separators=(",", ":")))

    async def user_event(self, message: dict[str, Any]) -> None:
        """Forward an event with how much is unread, beside the frames, which wait for no query."""
        task = asyncio.create_task(self._count_and_forward(message["payload"]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def session_ended(self, message: dict[str, Any]) -> None:
        """The session was signed out."""
        await self.close(SIGNED_OUT)

    async def _count_and_forward(self, payload: dict[str, Any]) -> None:
        """One after the other: what is sent last was counted last."""
        async with self._counting:
            if self._user is None:
                return
            try:
                unread = await database_sync_to_async(notifications.count_unread)(self._user)
            except DatabaseError:
                logger.exception("What a user has not read could not be counted")
            else:
                payload = {**payload, "n": unread}
            await self.page_event({"payload": payload})

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
                is_valid = await database_sync_to_async(self._session_is_valid)()
                if is_valid and self._user and not await self.may_stay(self._user):
                    return
                code = None if is_valid else SIGNED_OUT
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
