"""Newline-delimited JSON from bytes: parsing without I/O.

Lines end at LF and nowhere else (a CR before it is white space to JSON): the texts may hold U+2028
and U+0085 raw, at which `str.splitlines` would cut. https://github.com/ndjson/ndjson-spec.
"""

from collections.abc import Iterator

from providers.errors import MalformedStreamError

MAX_LINE_BYTES = 1024 * 1024


class LineParser:
    """Turns chunks, split anywhere, into lines that say something. Keeps at most `max_line_bytes`.

    Each byte is looked at once, however small the chunks are.
    """

    def __init__(self, *, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._limit = max_line_bytes
        self._parts: list[bytes] = []
        self._kept = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Each line that the chunk completes.

        Raises `MalformedStreamError` when a line grows over the limit.
        """
        first, *others = chunk.split(b"\n")
        self._keep(first)
        for start_of_next in others:
            yield from self.end()
            self._keep(start_of_next)

    def end(self) -> Iterator[bytes]:
        """The line that is still open, when the bytes are over: the last one may have no end."""
        line = b"".join(self._parts).strip()
        self._parts.clear()
        self._kept = 0
        if line:
            yield line

    def _keep(self, part: bytes) -> None:
        self._kept += len(part)
        if self._kept > self._limit:
            raise MalformedStreamError(f"A line is larger than {self._limit} bytes.")
        if part:
            self._parts.append(part)
