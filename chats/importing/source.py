"""Finds the conversations in a file: JSON, lines of JSON, or a ZIP file that holds these.

Yields one at a time what came of it: a conversation, or the reason why one is none. Knows no
Django and writes nothing.
"""

import codecs
import json
import signal
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO, Any, Final

import ijson

from chats.importing import archive, chatgpt, claude, librechat, open_webui, parley
from chats.importing.archive import Archive
from chats.importing.bounds import bound
from chats.importing.detect import product_of
from chats.importing.files import Files, Tell
from chats.importing.neutral import MAX_ITEM, MAX_MESSAGES, FoundConversation, ItemError, text
from chats.importing.stream import HEAD, ITEMS, Item, Splitter
from chats.importing.tree import arrange

MAX_DEPTH: Final = 250_000
"""Of brackets in one conversation; LibreChat nests two for each message."""
MAX_BAD: Final = 200
"""Items in a row that are nothing: what has so many and not one conversation is no export."""
STEP: Final = 60.0
"""Seconds of the processor for one conversation."""
MAX_SLOW: Final = 3
"""Conversations that take longer. A file with so many is not read further."""

_CHUNK: Final = 1 << 20
_SHALLOW: Final = 400
"""Python's own parser is recursive, and the faster one up to here."""
_JSON: Final = (".json", ".jsonl", ".ndjson")
_READERS: Final[dict[str, Callable[[Mapping[str, Any], Files], FoundConversation]]] = {
    "chatgpt": chatgpt.read,
    "claude": claude.read,
    "librechat": librechat.read,
    "open_webui": open_webui.read,
}
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class SourceError(Exception):
    """The file as a whole is not read. `code` is one of `CODES`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


CODES: Final = frozenset(
    {
        "bomb", "broken_off", "damaged", "empty", "locked", "memory", "newer", "not_json",
        "nothing", "time",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """One conversation that cannot be taken."""

    code: str
    title: str = ""
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """One conversation, arranged."""

    product: str
    conversation: FoundConversation


class Source:
    """One uploaded file. `position` says how many of its `size` bytes are read."""

    def __init__(self, file: IO[bytes], *, tell: Tell | None = None) -> None:
        self._file = file
        self._tell = tell
        self.size = file.seek(0, 2)
        self.passed_over: dict[str, int] = {}
        """Entries of an archive that were not looked at, by why."""
        self.surroundings: parley.Surroundings | None = None
        """Of an export of Parley's, complete once its first conversation comes."""
        self._archive: Archive | None = None
        self._read = 0
        self._found = 0
        self._bad = 0
        self._slow = 0

    @property
    def position(self) -> int:
        """Of `size`: of an archive, what lies in front of the entry that is read."""
        return self._file.tell() if self._archive else self._read

    def read(self) -> Iterator[Found | Problem]:
        """What is in it. Raises SourceError."""
        self._file.seek(0)
        head = self._file.read(4)
        self._file.seek(0)
        if not head:
            raise SourceError("empty")
        if archive.is_archive(head):
            yield from self._read_archive()
        else:
            files = Files(tell=self._tell)
            yield from self._read_json(self._file, parley.Surroundings(files), files)
        if not self._found and not self._bad:
            raise SourceError("nothing")

    def _read_archive(self) -> Iterator[Found | Problem]:
        try:
            self._archive = opened = archive.open_archive(self._file)
        except archive.ArchiveError as error:
            raise SourceError(error.code) from error
        self.passed_over = opened.passed_over
        files = Files(opened.entries, self._tell)
        around = parley.Surroundings(files)
        names = [name for name in opened.entries if name.lower().endswith(_JSON)]
        if any(name.startswith("conversations/") for name in names):
            self._read_manifest(opened, around)
        for name in sorted(names):
            if name == parley.MANIFEST:
                continue
            try:
                with opened.open(name) as entry:
                    # What is beside the conversations is in other files, which are nothing wrong.
                    yield from self._read_json(entry, around, files, is_entry=True)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError):
                self._bad += 1
                yield Problem("damaged", name[:200])

    def _read_manifest(self, opened: Archive, around: parley.Surroundings) -> None:
        """What Parley's conversations refer to. Raises SourceError where it is missing or newer."""
        if parley.MANIFEST not in opened.entries:
            raise SourceError("broken_off")
        try:
            with opened.open(parley.MANIFEST) as entry:
                for item in Splitter(limit=MAX_ITEM, max_depth=100).split(_chunks(entry)):
                    if item.data is None:
                        raise SourceError("damaged")
                    value = _parsed(item)
                    _check_version(value)
                    for section in ("folders", "tags", "files") if item.section == ITEMS else ():
                        for each in value.get(section) or ():
                            around.add(section, each if isinstance(each, dict) else {})
                    if item.section not in (HEAD, ITEMS):
                        around.add(item.section, value)
        except (zipfile.BadZipFile, zlib.error, EOFError, ItemError, OSError) as error:
            raise SourceError("damaged") from error

    def _read_json(
        self, file: IO[bytes], around: parley.Surroundings, files: Files, *, is_entry: bool = False
    ) -> Iterator[Found | Problem]:
        """The conversations of one stream of JSON."""
        bad = 0
        found = 0
        for item in Splitter(limit=MAX_ITEM, max_depth=MAX_DEPTH).split(
            self._counted(file, is_entry=is_entry)
        ):
            try:
                with _in_time():
                    result = self._take(item, around, files)
            except ItemError as error:
                self._slow += error.code == "slow"
                if self._slow >= MAX_SLOW:
                    raise SourceError("time") from error
                if is_entry and not found and error.code == "not_conversation":
                    return
                bad += 1
                self._bad += 1
                yield Problem(error.code, **error.values)
                if bad >= MAX_BAD and not found:
                    raise SourceError("nothing") from error
                continue
            if result is not None:
                found += 1
                self._found += 1
                yield result

    def _take(self, item: Item, around: parley.Surroundings, files: Files) -> Found | None:
        """What an item is; None for what only goes with conversations. Raises ItemError."""
        if not item.is_whole:
            raise ItemError("cut")
        if item.data is None:
            raise ItemError("deep" if item.depth > MAX_DEPTH else "too_large")
        value = _parsed(item)
        if item.section == HEAD:
            _check_version(value)
            return None
        if item.section != ITEMS:
            around.add(item.section, value)
            return None
        product = product_of(value)
        if not product:
            raise ItemError("not_conversation", title=_title(value))
        try:
            if product == "parley":
                self.surroundings = around
                conversation = parley.read(value, around)
            else:
                conversation = _READERS[product](value, files)
            _check(conversation)
            arrange(conversation)
            bound(conversation)
        except MemoryError as error:
            raise ItemError("memory", title=_title(value)) from error
        if not conversation.messages:
            raise ItemError("empty", title=_title(value))
        return Found(product, conversation)

    def _counted(self, file: IO[bytes], *, is_entry: bool) -> Iterator[bytes]:
        """The stream as UTF-8, whatever it is in. Raises SourceError for what is no JSON."""
        chunks = _chunks(file)
        first = next(chunks, b"")
        encoding = next((name for bom, name in _BOMS if first.startswith(bom)), "")
        if not encoding and b"\0" in first[:4]:
            encoding = "utf-16-le" if first[1:2] == b"\0" else "utf-16-be"
        decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
        is_first = True
        chunk = first
        while chunk:
            self._read += len(chunk)
            data = decoder.decode(chunk).encode("utf-8", "replace") if decoder else chunk
            if is_first and not is_entry and data.lstrip()[:1] not in (b"{", b"["):
                raise SourceError("not_json")
            is_first = False
            yield data
            chunk = next(chunks, b"")


