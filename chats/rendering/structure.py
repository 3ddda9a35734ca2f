"""What is open at a place in the text: containers and the leaf in them, and how they close."""

from dataclasses import dataclass, field

from chats.rendering.body import Body
from chats.rendering.leaves import Leaf, Maths
from chats.rendering.markdown import Inline
from chats.rendering.table import Table
from chats.rendering.text import Looseness, Text


@dataclass
class Quote:
    """An open block quote."""


@dataclass
class List(Looseness):
    """An open list; `kind` is its bullet or its number's delimiter."""

    kind: str = ""


@dataclass
class Item:
    """An open list item, whose content begins `width` columns in."""

    parent: List
    width: int
    filled: bool = False
    # Its last paragraph, closed by a blank line: the next line tells whether the list is loose.
    waiting: tuple[Text, str] | None = None

    def settle(self) -> None:
        """Commit the paragraph that waited."""
        if self.waiting:
            text, html = self.waiting
            self.waiting = None
            text.emit(html)


Container = Quote | List | Item


@dataclass
class OpenBlocks:
    """The open containers, outermost first, and the leaf in the innermost one."""

    body: Body
    inline: Inline
    containers: list[Container] = field(default_factory=list)
    leaf: Leaf | None = None
    matched: int = 0  # how many containers the current line continues
    blank_in: int | None = None  # number of quotes around the blank line just before

    @property
    def top(self) -> Container | None:
        """The innermost container."""
        return self.containers[-1] if self.containers else None

    @property
    def all_matched(self) -> bool:
        """Whether the current line continues every container."""
        return self.matched == len(self.containers)

    @property
    def continued_paragraph(self) -> Text | None:
        """The paragraph that the current line can continue without laziness."""
        return self.leaf if isinstance(self.leaf, Text) and self.all_matched else None

    def quotes(self, depth: int) -> int:
        """How many of the outer `depth` containers are quotes."""
        return sum(isinstance(container, Quote) for container in self.containers[:depth])

    def make_room(self, kind: str = "") -> None:
        """Close what a new block ends; `kind` is that of the list which an item may continue."""
        top = self.containers[self.matched - 1] if self.matched else None
        spaced = self.blank_in is not None and self.blank_in == self.quotes(self.matched)
        if isinstance(top, List) and top.kind == kind:
            top.loose = top.loose or spaced
        self.close_leaf()
        self.close_to(self.matched)
        if isinstance(top, List) and top.kind != kind:
            self.matched -= 1
            self.close_to(self.matched)
            top = self.top
        if isinstance(top, Item):
            top.parent.loose = top.parent.loose or (spaced and top.filled)
            top.settle()
            top.filled = True
        self.blank_in = None

    def open(self, container: Container, head: str, closing: str) -> None:
        """Go into a new container."""
        self.containers.append(container)
        self.matched = len(self.containers)
        self.body.descend(head, closing)

    def new_text(self, tag: str = "p") -> Text:
        """A paragraph or heading in the innermost container."""
        in_list = self.top.parent if isinstance(self.top, Item) else None
        return Text(self.body, self.inline, tag=tag, looseness=in_list)

    def as_paragraph(self, leaf: Maths | Table) -> Text:
        """What looked like a formula or row is text after all."""
        if isinstance(leaf, Table):
            source, leaf.row = leaf.row, ""
            leaf.close()
        else:
            source = leaf.source
        text = self.new_text()
        text.header_from = None
        text.add(source)
        return text

    def close_leaf(self) -> None:
        """Commit the rest of the leaf."""
        leaf, self.leaf = self.leaf, None
        if isinstance(leaf, Maths) and not leaf.closed:
            leaf = self.as_paragraph(leaf)
        if leaf is not None:
            leaf.close()

    def close_to(self, depth: int) -> None:
        """Close all but the outer `depth` containers, and what is in them."""
        if len(self.containers) > depth:
            self.close_leaf()
        while len(self.containers) > depth:
            container = self.containers.pop()
            if isinstance(container, Item):
                container.settle()
            self.body.ascend()

    def end_paragraph_at_blank(self) -> None:
        """Close what a blank line ends."""
        self.close_to(self.matched)
        text, top = self.leaf, self.top
        if isinstance(text, Text) and isinstance(top, Item) and text.bare and not text.started:
            self.leaf = None
            top.waiting = (text, text.finish())
        else:
            self.close_leaf()
        self.blank_in = self.quotes(len(self.containers))

    def preview(self) -> str:
        """HTML of what is not committed, for the end of the innermost open element."""
        html = ""
        if isinstance(self.top, Item) and self.top.waiting:
            text, inner = self.top.waiting
            html = inner if text.bare else f"<p>{inner}</p>\n"
        return html + (self.leaf.preview() if self.leaf else "")
