"""Starts the process that reads an upload, and follows it: nothing here parses the file.

What it says comes in lines of a size that is bounded, so that taking one up never holds the server.
"""

import binascii
import json
import signal
import tempfile
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final

from django.conf import settings

from chats.extraction import RefusedError
from chats.extraction.call import lines, start
from chats.importing.neutral import FoundConversation, FoundFile, FoundMessage

_SECONDS: Final = 3600.0
_MOST_BYTES: Final = 20_000_000_000
_RESTARTS: Final = 3
"""After a conversation that the process did not survive, it goes on behind that one."""


_OUT_OF_TIME: Final = (-signal.SIGXCPU, -signal.SIGALRM)


class FileError(Exception):
    """The file cannot be read, or no further. `code` is one of `chats.importing.source.CODES`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Folders and tags that an export of Parley's has, chats in them or not."""

    folders: list[dict[str, Any]]
    tags: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Folders and tags of such an export that are more than one person can keep."""

    folders: int
    tags: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A conversation to be stored."""

    product: str
    conversation: FoundConversation


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known of a conversation that would be stored."""

    product: str
    about: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """A conversation that cannot be taken, and why."""

    code: str
    title: str = ""
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class At:
    """How far the file is read."""

    position: int
    size: int


@dataclass(frozen=True, slots=True)
class End:
    """All is read. Entries of an archive that were passed over, by why."""

    passed_over: dict[str, int]


Line = Surroundings | LeftOut | Taken | Summary | Problem | At | End


class Spool:
    """Files that came within JSON, on disk until they are stored."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  `close` does
        self._places: dict[str, tuple[int, int]] = {}
        self._broken: set[str] = set()

    def add(self, key: str, data: str) -> None:
        """Take a piece; what is larger than a file may be or no base64 counts as missing."""
        begin, length = self._places.get(key, (self._file.seek(0, 2), 0))
        try:
            piece = b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            self._broken.add(key)
            return
        if length + len(piece) > settings.MAX_UPLOAD_SIZE:
            self._broken.add(key)
        if key not in self._broken:
            self._file.seek(0, 2)
            self._file.write(piece)
            self._places[key] = (begin, length + len(piece))

    def open(self, key: str) -> tuple[IO[bytes], int] | None:
        """The file at its beginning, and its length; None for one that is not whole."""
        if key in self._broken or key not in self._places:
            return None
        begin, length = self._places[key]
        self._file.seek(begin)
        return self._file, length

    def clear(self) -> None:
        """Forget what came so far."""
        self._places.clear()
        self._broken.clear()
        self._file.truncate(0)

    def close(self) -> None:
        """Let go of the disk."""
        self._file.close()


def follow(
    file: IO[bytes], *, is_summary: bool, spool: Spool, goes_on: Callable[[], bool]
) -> Iterator[Line]:
    """What the process finds in `file`, which needs a file descriptor. Blocks.

    Raises FileError; InterruptedError when `goes_on`, asked every half second, says no; OSError
    when no process can be started.
    """
    skip = 0
    for _start in range(_RESTARTS):
        seen = 0
        try:
            for line in _once(file, is_summary=is_summary, skip=skip, spool=spool, goes_on=goes_on):
                seen += isinstance(line, Taken | Summary | Problem)
                yield line
        except _DiedError:
            yield Problem("memory")
            skip += seen + 1
        else:
            return
    raise FileError("memory")


class _DiedError(Exception):
    """The process ended without its last line."""


def _once(
    file: IO[bytes], *, is_summary: bool, skip: int, spool: Spool, goes_on: Callable[[], bool]
) -> Iterator[Line]:
    job = {
        "is_summary": is_summary,
        "skip": skip,
        "max_characters": settings.MAX_REPLY_LENGTH,
        "seconds": _SECONDS,
    }
    until = time.monotonic() + _SECONDS
    taken: Taken | None = None
    with start("chats.importing", job, file) as process:
        try:
            for data in lines(process, limit=_MOST_BYTES, until=until):
                if not goes_on():
                    raise InterruptedError
                if data is None:
                    continue
                line = json.loads(data)
                if "file" in line:
                    spool.add(line["file"], line["data"])
                elif "conversation" in line:
                    taken = Taken(line["product"], FoundConversation(**line["conversation"]))
                elif "messages" in line and taken is not None:
                    taken.conversation.messages += map(_message, line["messages"])
                elif "close" in line and taken is not None:
                    yield taken
                    taken = None
                elif "end" in line:
                    yield End(line["passed_over"])
                    return
                else:
                    yield from _other(line)
        except RefusedError as refusal:
            raise FileError(refusal.code) from refusal
        finally:
            process.kill()
    if process.returncode in _OUT_OF_TIME:
        # The next one would do no better.
        raise FileError("time")
    raise _DiedError


def _other(line: dict[str, Any]) -> Iterator[Line]:
    if "failed" in line:
        raise FileError(line["failed"])
    if "summary" in line:
        yield Summary(line["product"], line["summary"])
    elif "problem" in line:
        yield Problem(line["problem"], line["title"], line["values"])
    elif "at" in line:
        yield At(line["at"], line["of"])
    elif "folders" in line:
        yield Surroundings(line["folders"], line["tags"])
    elif "left_out" in line:
        yield LeftOut(**line["left_out"])


def _message(values: dict[str, Any]) -> FoundMessage:
    message = FoundMessage(**values)
    message.files = [FoundFile(**each) for each in values["files"]]
    return message
