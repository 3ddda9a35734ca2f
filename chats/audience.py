"""Asking whether anybody looks at a chat when a reply in it has ended.

Works over any number of processes, for the answer comes by the channel layer to all of them. Costs
nothing in the database while somebody looks. All methods run on the server's event loop.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from chats import unread
from chats.database import in_database
from chats.run import Run

logger = logging.getLogger(__name__)

ANSWER_WITHIN: Final = 2.0
"""Seconds that a visible page has to answer. One that answers later takes the mark away again."""


@dataclass(slots=True)
class _Waiting:
    """Who has seen the end of a reply so far, and whether that is all who may."""

    conversation_id: UUID
    seen_by: set[UUID]
    by_all: asyncio.Event = field(default_factory=asyncio.Event)


class Audience:
    """Whether the ends of this process's replies were seen."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, _Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def expect(self, run: Run) -> None:
        """A run is over: unless somebody has seen that, or does soon, its chat is unread."""
        conversation_id = run.broadcast.conversation_id
        if conversation_id is None or run.was_seen or run.ended_as not in unread.WORTH_TELLING:
            return
        waiting = _Waiting(conversation_id, run.seen_by)
        self._waiting[run.message_id] = waiting
        task = asyncio.get_running_loop().create_task(self._decide(run.message_id, waiting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def saw(self, conversation_id: UUID, user_id: UUID, *, is_shared: bool) -> None:
        """A visible page shows the conversation to a user. Of a shared one others may look, too."""
        for waiting in self._waiting.values():
            if waiting.conversation_id == conversation_id:
                waiting.seen_by.add(user_id)
                if not is_shared:
                    waiting.by_all.set()

    async def close(self, patience: float = 0.5) -> None:
        """Decide what is undecided, in `patience` seconds and no more of waiting for answers."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _decide(self, message_id: UUID, waiting: _Waiting) -> None:
        try:
            await asyncio.wait_for(waiting.by_all.wait(), ANSWER_WITHIN)
        except TimeoutError:
            await self._mark(message_id, waiting.seen_by)
        except asyncio.CancelledError:
            # The process ends. Nobody has answered: better a mark too many than one too few.
            await self._mark(message_id, waiting.seen_by)
        finally:
            self._waiting.pop(message_id, None)

    async def _mark(self, message_id: UUID, seen_by: set[UUID]) -> None:
        try:
            await in_database(unread.mark_unread, message_id, seen_by=frozenset(seen_by))
        except Exception:
            logger.exception("That nobody saw reply %s could not be noted", message_id)
