"""What an image says of itself at its beginning. Nothing is decoded and no library is needed.

For the server's own process: whatever a file holds, few bytes of it are looked at. Whether the rest
is as promised shows in the process that decodes it.
"""

import zlib
from dataclasses import dataclass
from typing import IO, Final

from chats.extraction import RefusedError

_MAX_SEGMENTS: Final = 1000
"""Of a JPEG before its size: photographs with a picture of depths in them have some hundreds."""
_MAX_FILL: Final = 64
_MAX_CHUNKS: Final = 1000
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_PNG_CHUNKS: Final = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs".split()
)


@dataclass(frozen=True, slots=True)
class Header:
    """The format and the size it claims."""

    media_type: str
    width: int
    height: int


def read_header(file: IO[bytes]) -> Header:
    """What the image is. Raises RefusedError("damaged") for what is no PNG, JPEG, GIF or WebP."""
    file.seek(0)
    head = file.read(64)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        found = _png(head)
    elif head.startswith(b"\xff\xd8\xff"):
        found = _jpeg(file)
    elif head.startswith((b"GIF87a", b"GIF89a")) and len(head) >= 13:
        found = Header("image/gif", _little(head[6:8]), _little(head[8:10]))
    else:
        found = _webp(head)
    if not found.width or not found.height:
        raise RefusedError("damaged")
    return found


def is_plain(data: bytes, media_type: str) -> bool:
    """Whether a whole PNG or JPEG is complete and holds a picture and its colours, nothing else.

    No places, no names of people, no second picture: it can be handed on as it is.
    """
    if media_type == "image/png":
        return _is_plain_png(data)
    return media_type == "image/jpeg" and _is_plain_jpeg(data)


def _png(head: bytes) -> Header:
    if head[8:16] != b"\0\0\0\rIHDR" or len(head) < 33:
        raise RefusedError("damaged")
    return Header("image/png", _big(head[16:20]), _big(head[20:24]))


def _webp(head: bytes) -> Header:
    kind = head[12:16] if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and len(head) >= 30 else b""
    if kind == b"VP8X":
        return Header("image/webp", _little(head[24:27]) + 1, _little(head[27:30]) + 1)
    if kind == b"VP8L" and head[20] == 0x2F:
        bits = _little(head[21:25])
        return Header("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        return Header("image/webp", _little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF)
    raise RefusedError("damaged")


def _jpeg(file: IO[bytes]) -> Header:
    """Its size stands behind any number of segments, which are passed over unread."""
    file.seek(2)
    for _segment in range(_MAX_SEGMENTS):
        marker = _marker(file)
        if marker in _ALONE:
            continue
        length = _big(file.read(2))
        if marker in _FRAMES:
            frame = file.read(5)
            if len(frame) == 5:
                return Header("image/jpeg", _big(frame[3:5]), _big(frame[1:3]))
        if length < 2 or marker in {0xD9, 0xDA}:
            break
        file.seek(length - 2, 1)
    raise RefusedError("damaged")


def _marker(file: IO[bytes]) -> int:
    """The next one; a few bytes that belong to nothing may stand before it, as libraries allow."""
    is_marked = False
    for _byte in range(_MAX_FILL):
        byte = file.read(1)
        if not byte:
            break
        if is_marked and byte not in {b"\xff", b"\0"}:
            return byte[0]
        is_marked = byte == b"\xff"
    raise RefusedError("damaged")


def _is_plain_png(data: bytes) -> bool:
    position = 8
    for _chunk in range(_MAX_CHUNKS):
        end = position + 12 + _big(data[position : position + 4])
        if end > len(data) or data[position + 4 : position + 8] not in _PNG_CHUNKS:
            return False
        if zlib.crc32(data[position + 4 : end - 4]) != _big(data[end - 4 : end]):
            return False
        if data[position + 4 : position + 8] == b"IEND":
            return end == len(data) and b"IDAT" in data
        position = end
    return False


def _is_plain_jpeg(data: bytes) -> bool:
    position = 2
    for _segment in range(_MAX_SEGMENTS):
        marker = _big(data[position : position + 2]) - 0xFF00
        start = position + 4
        position += 2 + _big(data[position + 2 : position + 4])
        if marker == 0xDA:
            # Compressed data has no such bytes in it: this is the end of the first picture.
            return data.find(b"\xff\xd9", start) == len(data) - 2
        is_profile = marker == 0xE2 and data[start : start + 12] == b"ICC_PROFILE\0"
        is_known = marker in _FRAMES | {0xC4, 0xDB, 0xDD, 0xE0, 0xEE} or is_profile
        if not is_known or position < start:
            return False
    return False


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
