"""The socket of a conversation's page: joins its group and forwards what it says.

Asks for snapshots on the page's behalf, and in a shared conversation says who is here and who is
typing. Generates nothing and keeps nothing: a socket that comes, goes or hangs never touches a
reply.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from channels.db import database_sync_to_async
from django.http import Http404

from accounts.consumers import NO_MEMBER, NOT_FOUND, UserConsumer
from accounts.models import User
from chats import events, participants, unread
from chats.access import Right, conversation_or_404, message_or_404, right_of
from chats.models import Conversation
from chats.presence import BEAT, TYPING_EVERY, Room


class ConversationConsumer(UserConsumer):
    """One page that shows one conversation. The protocol is in `docs/architecture.md`."""

    async def connect(self) -> None:
        """After the hello, which is the first that a page hears, say who is here."""
        self._page = uuid4().hex
        self._room = Room()
        self._beating: asyncio.Task[None] | None = None
        self._is_shared = self._may_write = False
        self._typed_at = 0.0
        await super().connect()
        await self._attend()

    async def disconnect(self, code: int) -> None:
        """Leave everything; nobody else shows this page any more."""
        await super().disconnect(code)
        await self._leave()

    async def admit(self, user: User) -> Sequence[str] | None:
        """Only who may read an existing conversation."""
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
        news = await database_sync_to_async(unread.is_unread)(conversation=conversation, user=user)
        return {"leaf": leaf and str(leaf), "unread": news}

    async def may_stay(self, user: User) -> bool:
        """Whether the page may still be shown: what closes it at once may have been lost."""
        return await self._find(user) is not None

    async def take(self, user: User, message: dict[str, Any]) -> bool:
        """What a page says: `watch` a reply, `seen`, `typing`; see the protocol."""
        if message == {"seen": True}:
            await self._seen(user)
            return True
        if message == {"typing": True}:
            await self._type(user)
            return True
        try:
            message_id = UUID(message["watch"])
        except (ValueError, TypeError, KeyError, AttributeError):
            return False
        await self._watch(user, message_id)
        return True

    async def people_changed(self, message: dict[str, Any]) -> None:
        """Somebody came, went or has another role: it may be the one at this page."""
        user = self._user
        if user is None:
            return
        concerns_me = str(user.pk) in message["users"]
        # Who was there until the chat itself was deleted was not sent away.
        sent_away = concerns_me and await self._exists()
        if await self._find(user, otherwise=NO_MEMBER if sent_away else NOT_FOUND) is None:
            return
        await self.page_event({"payload": {"t": "people", "me": concerns_me}})
        await self._attend()
        await self._tell_here()

    async def person_here(self, message: dict[str, Any]) -> None:
        """Another page is there; one that has just come wants to know who else is."""
        if message["page"] == self._page or self._user is None or not self._is_shared:
            return
        if message["user"] != str(self._user.pk):
            self._room.heard(message["page"], message["user"], message["name"])
        if message["asks"]:
            await self._say_here()
        await self._tell_here()

    async def person_left(self, message: dict[str, Any]) -> None:
        """Another page has gone."""
        self._room.left(message["page"])
        await self._tell_here()

    async def person_types(self, message: dict[str, Any]) -> None:
        """Somebody is typing; all others are told."""
        if self._user is not None and message["user"] != str(self._user.pk):
            typing = {"t": "typing", "id": message["user"], "name": message["name"]}
            await self.page_event({"payload": typing})

    async def _seen(self, user: User) -> None:
        conversation = await self._find(user)
        if conversation is not None:
            await events.replies_seen(conversation.id, user.pk, is_shared=self._is_shared)
            mark_read = database_sync_to_async(unread.mark_read)
            await mark_read(conversation=conversation, user=user)

    async def _watch(self, user: User, message_id: UUID) -> None:
        """Have the reply's maker send a snapshot, or say that the reply has ended."""
        try:
            find = database_sync_to_async(message_or_404)
            message = await find(user, message_id, Right.READ)
        except Http404:
            await self._shut()
            return
        if message.conversation_id != self.conversation_id:
            await self._shut()
        elif message.is_live:
            request = {"type": "watch", "message": str(message_id), "channel": self.channel_name}
            await events.send_to_group(events.RUNNERS, request)
        else:
            ended = {"t": "end", "m": str(message_id), "n": None, "status": message.status}
            await self.page_event({"payload": ended})

    async def _type(self, user: User) -> None:
        """Pass it on, not too often, from those who may write to those who are with them."""
        now = time.monotonic()
        if self._is_shared and self._may_write and now - self._typed_at >= TYPING_EVERY:
            self._typed_at = now
            await self._say("person.types", user)

    async def _attend(self) -> None:
        """Take part in saying who is here, if anybody else may come."""
        if self._beating is None and self._is_shared and self._user is not None:
            self._beating = asyncio.create_task(self._beat(self._user))
        elif self._beating is not None and not self._is_shared:
            await self._leave()
            self._room.forget()

    async def _beat(self, user: User) -> None:
        await self._say("person.here", user, asks=True)
        while True:
            await asyncio.sleep(BEAT)
            await self._say_here()
            await self._tell_here()

    async def _leave(self) -> None:
        beating, self._beating = self._beating, None
        if beating is not None and self._user is not None:
            beating.cancel()
            await self._say("person.left", self._user)

    async def _say_here(self) -> None:
        if self._user is not None:
            await self._say("person.here", self._user, asks=False)

    async def _say(self, kind: str, user: User, **more: Any) -> None:
        """To all sockets of the conversation, this one included."""
        who = {"page": self._page, "user": str(user.pk), "name": user.username}
        group = events.conversation_group(self.conversation_id)
        await events.send_to_group(group, {"type": kind, **who, **more})

    async def _tell_here(self) -> None:
        people = self._room.news()
        if people is not None:
            await self.page_event({"payload": {"t": "here", "people": people}})

    async def _exists(self) -> bool:
        found = Conversation.objects.filter(id=self.conversation_id, deleted_at=None)
        return await database_sync_to_async(found.exists)()

    async def _find(self, user: User, *, otherwise: int = NOT_FOUND) -> Conversation | None:
        """The conversation of this page, if the user may read it; else closes the socket."""
        found = await database_sync_to_async(self._look)(user)
        if found is None:
            await self._shut(otherwise)
        return found

    def _look(self, user: User) -> Conversation | None:
        """Also what the user may do, and whether anybody else takes part. Two or three queries."""
        try:
            found = conversation_or_404(user, self.conversation_id, Right.READ)
        except Http404:
            return None
        self._is_shared = participants.is_shared(found)
        self._may_write = (right_of(user, found) or 0) >= Right.WRITE
        return found

    async def _shut(self, code: int = NOT_FOUND) -> None:
        """Close for good; until that is done nothing more of the conversation goes out."""
        group = events.conversation_group(self.conversation_id)
        await self.channel_layer.group_discard(group, self.channel_name)
        await self.close(code)
