"""What a page shows of a live reply: frames of its socket, applied as the page's script does."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.markup import Element, parse

Frame = dict[str, Any]


class Shown:
    """A message's body on the page. `apply` follows the protocol in `docs/architecture.md`."""

    def __init__(self) -> None:
        self.root = Element("")
        self.stack = [self.root]
        self.tail = ""
        self._provisional: list[Element | str] = []

    @property
    def html(self) -> str:
        """Committed and provisional markup, always spelled the same way."""
        return _without_marks(self.root).inner

    @property
    def text(self) -> str:
        """Only the words."""
        return self.root.text

    def reset(self, html: str, tail: str) -> None:
        """Show a snapshot: elements that are still open carry `data-open`."""
        self.root = parse(html)
        self.stack = [self.root, *self.root.all(lambda e: "data-open" in e.attributes)]
        self.tail, self._provisional = "", []
        self._put_tail(tail)

    def apply(self, frame: Frame) -> None:
        """Show a frame: take the old tail away, add what is closed, put the new tail."""
        if "ops" not in frame and "s" not in frame:
            return
        self._take_tail_away()
        for op, *rest in frame.get("ops", []):
            if op == "<":
                self.stack.pop().attributes.pop("data-open")
                continue
            part = parse(rest[0])
            if op == "=":
                self.root.children = []
                self.stack = [self.root]
            self.stack[-1].children.extend(part.children)
            if op == ">":
                (opened,) = part.all(lambda e: "data-open" in e.attributes)
                self.stack.append(opened)
        if "s" in frame:
            units = self.tail.encode("utf-16-le")[: 2 * frame["k"]]
            self._put_tail(units.decode("utf-16-le") + frame["s"])
        else:
            self._put_tail(self.tail)

    def _take_tail_away(self) -> None:
        if self._provisional:
            del self.stack[-1].children[-len(self._provisional) :]
            self._provisional = []

    def _put_tail(self, tail: str) -> None:
        self.tail = tail
        self._provisional = parse(tail).children
        self.stack[-1].children.extend(self._provisional)


def _without_marks(element: Element) -> Element:
    """A copy without `data-open`, and with neighbouring texts joined."""
    children: list[Element | str] = []
    for child in element.children:
        if isinstance(child, Element):
            children.append(_without_marks(child))
        elif children and isinstance(children[-1], str):
            children[-1] += child
        else:
            children.append(child)
    attributes = {k: v for k, v in element.attributes.items() if k != "data-open"}
    return Element(element.tag, attributes, children)


@dataclass(frozen=True)
class Moment:
    """What was on the page after one frame. `at` in Unix seconds."""

    at: float
    number: int
    html: str
    text: str


class Viewer:
    """One open page that watches one reply."""

    def __init__(self, connection: ClientConnection, message_id: str) -> None:
        self.connection = connection
        self.message_id = message_id
        self.shown = Shown()
        self.reasoning = ""
        self.moments: list[Moment] = []
        self.frames: list[Frame] = []
        """All that came, of any kind."""
        self.notices: list[Frame] = []
        self.snapshots = 0
        self.status = ""
        self.closed: int | None = None
        self._deaf = False
        self._failure: Exception | None = None
        self._number: int | None = None
        self._news = asyncio.Condition()

    @property
    def html(self) -> str:
        """What the body holds now."""
        return self.shown.html

    @property
    def text(self) -> str:
        """The words that the body holds now."""
        return self.shown.text

    def miss_next_frame(self) -> None:
        """Lose one, as a full channel would."""
        self._deaf = True

    async def ask(self) -> None:
        """Ask for a snapshot."""
        await self.connection.send(json.dumps({"watch": self.message_id}))

    async def read(self) -> None:
        """Take what comes until the socket closes."""
        try:
            async for data in self.connection:
                frame = json.loads(data)
                self.frames.append(frame)
                if frame.get("m") == self.message_id:
                    await self._take(frame)
                await self._tell()
        except ConnectionClosed:
            pass
        except Exception as failure:
            self._failure = failure
        self.closed = self.connection.close_code
        await self._tell()

    async def until(self, condition: "Callable[[Viewer], object]", limit: float = 30) -> None:
        """Wait until the page is as `condition` wants it."""
        async with asyncio.timeout(limit), self._news:
            await self._news.wait_for(lambda: self._failure or condition(self))
        if self._failure is not None:
            raise AssertionError("A frame could not be shown") from self._failure

    async def ended(self, limit: float = 30) -> str:
        """Wait for the end; the reply's status."""
        await self.until(lambda viewer: viewer.status, limit)
        return self.status

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _take(self, frame: Frame) -> None:
        kind = frame["t"]
        if self._deaf and kind == "frame":
            self._deaf = False
        elif kind == "snapshot":
            self.snapshots += 1
            self.shown.reset(frame["html"], frame["tail"])
            self.reasoning = frame["reasoning"]
            self._show(frame["n"])
        elif kind == "notice":
            self.notices.append(frame)
        elif kind == "end":
            self.status = frame["status"]
        elif self._number is None or frame["n"] <= self._number:
            return  # A snapshot is on its way, or has told this already.
        elif frame["n"] > self._number + 1:
            self._number = None
            await self.ask()
        else:
            self.shown.apply(frame)
            self.reasoning += frame.get("r", "")
            self._show(frame["n"])

    def _show(self, number: int) -> None:
        self._number = number
        self.moments.append(Moment(time.time(), number, self.html, self.text))
