"""Blocks that hold text of their own kind: code and maths."""

from dataclasses import dataclass
from typing import Protocol

from django.utils.html import escape

from chats.rendering.body import Body
from chats.rendering.highlight import MAX_LINE, Highlighter
from chats.rendering.maths import MAX_SOURCE, to_mathml
from chats.rendering.sanitise import clean_code, clean_inline


class Leaf(Protocol):
    """A block that takes text."""

    def add(self, text: str) -> None:
        """More of the current line."""

    def end_line(self) -> None:
        """The current line is complete."""

    def close(self) -> None:
        """Commit what is left."""

    def preview(self) -> str:
        """HTML of what is not committed yet."""


@dataclass(frozen=True)
class Fence:
    """How fenced code began."""

    char: str
    length: int
    indent: int

    def is_closed_by(self, content: str) -> bool:
        """Whether a line, without its indentation, ends the code."""
        run = content.rstrip(" \t")
        return len(run) >= self.length and run == self.char * len(run)


class Code:
    """Fenced or indented code."""

    def __init__(
        self, body: Body, language: str, copy_label: str, fence: Fence | None = None
    ) -> None:
        self.body = body
        self.fence = fence
        self._blank_lines: list[str] = []
        self._highlighter = Highlighter(language)
        self._line = ""
        self._long = False
        body.descend(
            '<div class="code"><div class="code-head">'
            f'<span class="code-lang">{escape(language)}</span>'
            '<button type="button" class="code-copy" data-action="copy-code">'
            f'{escape(copy_label)}</button></div><pre tabindex="0"><code class="hl">',
            "</code></pre></div>\n",
        )

    def hold_blank_line(self, text: str) -> None:
        """A blank line of indented code. It counts only if more code follows."""
        self._blank_lines.append(text)

    def add(self, text: str) -> None:
        if self._blank_lines:
            self.body.append(clean_code(escape("\n".join([*self._blank_lines, ""]))))
            self._blank_lines.clear()
        if not self._long:
            self._line += text
            text = self._line
            if len(text) <= MAX_LINE:
                return
            self._long, self._line = True, ""
        self.body.append(clean_code(escape(text)))

    def end_line(self) -> None:
        if not self._long:
            self.body.append(clean_code(self._highlighter.line(self._line)))
        self.body.append("\n")
        self._long, self._line = False, ""

    def close(self) -> None:
        self.body.ascend()

    def preview(self) -> str:
        return clean_code(self._highlighter.preview(self._line)) if self._line else ""


class Maths:
    """A formula over several lines. Too long ones, and those that never close, are a paragraph."""

    def __init__(self, body: Body, opening: str) -> None:
        self.body = body
        self.closing = "$$" if opening == "$$" else "\\]"
        self.source = ""
        self.closed = False

    @staticmethod
    def opens(content: str) -> bool:
        """Whether a line begins a formula that does not end in it."""
        opening = content[:2]
        closing = {"$$": "$$", "\\[": "\\]"}.get(opening)
        return closing is not None and closing not in content[2:]

    @property
    def too_long(self) -> bool:
        """Whether this can be no formula any more."""
        return len(self.source) > MAX_SOURCE

    def add(self, text: str) -> None:
        self.source += text

    def end_line(self) -> None:
        self.closed = self.source[2:].rstrip().endswith(self.closing)
        if not self.closed:
            self.source += "\n"

    def close(self) -> None:
        formula = self.source.rstrip()[2:-2]
        self.body.append(clean_inline(to_mathml(formula, display=True)) + "\n")

    def preview(self) -> str:
        return clean_inline(f"<code>{escape(self.source)}</code>")
