"""A ZIP file that came from anyone: what is in it, held against bombs and hostile names.

Nothing is ever extracted to a path: entries are read as streams, by the names that were judged
here. One bad entry is passed over and told; an archive that would grow too large is refused.
"""

import re
import struct
import zipfile
from dataclasses import dataclass, field
from typing import IO, Final

MAX_ENTRIES: Final = 100_000
MAX_DIRECTORY: Final = 30_000_000
MAX_INFLATED: Final = 4_000_000_000
MAX_RATIO: Final = 200
"""Of what is inflated to what is stored, above `FREE` bytes, of all and of each entry."""
FREE: Final = 20_000_000

_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = b"PK\x06\x06"
_SYMLINK: Final = 0o120000
_LEADS_ELSEWHERE: Final = re.compile(r"(?:^|/)\.\.(?:/|$)|^/|^[A-Za-z]:|\x00")
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ArchiveError(Exception):
    """The archive is not read at all: `bomb`, `damaged` or `locked`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Archive:
    """The entries that can be read, by name; and how many were passed over, by why."""

    file: zipfile.ZipFile
    entries: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    passed_over: dict[str, int] = field(default_factory=dict)

    def open(self, name: str) -> IO[bytes]:
        """Read an entry; no more comes out than its directory says."""
        return self.file.open(self.entries[name])


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so is a ZIP file."""
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def open_archive(file: IO[bytes]) -> Archive:
    """Look through it. Raises ArchiveError."""
    _check_directory(file)
    try:
        archive = Archive(zipfile.ZipFile(file))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error) as error:
        raise ArchiveError("damaged") from error
    inflated = stored = 0
    for entry in archive.file.infolist():
        if entry.is_dir():
            continue
        inflated += entry.file_size
        stored += entry.compress_size
        why = _why_not(entry, archive)
        if why:
            archive.passed_over[why] = archive.passed_over.get(why, 0) + 1
        else:
            archive.entries[entry.filename] = entry
    if inflated > MAX_INFLATED or _is_bomb(inflated, stored):
        raise ArchiveError("bomb")
    if not archive.entries and "locked" in archive.passed_over:
        raise ArchiveError("locked")
    return archive


def _why_not(entry: zipfile.ZipInfo, archive: Archive) -> str:
    name = entry.orig_filename
    if _LEADS_ELSEWHERE.search(name.replace("\\", "/")) or entry.external_attr >> 16 & 0o170000 == (
        _SYMLINK
    ):
        return "elsewhere"
    if entry.flag_bits & 1:
        return "locked"
    if entry.filename in archive.entries:
        return "twice"
    if entry.filename.lower().endswith(".zip"):
        return "nested"
    if entry.compress_type not in _METHODS:
        return "method"
    if _is_bomb(entry.file_size, entry.compress_size):
        raise ArchiveError("bomb")
    return ""


def _is_bomb(inflated: int, stored: int) -> bool:
    return inflated > FREE and inflated > MAX_RATIO * stored


def _check_directory(file: IO[bytes]) -> None:
    """How long the list of entries is, before anything reads it into memory."""
    length = file.seek(0, 2)
    file.seek(max(0, length - _END.size - 0xFFFF))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise ArchiveError("damaged")
    count, size = _END.unpack_from(tail, at)[4:6]
    at64 = tail.rfind(_END64, 0, at)
    if at64 >= 0 and len(tail) - at64 >= 56:
        count, size = struct.unpack_from("<2Q", tail, at64 + 32)
    if count > MAX_ENTRIES or size > MAX_DIRECTORY:
        raise ArchiveError("bomb")
