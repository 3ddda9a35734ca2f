"""Markdown that arrives in pieces, as sanitised HTML that grows at its end."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext

from chats.rendering.blocks import Blocks, Labels
from chats.rendering.body import Body, Op
from chats.rendering.lines import LONGEST_START, is_settled
from chats.rendering.markdown import Inline, References

# What no page can show and some libraries refuse.
_UNSHOWABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Patch:
    """What changed since the last one. `ops`, in order, after the old tail is removed:

    ("+", html)  append to the innermost open element (at first: to the body);
    (">", html)  append, then descend into the element in it that carries `data-open`;
    ("<",)       the innermost open element is complete: return to the one around it;
    ("=", html)  replace the whole body, nothing is open then. Only from `finish`, when a link's
                 definition came after its use.

    `tail` is the new provisional HTML for the end of the innermost open element, in full.
    """

    ops: list[Op]
    tail: str


class IncrementalRenderer:
    """Renders one text. The result depends on the text only, not on how it was cut.

    A line is shown once its beginning tells what it is, so markers like `- ` or `**` never flash up
    as text. The cost of all frames is linear in the text plus, for each frame, the open paragraph
    (at most 5,000 characters), table row or line of code.

    Labels are in the language that is active when the renderer is made.
    """

    def __init__(self) -> None:
        self._labels = Labels(copy=gettext("Copy"), done=gettext("Done"), open=gettext("Not done"))
        self._start(References())
        self._fed: list[str] = []
        self._finished = False

    def _start(self, references: References) -> None:
        self._references = references
        self._body = Body()
        self._blocks = Blocks(self._body, Inline(references), self._labels)
        self._unread = 0
        self._return = ""  # a carriage return whose line feed may be in the next piece
        self._line = ""  # the current line as long as it is not clear what it is
        self._begun = False
        self._tail = ""

    def feed(self, delta: str) -> None:
        """Append text. Only stores it."""
        if self._finished:
            raise ValueError("The text has been finished.")
        if delta:
            self._fed.append(delta)

    def frame(self) -> Patch:
        """Render what came since the last frame."""
        if self._unread < len(self._fed):
            self._read()
            self._tail = self._blocks.preview()
        return Patch(self._body.take_ops(), self._tail)

    def finish(self) -> Patch:
        """Render the rest and close everything. A second call changes nothing."""
        if self._finished:
            return Patch([], "")
        self._finished = True
        self._read_to_end()
        if not self._references.late:
            return Patch(self._body.take_ops(), "")
        self._start(self._references.settled())
        self._read_to_end()
        self._body.take_ops()
        return Patch([("=", self._body.html())], "")

    @property
    def html(self) -> str:
        """All as of the last frame, open elements closed. O(length)."""
        return self._body.html(self._tail)

    @property
    def committed(self) -> str:
        """As `html`, without the tail; elements still open carry `data-open`. O(length)."""
        return self._body.marked()

    @property
    def tail(self) -> str:
        """Provisional HTML as of the last frame: the end of the innermost open element."""
        return self._tail

    def _read_to_end(self) -> None:
        self._read(last=True)
        self._blocks.close()
        self._tail = ""

    def _read(self, *, last: bool = False) -> None:
        text = self._return + "".join(self._fed[self._unread :])
        self._unread = len(self._fed)
        self._return = "\r" if text.endswith("\r") and not last else ""
        text = text.removesuffix("\r") if self._return else text
        text = _UNSHOWABLE.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")
        first, *others = text.split("\n")
        self._add(first)
        for line in others:
            self._end_line()
            self._add(line)
        if last and (self._line or self._begun):
            self._end_line()
        elif not self._begun and is_settled(self._line, in_fence=self._blocks.in_plain_fence):
            self._begin(self._line)

    def _add(self, text: str) -> None:
        if self._begun:
            if text:
                self._blocks.more(text)
            return
        self._line += text
        if len(self._line) > LONGEST_START:
            line = self._line
            self._begin(line[:LONGEST_START])
            self._blocks.more(line[LONGEST_START:])

    def _begin(self, line: str) -> None:
        self._blocks.begin(line)
        self._line, self._begun = "", True

    def _end_line(self) -> None:
        if not self._begun:
            self._begin(self._line)
        self._blocks.end()
        self._begun = False
