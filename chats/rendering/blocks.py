"""The block structure of Markdown, line by line, after the algorithm in CommonMark's appendix.

markdown-it-py parses a whole text at once; here a line is looked at once, when it arrives, at every
depth of nesting, and what it ends is committed. Known differences: a list's items are tight or
loose each by what is known when they are committed, and nesting ends at `MAX_DEPTH`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from chats.rendering.body import Body
from chats.rendering.leaves import Code, Fence, Maths
from chats.rendering.lines import Line
from chats.rendering.markdown import Inline
from chats.rendering.structure import Item, List, OpenBlocks, Quote
from chats.rendering.table import MAX_ROW, Table, table_shape
from chats.rendering.text import Text

MAX_DEPTH = 40
CHECKBOX = '<input class="task" type="checkbox" disabled{} aria-label="{}"> '

_FENCE = re.compile(r"`{3,}+(?!.*`)|~{3,}+")
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}(?![^\s{,:])", re.ASCII)
_HEADING = re.compile(r"(#{1,6})(?=[ \t]|$)")
_UNDERLINE = re.compile(r"(=+|-+)[ \t]*")
_RULE = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})")
_MARKER = re.compile(r"([-+*])|([0-9]{1,9})([.)])")
_CHECKBOX = re.compile(r"\[([ xX])\][ \t]+(?=\S)")


@dataclass(frozen=True, slots=True)
class Labels:
    """What the controls in a text are called, in the reader's language."""

    copy: str
    done: str
    open: str


