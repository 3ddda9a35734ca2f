"""A ZIP file that is sent while it is written: nothing of it is kept but its list of entries."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import RawIOBase
from typing import TYPE_CHECKING, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_READABLE: Final = 0o644 << 16


class Pack:
    """Entries one after the other, then `end`. Sizes follow their entry; ZIP64 where needed."""

    def __init__(self) -> None:
        self._out = _Out()
        self._zip = ZipFile(self._out, "w", ZIP_DEFLATED)

    def add(
        self,
        name: str,
        pieces: Iterable[bytes],
        *,
        at_most: int,
        changed: datetime,
        is_packed: bool = False,
    ) -> Iterator[bytes]:
        """One entry. About `at_most` bytes will come; `is_packed`: compressing is not worth it."""
        info = ZipInfo(name, date_time=_date(changed))
        info.compress_type = ZIP_STORED if is_packed else ZIP_DEFLATED
        info.external_attr = _READABLE
        # By this alone zipfile knows that an entry may need ZIP64.
        info.file_size = at_most
        with self._zip.open(info, "w") as entry:
            for piece in pieces:
                entry.write(piece)
                yield self._out.take()
        yield self._out.take()

    def end(self) -> bytes:
        """The list of the entries, without which it is no ZIP file."""
        self._zip.close()
        return self._out.take()


class _Out(RawIOBase):
    """What was written since it was last taken. It cannot be sought, as zipfile finds out."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def write(self, data: "ReadableBuffer", /) -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _date(moment: datetime) -> tuple[int, int, int, int, int, int]:
    """ZIP knows the years 1980 to 2107."""
    at = moment.astimezone(UTC)
    if at.year < 1980:
        return 1980, 1, 1, 0, 0, 0
    if at.year > 2107:
        return 2107, 12, 31, 23, 59, 58
    return at.year, at.month, at.day, at.hour, at.minute, at.second
