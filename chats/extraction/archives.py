"""The list of what is in a ZIP file, held against bombs before any library sees the file.

Reads the end of the file and its central directory, both bounded, and inflates nothing. What
libraries disagree about (something before the first entry, ZIP64, encryption) is refused.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import IO, Final

from chats.extraction import RefusedError

MAX_ENTRIES: Final = 5_000
MAX_DIRECTORY: Final = 1_000_000
MAX_INFLATED: Final = 400_000_000
MAX_RATIO: Final = 200
"""Of what is inflated to what is stored, above `FREE` bytes. Sheets of repeated rows reach 100."""
FREE: Final = 20_000_000

_END: Final = struct.Struct("<4s4H2LH")
_ENTRY: Final = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in the archive, as the directory tells."""

    name: str
    method: int
    compressed: int
    size: int
    offset: int


def entries(file: IO[bytes]) -> dict[str, Entry]:
    """What is in it, by name. Raises RefusedError: `damaged`, `locked` or `bomb`."""
    count, directory = _directory(file)
    found: dict[str, Entry] = {}
    position = 0
    for _ in range(count):
        if position + _ENTRY.size > len(directory):
            raise RefusedError("damaged")
        fields = _ENTRY.unpack_from(directory, position)
        if fields[0] != b"PK\x01\x02":
            raise RefusedError("damaged")
        flags, method, (compressed, size), lengths = (
            fields[5], fields[6], fields[10:12], fields[12:15]
        )  # fmt: skip
        start = position + _ENTRY.size
        name = directory[start : start + lengths[0]].decode("utf-8", "replace")
        if flags & 1:
            raise RefusedError("locked")
        if 0xFFFFFFFF in (compressed, size) or method not in (0, 8) or name in found:
            raise RefusedError("damaged")
        found[name] = Entry(name, method, compressed, size, fields[18])
        position = start + sum(lengths)
    _check_sizes(list(found.values()))
    return found


def check_true_sizes(file: IO[bytes], found: dict[str, Entry]) -> None:
    """Inflate all, keeping nothing: for libraries that believe the data and not the directory."""
    for entry in found.values():
        if entry.method == 8 and _true_size(file, entry) > entry.size:
            raise RefusedError("bomb")


def _directory(file: IO[bytes]) -> tuple[int, bytes]:
    length = file.seek(0, 2)
    tail_length = min(length, _END.size + 0xFFFF)
    file.seek(length - tail_length)
    tail = file.read(tail_length)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise RefusedError("damaged")
    _, disk, start_disk, here, count, size, offset, _comment = _END.unpack_from(tail, at)
    if disk or start_disk or here != count or offset + size != length - tail_length + at:
        raise RefusedError("damaged")
    if count > MAX_ENTRIES or size > MAX_DIRECTORY:
        raise RefusedError("bomb")
    file.seek(offset)
    return count, file.read(size)


def _check_sizes(found: list[Entry]) -> None:
    inflated = sum(entry.size for entry in found)
    stored = sum(entry.compressed for entry in found)
    if inflated > MAX_INFLATED or (inflated > FREE and inflated > MAX_RATIO * stored):
        raise RefusedError("bomb")


def _true_size(file: IO[bytes], entry: Entry) -> int:
    """How much comes out; no more than one chunk above what the directory said."""
    file.seek(entry.offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise RefusedError("damaged")
    file.seek(sum(_LOCAL.unpack(header)[-2:]), 1)
    inflate, left, size = zlib.decompressobj(-15), entry.compressed, 0
    waiting = b""
    while not inflate.eof and size <= entry.size:
        if not waiting:
            waiting = file.read(min(_CHUNK, left))
            left -= len(waiting)
        try:
            produced = len(inflate.decompress(waiting, _CHUNK))
        except zlib.error as error:
            raise RefusedError("damaged") from error
        if not produced and not waiting:
            raise RefusedError("damaged")
        size += produced
        waiting = inflate.unconsumed_tail
    return size
