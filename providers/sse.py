"""Server-sent events from bytes: parsing without I/O.

The format is https://html.spec.whatwg.org/multipage/server-sent-events.html. Lines end at LF, CR or
CRLF and nowhere else: JSON may hold U+2028 and U+0085 raw, at which `str.splitlines` would cut.
What this saves against the SDKs' own decoding: docs/decisions/0002-own-sse-decoding.md.
"""

from collections.abc import Iterator

from providers.errors import MalformedStreamError

MAX_EVENT_BYTES = 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventParser:
    """Turns chunks, split anywhere, into the data of events. Keeps at most `max_event_bytes`.

    Only the data is kept: both providers repeat an event's name in it. An event that the end of
    the stream cuts off is dropped, as the specification says.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._limit = max_event_bytes
        self._line: list[bytes] = []
        self._data: list[bytes] = []
        self._kept = 0
        self._at_start = True
        self._after_cr = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The data of each event that the chunk completes.

        Raises `MalformedStreamError` when an event grows over the limit.
        """
        first, *others = self._normalised(chunk).split(b"\n")
        self._keep(self._line, first)
        for start_of_next in others:
            line = b"".join(self._line)
            self._line.clear()
            if line:
                self._field(line)
            else:
                if self._data:
                    yield b"\n".join(self._data)
                    self._data.clear()
                self._kept = 0
            self._keep(self._line, start_of_next)

    def end(self) -> Iterator[bytes]:
        """Nothing: what the end of the bytes cuts off does not count."""
        return iter(())

    def _normalised(self, chunk: bytes) -> bytes:
        """The chunk with LF as its only line end, also where a CRLF was split."""
        if self._after_cr and chunk:
            chunk, self._after_cr = chunk.removeprefix(b"\n"), False
        if b"\r" not in chunk:
            return chunk
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _keep(self, parts: list[bytes], part: bytes) -> None:
        if not part:
            return
        self._kept += len(part)
        if self._kept > self._limit:
            raise MalformedStreamError(f"An event is larger than {self._limit} bytes.")
        parts.append(part)

    def _field(self, line: bytes) -> None:
        if self._at_start:
            line, self._at_start = line.removeprefix(_BYTE_ORDER_MARK), False
        name, _colon, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        else:
            self._kept -= len(line)
