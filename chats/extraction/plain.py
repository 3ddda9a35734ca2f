"""Text as it is: any encoding that can be told, and what is not text at all."""

import codecs
from typing import IO, Final

from chats.extraction import RefusedError
from chats.extraction.sink import Pages, Text

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS: Final = bytes(sorted(set(range(32)) - set(b"\t\n\v\f\r\b\x1a\x1b")))
_NOT_ASCII: Final = bytes(range(128, 256))
_FOREIGN: Final = 0.4
"""Of the bytes of a text in a European language fewer are not ASCII."""
_MOSTLY: Final = 0.6


def encoding_of(start: bytes, *, is_whole: bool) -> str | None:
    """How the text that begins with `start` is encoded; None when it is no text.

    Without a mark at the beginning: UTF-8 where it is that, UTF-16 where every other byte of
    most characters is zero, else Windows-1252 where there are no control characters.
    """
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name if _decodes(start, name, is_whole=is_whole) else None
    if b"\x00" in start:
        for name, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
            often = zeros.count(0) > _MOSTLY * len(zeros)
            if often and _decodes(start, name, is_whole=is_whole):
                return name
        return None
    if _count(start, _CONTROLS):
        return None
    if _decodes(start, "utf-8", is_whole=is_whole):
        return "utf-8"
    return "cp1252" if _count(start, _NOT_ASCII) < _FOREIGN * len(start) else None


def _count(data: bytes, wanted: bytes) -> int:
    """How many bytes of `data` are among `wanted`, at the speed of C."""
    return len(data) - len(data.translate(None, delete=wanted))


def read(file: IO[bytes], text: Text, pages: Pages) -> None:
    """The whole file. Raises RefusedError when it turns out to be no text."""
    data = file.read()
    encoding = encoding_of(data, is_whole=True)
    if encoding is None:
        raise RefusedError("not_text")
    decoded = data.decode(encoding, "replace" if encoding == "cp1252" else "strict")
    text.write(decoded.replace("\r\n", "\n"))


def _decodes(data: bytes, encoding: str, *, is_whole: bool) -> bool:
    try:
        found = codecs.getincrementaldecoder(encoding)().decode(data, final=is_whole)
    except UnicodeDecodeError:
        return False
    return not any(character in found for character in "\x00\x01\x02\x03\x04\x05\x06\x0e\x0f")
