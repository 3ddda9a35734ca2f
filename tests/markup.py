"""A small tree of HTML elements, for tests that look at pages without a browser."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from typing import Final

VOID: Final = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)


@dataclass(eq=False)
class Element:
    """One element; `children` are elements and texts."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Element | str]" = field(default_factory=list)

    def elements(self) -> "Iterator[Element]":
        """All elements below this one, in the order of the document."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.elements()

    def all(self, matches: "Callable[[Element], bool]") -> "list[Element]":
        """Those below that match."""
        return [element for element in self.elements() if matches(element)]

    def by_class(self, name: str) -> "list[Element]":
        """Those below with a class."""
        return self.all(lambda element: name in element.attributes.get("class", "").split())

    def by_tag(self, tag: str) -> "list[Element]":
        """Those below of a kind."""
        return self.all(lambda element: element.tag == tag)

    @property
    def text(self) -> str:
        """All text below, as it stands."""
        return "".join(c.text if isinstance(c, Element) else c for c in self.children)

    @property
    def inner(self) -> str:
        """The markup below, always spelled the same way; neighbouring texts are one."""
        return "".join(c.outer if isinstance(c, Element) else escape(c) for c in self.children)

    @property
    def outer(self) -> str:
        """The markup of this element with all below."""
        pairs = "".join(f' {name}="{escape(value)}"' for name, value in self.attributes.items())
        end = "" if self.tag in VOID else f"{self.inner}</{self.tag}>"
        return f"<{self.tag}{pairs}>{end}"


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self.stack = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.stack[-1].children.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.stack) - 1, 0, -1):
            if self.stack[depth].tag == tag:
                del self.stack[depth:]
                return

    def handle_data(self, data: str) -> None:
        self.stack[-1].children.append(data)


def parse(html: str) -> Element:
    """The tree of a page or of a part of one, below a root without a name."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root
