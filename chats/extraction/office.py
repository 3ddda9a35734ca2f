"""Word, PowerPoint and OpenDocument texts: XML in a ZIP file, read as a stream by expat.

Documents that declare entities are refused, so none can grow. Of Word: deleted text, field codes
and second versions for old programs are left out; tables are lines with bars.
"""

import re
from collections.abc import Callable
from typing import IO, Final
from xml.parsers import expat
from zipfile import ZipFile

from chats.extraction import RefusedError, archives
from chats.extraction.sink import Pages, Text

Attributes = dict[str, str]

_CHUNK: Final = 65_536
_HEADING: Final = re.compile(r"heading ?([1-6])", re.IGNORECASE)


class Words:
    """What the elements of a text mean, OOXML and OpenDocument alike, by their local names."""

    SKIPPED: Final = frozenset(
        {
            *("rPr", "sectPr", "tabs", "tabLst", "Fallback", "delText", "instrText"),
            *("tracked-changes", "annotation", "forms"),
        }
    )
    HOLDERS: frozenset[str] = frozenset({"t"})
    """Elements whose character data is text. OpenDocument has it in its paragraphs."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.skipped = 0
        self.holding = 0
        self.cells = 0

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        if self.skipped or name in self.SKIPPED:
            self.skipped += 1
            return
        match name:
            case "tab":
                self.text.write("\t")
            case "br" | "cr" | "line-break":
                self.text.write(" " if self.cells else "\n")
            case "tr" | "table-row":
                self.text.write("| ")
            case "tc" | "table-cell":
                self.cells += 1
            case "pStyle" if found := _HEADING.fullmatch(attributes.get("val", "")):
                self.text.write("#" * int(found[1]) + " ")
            case "numPr" | "list-item":
                self.text.write("- ")
            case "h":
                level = attributes.get("outline-level", "1")
                self.text.write("#" * min(6, int(level) if level.isdigit() else 1) + " ")
            case "s":
                count = attributes.get("c", "1")
                self.text.write(" " * min(20, int(count) if count.isdigit() else 1))
        self.holding += name in self.HOLDERS

    def end(self, name: str) -> None:
        """An element ends."""
        if self.skipped:
            self.skipped -= 1
            return
        self.holding -= name in self.HOLDERS
        match name:
            case "p" | "h":
                self.text.write(" " if self.cells else "\n")
            case "tc" | "table-cell":
                self.cells -= 1
                self.text.write("| ")
            case "tr" | "table-row":
                self.text.write("\n")

    def data(self, characters: str) -> None:
        """Character data."""
        if self.holding and not self.skipped:
            self.text.write(characters)


class OpenWords(Words):
    """OpenDocument's, whose text stands in its paragraphs themselves."""

    HOLDERS = frozenset({"p", "h"})


def read_word(file: IO[bytes], text: Text, pages: Pages) -> None:
    """The body, then the notes."""
    found = archives.entries(file)
    body = [name for name in found if re.fullmatch(r"word/document\d*\.xml", name)]
    notes = [name for name in ("word/footnotes.xml", "word/endnotes.xml") if name in found]
    with ZipFile(file) as archive:
        for name in [*body[:1], *notes]:
            _parse(archive, name, Words(text))
            text.write("\n")


def read_slides(file: IO[bytes], text: Text, pages: Pages) -> None:
    """Slide by slide."""
    found = archives.entries(file)
    numbers = (re.fullmatch(r"ppt/slides/slide(\d{1,6})\.xml", name) for name in found)
    slides = sorted((int(match[1]), match[0]) for match in numbers if match)
    pages.begin(len(slides))
    with ZipFile(file) as archive:
        for number, name in slides:
            text.check_time()
            text.write(f"[Slide {number}]\n")
            _parse(archive, name, Words(text))
            text.write("\n")
            pages.turn()


def read_open(file: IO[bytes], text: Text, pages: Pages) -> None:
    """An OpenDocument text or presentation."""
    archives.entries(file)
    with ZipFile(file) as archive:
        _parse(archive, "content.xml", OpenWords(text))


def _parse(archive: ZipFile, name: str, words: Words) -> None:
    with archive.open(name) as stream:
        parse_xml(stream, words.start, words.end, words.data)


def parse_xml(
    stream: IO[bytes],
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
) -> None:
    """Names come without prefix. Raises RefusedError for what is no XML, or declares entities."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_declared: object) -> None:
        raise RefusedError("bomb")

    def begin(name: str, attributes: Attributes) -> None:
        start(_local(name), {_local(key): value for key, value in attributes.items()})

    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda name: end(_local(name))
    parser.CharacterDataHandler = data
    try:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise RefusedError("damaged") from error


def _local(name: str) -> str:
    return name.rpartition(":")[2]
