"""EPUB: pages of HTML in a ZIP file, in the order that its package tells."""

import posixpath
from html.parser import HTMLParser
from typing import IO, Final
from urllib.parse import unquote
from zipfile import ZipFile

from chats.extraction import RefusedError, archives
from chats.extraction.office import Attributes, parse_xml
from chats.extraction.sink import Pages, Text

_BLOCKS: Final = frozenset(
    {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr"}
)
_SKIPPED: Final = frozenset({"head", "script", "style"})


class _Page(HTMLParser):
    """The words of a page."""

    def __init__(self, text: Text) -> None:
        super().__init__(convert_charrefs=True)
        self.text = text
        self.skipped = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.skipped += tag in _SKIPPED

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        if tag in _BLOCKS:
            self.text.write("\n")

    def handle_endtag(self, tag: str) -> None:
        self.skipped = max(0, self.skipped - (tag in _SKIPPED))
        if tag in _BLOCKS:
            self.text.write("\n")

    def handle_data(self, data: str) -> None:
        if not self.skipped and data.strip("\r\n\t "):
            self.text.write(data.replace("\r", " ").replace("\n", " "))


def read(file: IO[bytes], text: Text, pages: Pages) -> None:
    """Chapter by chapter."""
    found = archives.entries(file)
    with ZipFile(file) as archive:
        chapters = [name for name in _order(archive) if name in found]
        pages.begin(len(chapters))
        for name in chapters:
            text.check_time()
            page = _Page(text)
            page.feed(archive.read(name).decode("utf-8", "replace"))
            page.close()
            text.write("\n\n")
            pages.turn()


def _order(archive: ZipFile) -> list[str]:
    """The chapters' names in the archive."""
    roots = [each["full-path"] for each in _elements(archive, "META-INF/container.xml", "rootfile")]
    if not roots:
        raise RefusedError("damaged")
    folder = posixpath.dirname(roots[0])
    items = {each["id"]: each["href"] for each in _elements(archive, roots[0], "item")}
    order = [each["idref"] for each in _elements(archive, roots[0], "itemref")]
    return [
        posixpath.normpath(posixpath.join(folder, unquote(items[id_])))
        for id_ in order
        if id_ in items
    ]


def _elements(archive: ZipFile, name: str, wanted: str) -> list[Attributes]:
    """The attributes of all elements of that name."""
    found: list[Attributes] = []

    def start(element: str, attributes: Attributes) -> None:
        if element == wanted:
            found.append(attributes)

    with archive.open(name) as stream:
        parse_xml(stream, start, lambda _name: None, lambda _data: None)
    return found
