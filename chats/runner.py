"""Makes replies: owns the task of every reply of this process, from claim to final status.

A run outlives the request that asked for it and the sockets that watch it. This module holds the
process-wide side: starting, stopping, checkpoints, the sweep and shutdown. One reply's life is in
`chats.run`. Everything here happens on the server's event loop; `start` alone may be called from
any thread.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from channels.layers import get_channel_layer
from django.conf import settings

from accounts import notifications
from chats import (
    conversations,
    events,
    generation,
    indexing,
    reading,
    sending,
    sharing,
    temporary,
    titles,
)
from chats.audience import Audience
from chats.database import in_database
from chats.generation import Job
from chats.importing import worker
from chats.pacing import Pacer
from chats.run import Ending, Run
from providers import availability

logger = logging.getLogger(__name__)

CHECKPOINT_INTERVAL: Final = 0.7
"""Seconds between saves of running replies; with the save itself it stays under one second."""
SWEEP_INTERVAL: Final = 5.0
SILENT_FOR: Final = timedelta(seconds=10)
"""A process that saved nothing for so long is taken for dead; with the sweep under 15 s."""
_FLUSH_INTERVAL: Final = 2.0
_IMPORT_INTERVAL: Final = 0.5
_PURGE_INTERVAL: Final = 600.0
_FORGET_INTERVAL: Final = 60.0
_JOIN_INTERVAL: Final = 3600.0
_ERASE_INTERVAL: Final = 3600.0


class Runner:
    """All replies that this process is making."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.id = uuid4().hex
        self.loop = loop
        self.pacer = Pacer()
        self.runs: dict[UUID, Run] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._titles: dict[UUID, asyncio.Task[None]] = {}
        self._audience = Audience()
        self._housekeeping: list[asyncio.Task[Any]] = []
        self._channel = ""
        self._closing = False

    def open(self) -> None:
        """Begin to listen, save and sweep, and take replies from this process's pages."""
        self._housekeeping = [
            self.loop.create_task(self._listen()),
            self.loop.create_task(self._repeat(CHECKPOINT_INTERVAL, self._checkpoint)),
            self.loop.create_task(self._repeat(SWEEP_INTERVAL, self._sweep)),
            self.loop.create_task(self._repeat(SWEEP_INTERVAL, self._index)),
            self.loop.create_task(self._repeat(_FLUSH_INTERVAL, self._flush)),
            self.loop.create_task(self._repeat(_IMPORT_INTERVAL, worker.keep_working)),
            self.loop.create_task(self._repeat(_PURGE_INTERVAL, self._purge)),
            self.loop.create_task(self._repeat(_FORGET_INTERVAL, self._forget)),
            self.loop.create_task(self._repeat(_JOIN_INTERVAL, self._join)),
            self.loop.create_task(self._repeat(_ERASE_INTERVAL, self._erase)),
        ]
        events.set_reply_starter(self.start)
        events.set_title_maker(self.name)
        reading.open_readers()
        worker.open_worker()

    def start(self, message_id: UUID) -> None:
        """Have a pending reply made. Returns at once; may be called from any thread."""
        self.loop.call_soon_threadsafe(self._start, message_id)

    def name(self, message_id: UUID) -> None:
        """Have a chat named after its first complete reply, as `start`."""
        self.loop.call_soon_threadsafe(self._make_title, message_id, message_id)

    async def shutdown(self, grace: float) -> None:
        """Let running replies end within `grace` seconds, save the others as interrupted."""
        self._closing = True
        events.set_reply_starter(None)
        events.set_title_maker(None)
        reading.close_readers()
        worker.close_worker()
        for title in self._titles.values():
            title.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for run in list(self.runs.values()):
            run.end_early(Ending.SHUTDOWN)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        await self._audience.close()
        for task in self._housekeeping:
            task.cancel()
        await asyncio.gather(*self._housekeeping, *self._titles.values(), return_exceptions=True)
        await self._flush()

    def _start(self, message_id: UUID) -> None:
        if self._closing:
            return
        former = self.runs.get(message_id)
        if former is not None and former.task is not None:
            # Its end is saved, or nobody could ask again; pages are still being told of it.
            former.task.add_done_callback(lambda _task: self._start(message_id))
            return
        run = Run(message_id, runner_id=self.id, pacer=self.pacer)
        self.runs[message_id] = run
        task = self.loop.create_task(run.execute())
        run.task = task
        self._tasks.add(task)
        task.add_done_callback(partial(self._done, run))

    def _done(self, run: Run, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.runs.pop(run.message_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("Reply %s ended without a status", run.message_id, exc_info=error)
        self._audience.expect(run)
        if run.completed is not None and not self._closing:
            self._name(run.completed)

    def _name(self, job: Job) -> None:
        """Have a title made, beside all else. Pages have been told of the reply's end."""
        if not titles.may_name(job):
            return
        self._make_title(job.message.id, job.conversation_id)

    def _make_title(self, message_id: UUID, subject: UUID) -> None:
        """One at a time for each subject."""
        if self._closing or subject in self._titles:
            return
        task = self.loop.create_task(titles.name_conversation(message_id))
        self._titles[subject] = task
        task.add_done_callback(lambda _task: self._titles.pop(subject, None))

    async def _listen(self) -> None:
        """Take messages meant for whichever process makes a reply."""
        layer = get_channel_layer()
        if layer is None:
            raise RuntimeError("A channel layer is needed to make replies.")
        self._channel = await layer.new_channel()
        while True:
            try:
                await self._join()
                while True:
                    await self._handle(await layer.receive(self._channel))
            except Exception:
                logger.exception("The channel layer failed; trying again")
                await asyncio.sleep(1)

    async def _join(self) -> None:
        """Be in the group of all runners. Memberships expire after a day, so time and again."""
        layer = get_channel_layer()
        if layer is not None and self._channel:
            await layer.group_add(events.RUNNERS, self._channel)

    async def _handle(self, message: dict[str, Any]) -> None:
        if message["type"] == "seen":
            user = UUID(message["user"])
            self._saw(UUID(message["conversation"]), user, is_shared=message["shared"])
            return
        run = self.runs.get(UUID(message["message"]))
        if run is None:
            return
        if message["type"] == "stop":
            run.end_early(Ending.STOP)
        elif message["type"] == "watch":
            await run.broadcast.show_to(message["channel"])

    def _saw(self, conversation_id: UUID, user_id: UUID, *, is_shared: bool) -> None:
        """A visible page shows the conversation, and the end of what has just ended in it."""
        self._audience.saw(conversation_id, user_id, is_shared=is_shared)
        for run in self.runs.values():
            if run.ended_as and run.broadcast.conversation_id == conversation_id:
                run.seen_by.add(user_id)
                run.was_seen = not is_shared

    async def _repeat(self, interval: float, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` for ever; a failure is logged and does not end it."""
        while True:
            started = time.monotonic()
            try:
                await work()
            except Exception:
                logger.exception("Housekeeping of replies failed")
            await asyncio.sleep(max(0.05, interval - (time.monotonic() - started)))

    async def _checkpoint(self) -> None:
        """Save what is new, hear of stops and deletions, end what has been silent too long."""
        running = [run for run in self.runs.values() if run.claimed]
        if not running:
            return
        progresses = [run.take_progress() for run in running]
        try:
            given_up = await in_database(generation.checkpoint, progresses, runner=self.id)
        except Exception:
            for run in running:
                run.save_again()
            raise
        for run in running:
            if run.message_id in given_up:
                run.end_early(Ending.STOP)
            else:
                await run.check_patience()

    async def _sweep(self) -> None:
        """Mark replies whose process died, and take up files."""
        alive = frozenset(self.runs)
        await in_database(generation.interrupt_orphans, silent_for=SILENT_FOR, alive=alive)
        await in_database(reading.sweep)

    async def _index(self) -> None:
        """Have search find what it misses, in steps that leave room for others."""
        while await in_database(indexing.catch_up):  # noqa: ASYNC110  there is no event
            await asyncio.sleep(0.1)

    async def _erase(self) -> None:
        """Let nothing of what was deleted stay in the index; it is written anew for that."""
        await in_database(indexing.erase_words)

    async def _flush(self) -> None:
        """Write how models did, which no reply waited for."""
        await in_database(availability.flush)

    async def _forget(self) -> None:
        """Delete temporary chats that no page shows any more; the first time at the start."""
        await in_database(temporary.sweep)

    async def _purge(self) -> None:
        """Remove what was deleted longer ago than it can be brought back, and what is outdated."""
        await in_database(conversations.purge_deleted)
        await in_database(sharing.sweep_expired)
        await in_database(sending.prune_sendings)
        await in_database(worker.prune)
        await in_database(notifications.prune)


_current: Runner | None = None


def attach(loop: asyncio.AbstractEventLoop | None = None) -> Runner:
    """The runner of this process, opened on `loop` (default: the running one) at the first call."""
    global _current  # noqa: PLW0603  one per process
    if _current is None or _current.loop.is_closed():
        _current = Runner(loop or asyncio.get_running_loop())
        _current.open()
    return _current


async def shutdown(grace: float | None = None) -> None:
    """Save all replies and let go. `grace` in seconds; default: SHUTDOWN_GRACE."""
    global _current
    if _current is not None:
        runner, _current = _current, None
        await runner.shutdown(settings.SHUTDOWN_GRACE if grace is None else grace)