@contextmanager
def _in_time() -> Iterator[None]:
    """Raises ItemError in what takes too long. The process of this module has one thread."""

    def end(_number: int, _frame: object) -> None:
        raise ItemError("slow")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, STEP)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _parsed(item: Item) -> dict[str, Any]:
    """The object of an item. Raises ItemError."""
    try:
        words = (item.data or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise ItemError("encoding") from error
    try:
        if item.depth > _SHALLOW:
            value = _parsed_iteratively(words)
        else:
            value = json.loads(words, parse_constant=lambda _name: None)
    except (ValueError, RecursionError, ijson.JSONError) as error:
        raise ItemError("damaged") from error
    except MemoryError as error:
        raise ItemError("memory") from error
    if not isinstance(value, dict):
        raise ItemError("not_conversation")
    return value


def _parsed_iteratively(words: str) -> Any:
    """What is nested too deeply for a recursive parser."""
    builder = ijson.ObjectBuilder()
    for event, value in ijson.basic_parse(BytesIO(words.encode()), use_float=True):
        builder.event(event, value)
    return builder.value


def _check_version(head: Mapping[str, Any]) -> None:
    """Raises SourceError for an export of a later version of Parley."""
    if head.get("format") == parley.FORMAT and head.get("version") != parley.VERSION:
        raise SourceError("newer")


def _check(conversation: FoundConversation) -> None:
    count = len(conversation.messages)
    if count > MAX_MESSAGES:
        raise ItemError(
            "too_many",
            title=conversation.title[:200],
            values={"count": count, "limit": MAX_MESSAGES},
        )


def _title(value: Mapping[str, Any]) -> str:
    return (text(value.get("title")) or text(value.get("name")))[:200]
