"""Cuts a stream of JSON into its conversations without parsing it.

Only strings and brackets are looked at, in one pass with flat memory. So a file of any size is
read one conversation at a time, one that is too large is counted and passed over without being
kept, one that is damaged does not hide those after it, and of a file that ends too early all but
the last is there. A parser of the whole (ijson) can do none of these three.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

ITEMS: Final = "conversations"
"""The section of items of a list, of objects one after the other, and of the list of this name in
one object."""
HEAD: Final = "head"
"""What stands before the first list in one object that has `ITEMS`."""
SECTIONS: Final = frozenset({"folders", "tags", "files", ITEMS})
"""Lists in one object that are taken item by item where it is an export of Parley."""
OTHER: Final = ""
"""What else such an object has."""

_OUTSIDE: Final = re.compile(rb'"[^"\\]*"|["{}\[\]]')
_INSIDE: Final = re.compile(rb'["\\]')
_NAME_LENGTH: Final = 32
_HEAD_LENGTH: Final = 200
_OWN_MARK: Final = b'"parley-export"'


@dataclass(frozen=True, slots=True)
class Item:
    """One object as bytes. `data` is None for one over the limit."""

    section: str
    data: bytes | None
    depth: int
    """Of the brackets in it."""
    is_whole: bool = True


class Splitter:
    """Cuts chunks of bytes into items; feed it with `split`."""

    def __init__(self, *, limit: int, max_depth: int) -> None:
        self._limit = limit
        self._max_depth = max_depth
        self._level = 0
        """How many brackets stand around an item."""
        self._depth = 0
        self._deepest = 0
        self._is_in_string = False
        self._skips = False
        """The next byte belongs to a backslash."""
        self._name = b""
        """The last string that stood directly in the outermost object."""
        self._section = ITEMS
        self._has_sections = False
        self._kept: bytearray | None = None
        self._is_too_large = False

    def split(self, chunks: Iterable[bytes]) -> Iterator[Item]:
        """The items, in order. At the end one that is not whole, if the data broke off."""
        for chunk in chunks:
            yield from self._take(chunk)
        if self._depth or self._is_in_string:
            yield Item(self._section, None, self._deepest, is_whole=False)

    def _take(self, chunk: bytes) -> Iterator[Item]:
        start = at = 0
        while True:
            if self._is_in_string:
                at = self._leave_string(chunk, at)
                if self._is_in_string:
                    break
            found = _OUTSIDE.search(chunk, at)
            if self._depth == self._level:
                yield from self._between(chunk[at : found.start() if found else None], found)
            if found is None:
                break
            at = found.end()
            mark = chunk[found.start()]
            if mark == 0x22:
                self._enter_string(found[0])
            elif mark in b"}]":
                yield from self._close(chunk, start, at)
            elif mark == 0x5B and self._is_section(chunk[start : start + _HEAD_LENGTH]):
                if self._kept is not None:
                    self._keep(chunk, start, at - 1)
                    yield self._head()
                self._enter_section()
            else:
                if self._depth == self._level:
                    self._begin()
                    start = found.start()
                self._depth += 1
                self._deepest = max(self._deepest, self._depth - self._level)
        if self._kept is not None:
            self._keep(chunk, start, len(chunk))

    def _between(self, gap: bytes, found: re.Match[bytes] | None) -> Iterator[Item]:
        """What stands in a list of items and is neither object nor list: numbers, words, strings.

        One that the end of a chunk cuts counts as two.
        """
        if not self._level or self._section != ITEMS:
            return
        if found and found[0].startswith(b'"'):
            gap += b'""'
        for value in gap.translate(None, b" \t\r\n").split(b","):
            if value:
                yield Item(ITEMS, b"null", 0)

    def _close(self, chunk: bytes, start: int, at: int) -> Iterator[Item]:
        """A bracket closes: an item, a list of items, or something in one."""
        if not self._depth:
            return
        self._depth -= 1
        if self._depth == self._level and self._kept is not None:
            self._keep(chunk, start, at)
            yield self._end()
        elif self._depth < self._level:
            self._level = self._depth
            self._section = OTHER if self._depth else ITEMS
            self._has_sections = self._depth > 0

    def _enter_string(self, found: bytes) -> None:
        if len(found) == 1:
            self._is_in_string = True
            self._name = b""
        elif self._depth == 1:
            self._name = found[1:-1] if len(found) < _NAME_LENGTH else b""

    def _leave_string(self, chunk: bytes, at: int) -> int:
        """Where the string ends, or the chunk."""
        begun = at
        if self._skips and chunk:
            self._skips = False
            at += 1
        while (found := _INSIDE.search(chunk, at)) is not None:
            at = found.end()
            if found[0] == b'"':
                self._is_in_string = False
                self._name_on(chunk[begun : at - 1])
                return at
            if at == len(chunk):
                self._skips = True
            at += 1
        self._name_on(chunk[begun : begun + _NAME_LENGTH])
        return len(chunk)

    def _name_on(self, piece: bytes) -> None:
        if self._depth == 1:
            self._name = (self._name + piece[:_NAME_LENGTH])[:_NAME_LENGTH]

    def _is_section(self, begun: bytes) -> bool:
        """Whether a bracket opens a list of items instead of an item, or something in one."""
        if self._depth == 0:
            return True
        name = self._name.decode("latin-1")
        if self._depth != 1 or (self._level and not self._has_sections):
            return False
        head = bytes(self._kept or b"")[:_HEAD_LENGTH] + begun
        is_own = self._has_sections or _OWN_MARK in head[:_HEAD_LENGTH]
        return name == ITEMS or (is_own and name in SECTIONS)

    def _enter_section(self) -> None:
        self._section = self._name.decode("latin-1") if self._depth else ITEMS
        self._has_sections = self._depth > 0
        self._depth += 1
        self._level = self._depth

    def _head(self) -> Item:
        data = None if self._is_too_large or self._kept is None else bytes(self._kept) + b"[]}"
        self._kept = None
        return Item(HEAD, data, 1)

    def _begin(self) -> None:
        self._kept = bytearray()
        self._is_too_large = False
        self._deepest = 0

    def _keep(self, chunk: bytes, start: int, end: int) -> None:
        if self._kept is None or self._is_too_large:
            return
        if len(self._kept) + end - start > self._limit or self._deepest > self._max_depth:
            self._is_too_large = True
            self._kept.clear()
        else:
            self._kept += chunk[start:end]

    def _end(self) -> Item:
        data = None if self._is_too_large or self._kept is None else bytes(self._kept)
        self._kept = None
        return Item(self._section, data, self._deepest)
