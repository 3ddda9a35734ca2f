"""What pages get of one reply while it is made: a snapshot, frames, notices, and its end."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from chats import events
from chats.frames import Frame, FrameWriter, Notice
from chats.pacing import Pacer

logger = logging.getLogger(__name__)

_CLOSING_PAUSE: Final = 0.01
"""Seconds between the frames of a reply that came all at once, so that no page's channel fills."""


class Broadcast:
    """Tells the viewers of one reply. Nothing is rendered for a reply that nobody watches.

    `text` and `reasoning` are the reply's own growing pieces: whoever adds one says so by `feed`
    or `feed_reasoning`. `conversation_id` is known once the reply is claimed. All methods run on
    the server's event loop.
    """

    def __init__(
        self, message_id: UUID, *, text: Sequence[str], reasoning: Sequence[str], pacer: Pacer
    ) -> None:
        self.conversation_id: UUID | None = None
        self._message_id = message_id
        self._text = text
        self._reasoning = reasoning
        self._pacer = pacer
        self._frames: FrameWriter | None = None
        self._changed = asyncio.Event()
        self._sending = asyncio.Lock()
        self._publisher: asyncio.Task[None] | None = None
        self._notice: Notice | None = None
        self._ended_as = ""
        self._reasoned_ms: int | None = None

    def feed(self, text: str) -> None:
        """Text was added. On the hot path: no I/O, no await."""
        self._notice = None
        if self._frames is not None:
            self._frames.feed(text)
            self._changed.set()

    def feed_reasoning(self, text: str) -> None:
        """Reasoning was added. On the hot path, too."""
        self._notice = None
        if self._frames is not None:
            self._frames.feed_reasoning(text)
            self._changed.set()

    def reasoned(self, milliseconds: int) -> None:
        """The reasoning is over, and took so long."""
        self._reasoned_ms = milliseconds
        if self._frames is not None:
            self._frames.reasoned(milliseconds)
            self._changed.set()

    async def show_to(self, channel: str) -> None:
        """Send a snapshot to one viewer; frames for all viewers follow from here on.

        A reply whose end is saved is not live any more, whatever the viewer read before.
        """
        if self._frames is None and not self._ended_as:
            await self._catch_up()
        if self._frames is None or self._ended_as:
            await events.send_to_page(channel, self._end_unseen(self._ended_as))
            return
        await events.send_to_page(channel, self._frames.snapshot())
        if self._notice is not None:
            await events.send_to_page(channel, self._notice.frame())

    async def notify(self, kind: str, text: str, seconds: float = 0) -> None:
        """Show a notice, to those who come later as well, until there is something to read.

        Without a text it says that the one before does not hold any more.
        """
        self._notice = Notice(str(self._message_id), kind, text, seconds)
        await self._publish(self._notice.frame())

    async def end(self, status: str, *, saved: bool) -> None:
        """Show the rest and say how the reply ended; nothing new when another had ended it."""
        self._ended_as = status
        if self._frames is not None and self._publisher is not None:
            async with self._sending:
                self._publisher.cancel()
                self._pacer.watched -= 1
                await self._publish(await self._close_frames(self._frames, status))
        elif saved:
            await self._publish(self._end_unseen(status))

    async def _catch_up(self) -> None:
        """Render what there is, a slice at a time; from then on publish what comes."""
        self._frames = frames = FrameWriter(str(self._message_id))
        frames.feed("".join(self._text))
        frames.feed_reasoning("".join(self._reasoning))
        if self._reasoned_ms is not None:
            frames.reasoned(self._reasoned_ms)
        frames.frame()
        while frames.behind and not self._ended_as:
            await asyncio.sleep(0)
            frames.frame()
        if not self._ended_as:
            self._pacer.watched += 1
            self._publisher = asyncio.create_task(self._publish_frames(frames))

    async def _publish_frames(self, frames: FrameWriter) -> None:
        """Send a frame at once when there is something new, then wait for the next turn."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            async with self._sending:
                with self._pacer.measure():
                    frame = frames.frame()
                if frame is not None:
                    await self._publish(frame)
            if frames.behind:
                self._changed.set()
            await asyncio.sleep(self._pacer.interval)

    async def _close_frames(self, frames: FrameWriter, status: str) -> Frame:
        """Show the rest; the frame that ends it all. What cannot be rendered, pages fetch anew."""
        try:
            while frames.behind and (frame := frames.frame()) is not None:
                await self._publish(frame)
                await asyncio.sleep(_CLOSING_PAUSE)
            await self._publish(await asyncio.to_thread(frames.last_frame))
            return frames.end(status)
        except Exception:
            logger.exception("The end of reply %s could not be rendered", self._message_id)
            return self._end_unseen(status)

    def _end_unseen(self, status: str) -> Frame:
        """An end for pages that have not followed: they fetch the whole message."""
        return {"t": "end", "m": str(self._message_id), "n": None, "status": status}

    async def _publish(self, payload: Frame) -> None:
        """Tell viewers. The layer may fail; the reply must not: it is saved, and gaps heal."""
        if self.conversation_id is None:
            return
        group = events.conversation_group(self.conversation_id)
        try:
            await events.send_to_group(group, events.page_event(payload))
        except Exception:
            logger.warning("A frame of reply %s could not be sent", self._message_id, exc_info=True)
