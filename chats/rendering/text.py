"""Paragraphs and headings.

Text comes in pieces of any size. What is committed of it, and when, depends on the text alone.
"""

from dataclasses import dataclass, field

from chats.rendering.body import Body
from chats.rendering.markdown import Inline
from chats.rendering.table import MAX_HEADER

# A paragraph that grows beyond this is committed in parts, at places where nothing is open. Where
# there is none, larger beginnings are tried; what is open for longer than the last is cut and shown
# as typed.
PART = 600  # characters
_WINDOWS = (PART, 1_200, 2_400, 4_800)


@dataclass
class Looseness:
    """Whether a list's items have paragraphs. Known for sure only when the list ends, so each item
    goes by what is known when its text is committed."""

    loose: bool = False


@dataclass
class Text:
    """A paragraph or heading."""

    body: Body
    inline: Inline
    tag: str = "p"
    looseness: Looseness | None = None  # of the list whose item this is in
    prefix: str = ""
    buffer: str = ""
    header_from: int | None = 0  # where the last line begins; None when it cannot be a header
    started: bool = field(default=False, init=False)
    _wrapped: bool = field(default=False, init=False)
    _windows: tuple[int, ...] = field(default=_WINDOWS, init=False)

    @property
    def bare(self) -> bool:
        """Whether it stands in its list item without a `<p>`."""
        tight = self.looseness is not None and not self.looseness.loose
        return not self._wrapped and self.tag == "p" and (tight or self.started)

    def next_line(self, *, header: bool) -> None:
        """A continuation line begins; `header` says whether it could be a table's header."""
        self.add("\n")
        self.header_from = len(self.buffer) if header else None

    def add(self, text: str) -> None:
        for start in range(0, len(text), PART):
            self.buffer += text[start : start + PART]
            self._commit_parts()

    def end_line(self) -> None:
        pass

    @property
    def last_line(self) -> str:
        """The last line, if it could be a table's header."""
        return "" if self.header_from is None else self.buffer[self.header_from :]

    def drop_last_line(self) -> None:
        """Remove the last line, which turned out to be a table's header."""
        self.buffer = self.buffer[: self.header_from]

    def take_definitions(self) -> bool:
        """Take link reference definitions off the start; whether text is left."""
        if not self.started:
            self.buffer = self.inline.without_definitions(self.buffer)
        return bool(self.buffer.strip())

    def finish(self) -> str:
        """HTML of what is left, without its element."""
        self.take_definitions()
        text = self._trimmed(self.buffer)
        return self._prefixed(self.inline.html(text)) if text else ""

    def close(self) -> None:
        self.emit(self.finish())

    def emit(self, html: str) -> None:
        """Commit the last part and close the element."""
        if self.started or self.bare:
            self.body.append(html)
            if self._wrapped:
                self.body.ascend()
            elif html or self.started:
                self.body.append("\n")
        elif html or self.tag != "p":
            self.body.append(f"<{self.tag}>{html}</{self.tag}>\n")

    def preview(self) -> str:
        text = self.buffer
        if not self.started:
            text = self.inline.without_definitions(text, preview=True)
        text = self._trimmed(text)
        if not text and self.tag == "p":
            return ""
        html = self._prefixed(self.inline.preview(text))
        return html if self.started or self.bare else f"<{self.tag}>{html}</{self.tag}>\n"

    def _trimmed(self, text: str) -> str:
        text = text.rstrip(" \t\n") if self.started else text.strip(" \t\n")
        return text if self.tag == "p" else _without_closing_marks(text)

    def _prefixed(self, html: str) -> str:
        return html if self.started else self.prefix + html

    def _commit_parts(self) -> None:
        while len(self.buffer) >= self._windows[0]:
            window = self.buffer[: self._windows[0]]
            if not self.started and self._drop_definitions(window):
                continue
            found = self._settled_part(window)
            if found is None and len(self._windows) > 1:
                self._windows = self._windows[1:]
            else:
                self._commit(*(found or self._forced_part(window)))

    def _drop_definitions(self, window: str) -> bool:
        end = window.rfind("\n[") + 1
        if not window.startswith("[") or not end:
            return False
        if self.inline.without_definitions(window[:end], preview=True):
            return False
        self.inline.without_definitions(window[:end])
        self._cut(end)
        return True

    def _settled_part(self, window: str) -> tuple[int, str] | None:
        """End and HTML of a first part of `window` that later text cannot change."""
        limit = len(window) - 1
        last_line = window.rfind("\n") + 1
        if len(window) - last_line < MAX_HEADER and "|" in window[last_line:]:
            limit = min(limit, last_line)  # it may be a table's header
        elif last_line and len(window) - last_line < PART // 2:
            limit = min(limit, last_line)
        tried = set()
        for mark in ("\n", ". ", " "):
            found = window.rfind(mark, len(window) // 4, limit)
            end = found + len(mark)
            if found < 0 or end in tried or window[end].isspace():
                continue
            tried.add(end)
            html = self.inline.html_if_settled(window[:end])
            if html is not None:
                return end, html
        return None

    def _forced_part(self, window: str) -> tuple[int, str]:
        end = window.rfind(" ", PART) + 1 or len(window)
        return end, self.inline.html(window[:end])

    def _commit(self, end: int, html: str) -> None:
        if not self.started:
            self._wrapped = not self.bare
            if self._wrapped:
                self.body.descend(f"<{self.tag}>", f"</{self.tag}>\n")
        self.body.append(self._prefixed(html))
        self.started = True
        self._cut(end)

    def _cut(self, end: int) -> None:
        self.buffer = self.buffer[end:]
        self._windows = _WINDOWS
        if self.header_from is not None:
            begin = self.header_from - end
            self.header_from = begin if begin >= 0 else None


def _without_closing_marks(text: str) -> str:
    """An ATX heading without the `#`s at its end."""
    kept = text.rstrip("#")
    return kept.rstrip(" \t") if kept != text and kept[-1:] in ("", " ", "\t") else text