class Blocks:
    """Reads lines into the open blocks. A line comes as `begin`, any number of `more`, `end`."""

    def __init__(self, body: Body, inline: Inline, labels: Labels) -> None:
        self._body = body
        self._inline = inline
        self._labels = labels
        self._open = OpenBlocks(body, inline)
        self._writing = False  # whether the current line's text goes to the leaf

    @property
    def in_plain_fence(self) -> bool:
        """Whether a line now is code or a closing fence, nothing else."""
        leaf = self._open.leaf
        return isinstance(leaf, Code) and leaf.fence is not None and not self._open.containers

    def begin(self, text: str) -> None:
        """The start of a line: all of it, or as much as `lines.is_settled` wants."""
        line = Line(text)
        self._writing = False
        self._open.matched = self._match_containers(line)
        if self._open.all_matched and self._continue_verbatim(line):
            return
        fresh_item = False
        while not line.blank and len(self._open.containers) < MAX_DEPTH:
            started = self._start(line)
            if started is None:
                break
            if started:
                return
            fresh_item = isinstance(self._open.top, Item)
        if not line.blank:
            self._add_line(line, fresh_item=fresh_item)
        elif not fresh_item:
            self._open.end_paragraph_at_blank()

    def more(self, text: str) -> None:
        """More of the line that has begun."""
        if not self._writing:
            # What began as a rule or the like goes on for thousands of characters.
            self._open.make_room()
            self._open.leaf = self._open.new_text()
        self._write(text)

    def end(self) -> None:
        """The line is complete."""
        leaf = self._open.leaf
        if not self._writing or leaf is None:
            return
        leaf.end_line()
        heading = isinstance(leaf, Text) and leaf.tag != "p"
        if heading or (isinstance(leaf, Maths) and leaf.closed):
            self._open.close_leaf()

    def close(self) -> None:
        """The text is over."""
        self._open.close_to(0)
        self._open.close_leaf()

    def preview(self) -> str:
        """HTML of what is not committed, for the end of the innermost open element."""
        return self._open.preview()

    def _match_containers(self, line: Line) -> int:
        for depth, container in enumerate(self._open.containers):
            if isinstance(container, Quote):
                if line.indent > 3 or line.char != ">":
                    return depth
                _skip_quote_mark(line)
            elif isinstance(container, Item):
                if line.blank and container.filled:
                    line.skip_space()
                elif not line.blank and line.indent >= container.width:
                    line.skip(container.width)
                else:
                    return depth
        return len(self._open.containers)

    def _continue_verbatim(self, line: Line) -> bool:
        """Give the line to open code or maths; whether it was taken."""
        leaf = self._open.leaf
        if isinstance(leaf, Maths) and not line.blank:
            self._write(line.content)
            return True
        if not isinstance(leaf, Code):
            return False
        if leaf.fence is None:
            return self._continue_indented(leaf, line)
        if line.indent < 4 and leaf.fence.is_closed_by(line.content):
            self._open.close_leaf()
            return True
        line.skip(min(leaf.fence.indent, line.indent))
        self._write(line.rest())
        return True

    def _continue_indented(self, code: Code, line: Line) -> bool:
        if line.indent < 4 and not line.blank:
            return False
        line.skip(4)
        if line.blank:
            code.hold_blank_line(line.rest())
            self._open.blank_in = self._open.quotes(self._open.matched)
        else:
            self._open.blank_in = None
            self._write(line.rest())
        return True

    def _add_line(self, line: Line, *, fresh_item: bool) -> None:
        leaf = self._open.leaf
        if isinstance(leaf, Text):
            # Also for containers that the line does not continue: a lazy continuation.
            leaf.next_line(header=self._open.all_matched and line.indent < 4)
        elif not (isinstance(leaf, Table) and self._open.all_matched):
            self._open.make_room()
            self._open.leaf = text = self._open.new_text()
            if fresh_item and (checkbox := _CHECKBOX.match(line.content)):
                text.prefix = self._checkbox(checked=checkbox[1] != " ")
                line.skip(checkbox.end())
        self._write(line.content)

    def _checkbox(self, *, checked: bool) -> str:
        label = self._labels.done if checked else self._labels.open
        return CHECKBOX.format(" checked" if checked else "", escape(label))

    def _write(self, text: str) -> None:
        leaf = self._open.leaf
        if leaf is None:
            return
        self._writing = True
        leaf.add(text)
        if (isinstance(leaf, Maths) and leaf.too_long) or (
            isinstance(leaf, Table) and len(leaf.row) > MAX_ROW
        ):
            self._open.leaf = self._open.as_paragraph(leaf)

    # What a line can start: None for nothing, False for a container, True for a leaf

    def _start(self, line: Line) -> bool | None:
        if line.indent > 3:
            if isinstance(self._open.leaf, Text):
                return None
            line.skip(4)
            self._start_code("", None)
            self._write(line.rest())
            return True
        for start in _STARTS.get(line.char, ()):
            started = start(self, line)
            if started is not None:
                return started
        return None

    def _start_quote(self, line: Line) -> bool | None:
        self._open.make_room()
        _skip_quote_mark(line)
        self._open.open(Quote(), "<blockquote>", "</blockquote>\n")
        return False

    def _start_heading(self, line: Line) -> bool | None:
        match = _HEADING.match(line.content)
        if not match:
            return None
        self._open.make_room()
        self._open.leaf = self._open.new_text(f"h{len(match[1])}")
        self._write(line.content[match.end() :])
        return True

    def _start_fence(self, line: Line) -> bool | None:
        match = _FENCE.match(line.content)
        if not match:
            return None
        language = _LANGUAGE.match(line.content[match.end() :].strip())
        fence = Fence(line.char, match.end(), line.indent)
        self._start_code(language[0] if language else "", fence)
        return True

    def _start_code(self, language: str, fence: Fence | None) -> None:
        self._open.make_room()
        self._open.leaf = Code(self._body, language, self._labels.copy, fence)

    def _start_table(self, line: Line) -> bool | None:
        text = self._open.continued_paragraph
        shape = table_shape(text.last_line, line.content) if text else None
        if text is None or shape is None:
            return None
        text.drop_last_line()
        self._open.make_room()
        self._open.leaf = Table(self._body, self._inline, *shape)
        return True

    def _start_underline(self, line: Line) -> bool | None:
        text = self._open.continued_paragraph
        match = _UNDERLINE.fullmatch(line.content)
        if text is None or not match or text.started or not text.take_definitions():
            return None
        text.tag = "h1" if match[1][0] == "=" else "h2"
        self._open.close_leaf()
        return True

    def _start_rule(self, line: Line) -> bool | None:
        if not _RULE.fullmatch(line.content):
            return None
        self._open.make_room()
        self._body.append("<hr>\n")
        return True

    def _start_item(self, line: Line) -> bool | None:
        match = _MARKER.match(line.content)
        if not match or line.content[match.end() : match.end() + 1] not in ("", " ", "\t"):
            return None
        blank = not line.content[match.end() :].strip(" \t")
        if self._open.continued_paragraph and (blank or (match[2] and int(match[2]) != 1)):
            return None
        width = line.indent + match.end()
        line.skip(width)
        # Five columns and more after the marker are one, and indented code.
        space = 1 if line.blank or line.indent > 4 else line.indent
        line.skip(space)
        self._open_item(match, width + space, line)
        return False

    def _open_item(self, match: re.Match[str], width: int, line: Line) -> None:
        kind = match[1] or match[3]
        self._open.make_room(kind)
        parent = self._open.top
        if not isinstance(parent, List):
            parent = List(kind=kind)
            start = f' start="{int(match[2])}"' if match[2] and int(match[2]) != 1 else ""
            tag = "ul" if match[1] else "ol"
            self._open.open(parent, f"<{tag}{start}>", f"</{tag}>\n")
        head = '<li class="task">' if _CHECKBOX.match(line.content) else "<li>"
        self._open.open(Item(parent, width), head, "</li>\n")

    def _start_maths(self, line: Line) -> bool | None:
        if not Maths.opens(line.content):
            return None
        self._open.make_room()
        self._open.leaf = Maths(self._body, line.content[:2])
        self._write(line.content)
        return True


def _skip_quote_mark(line: Line) -> None:
    line.skip(line.indent + 1)
    if line.at_space:
        line.skip(1)


_STARTS: dict[str, tuple[Callable[[Blocks, Line], bool | None], ...]] = {
    ">": (Blocks._start_quote,),
    "#": (Blocks._start_heading,),
    "`": (Blocks._start_fence,),
    "~": (Blocks._start_fence,),
    "$": (Blocks._start_maths,),
    "\\": (Blocks._start_maths,),
    "=": (Blocks._start_underline,),
    "-": (Blocks._start_table, Blocks._start_underline, Blocks._start_rule, Blocks._start_item),
    "|": (Blocks._start_table,),
    ":": (Blocks._start_table,),
    "*": (Blocks._start_rule, Blocks._start_item),
    "_": (Blocks._start_rule,),
    "+": (Blocks._start_item,),
    **dict.fromkeys("0123456789", (Blocks._start_item,)),
}
