"""What kind of file an upload is: told by its bytes, never by its name.

Reads the beginning, and of ZIP files the list of what is in them; of small images all, to see that
they are whole. Nothing is decoded or inflated.
"""

import logging
import re
from dataclasses import dataclass
from typing import IO, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from chats.extraction import RefusedError, archives, headers, plain
from chats.extraction.images import MAX_PIXELS

_HEAD: Final = 65_536
_MAX_SIDE: Final = 20_000
_SMALL_SIDE: Final = 1024
_SMALL_SIZE: Final = 300_000
_ENCRYPTED: Final = ("EncryptedPackage", "EncryptionInfo")
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_OPEN: Final = "application/vnd.oasis.opendocument."

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is, and how it is read."""

    media_type: str
    extension: str
    reader: str
    """As `chats.extraction` names it; "image" for images."""
    width: int | None = None
    height: int | None = None
    is_small: bool = False
    """An image that can be shown, and sent to models, as it is, unread."""


TEXT: Final = Kind("text/plain", "txt", "text")
PDF: Final = Kind("application/pdf", "pdf", "pdf")
WORD: Final = Kind(_OFFICE + "wordprocessingml.document", "docx", "word")
SHEET: Final = Kind(_OFFICE + "spreadsheetml.sheet", "xlsx", "sheet")
BINARY_SHEET: Final = Kind("application/vnd.ms-excel.sheet.binary.macroenabled.12", "xlsb", "sheet")
OLD_SHEET: Final = Kind("application/vnd.ms-excel", "xls", "sheet")
SLIDES: Final = Kind(_OFFICE + "presentationml.presentation", "pptx", "slides")
OPEN_TEXT: Final = Kind(_OPEN + "text", "odt", "open")
OPEN_SHEET: Final = Kind(_OPEN + "spreadsheet", "ods", "sheet")
OPEN_SLIDES: Final = Kind(_OPEN + "presentation", "odp", "open")
BOOK: Final = Kind("application/epub+zip", "epub", "book")

_DOCUMENTS: Final = (
    TEXT, PDF, WORD, SHEET, BINARY_SHEET, OLD_SHEET, SLIDES, OPEN_TEXT, OPEN_SHEET, OPEN_SLIDES,
    BOOK,
)  # fmt: skip
_READERS: Final = {kind.media_type: kind.reader for kind in _DOCUMENTS}
_IMAGES: Final = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
}
_IMAGE_MARKS: Final = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP", re.S)
_MAIN_PARTS: Final = (
    (re.compile(r"word/document\d*\.xml"), WORD),
    (re.compile(r"xl/workbook\.xml"), SHEET),
    (re.compile(r"xl/workbook\.bin"), BINARY_SHEET),
    (re.compile(r"ppt/presentation\.xml"), SLIDES),
)


def reader_of(media_type: str) -> str:
    """How a file that was recognised before is read."""
    return "image" if media_type.startswith("image/") else _READERS[media_type]


def recognise(file: IO[bytes], *, name: str) -> Kind:
    """The kind of a file. Raises ValidationError that says what is wrong with it."""
    try:
        return _recognise(file, name)
    except ValidationError:
        raise
    except Exception as error:
        # Our own fault, but whoever gave the file can only give another one.
        logger.exception("The kind of a file could not be told")
        raise ValidationError(words_for("damaged", name=name), code="damaged") from error


def _recognise(file: IO[bytes], name: str) -> Kind:
    file.seek(0)
    head = file.read(_HEAD)
    if _IMAGE_MARKS.match(head):
        return _image(file, name)
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return _archive(file, head, name)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _compound(file, head, name)
    if plain.encoding_of(head, is_whole=len(head) < _HEAD):
        if head.startswith(b"{\\rtf"):
            raise _not_taken(name)
        return TEXT
    if b"%PDF-" in head[:1024]:
        return PDF
    raise _not_taken(name)


def _image(file: IO[bytes], name: str) -> Kind:
    """What its header claims. Whether that is true shows when the image is read."""
    try:
        header = headers.read_header(file)
    except RefusedError as error:
        raise ValidationError(
            _("“%(name)s” is an image that is damaged or of an unknown kind.") % {"name": name},
            code="not_an_image",
        ) from error
    width, height = header.width, header.height
    if width * height > MAX_PIXELS or max(width, height) > _MAX_SIDE:
        raise ValidationError(
            _("“%(name)s” has too many pixels.") % {"name": name}, code="too_many_pixels"
        )
    is_small = max(width, height) <= _SMALL_SIDE and _length(file) <= _SMALL_SIZE
    if is_small:
        file.seek(0)
        is_small = headers.is_plain(file.read(_SMALL_SIZE), header.media_type)
    extension = _IMAGES[header.media_type]
    return Kind(header.media_type, extension, "image", width, height, is_small)


def _archive(file: IO[bytes], head: bytes, name: str) -> Kind:
    """What is in a ZIP file says what it is; one of anything else is not taken."""
    try:
        found = archives.entries(file)
    except RefusedError as error:
        raise ValidationError(words_for(error.code, name=name), code=error.code) from error
    for pattern, kind in _MAIN_PARTS:
        if any(pattern.fullmatch(each) for each in found):
            return kind
    # OpenDocument and EPUB say what they are in their first entry, not compressed.
    declared = head[38:120] if head[30:38] == b"mimetype" else b""
    for kind in (OPEN_TEXT, OPEN_SHEET, OPEN_SLIDES, BOOK):
        if declared.startswith(kind.media_type.encode() + b"PK"):
            return kind
    raise _not_taken(name)


def _compound(file: IO[bytes], head: bytes, name: str) -> Kind:
    """Office files before 2007, and later ones with a password: told by the names in them."""
    sector = 4096 if head[30:32] == b"\x0c\0" else 512
    file.seek((int.from_bytes(head[48:52], "little") + 1) * sector)
    directory = file.read(4096)
    if any(word.encode("utf-16-le") in directory for word in _ENCRYPTED):
        raise ValidationError(words_for("locked", name=name), code="locked")
    if "Workbook\0".encode("utf-16-le") in directory:
        return OLD_SHEET
    if "WordDocument".encode("utf-16-le") in directory:
        raise ValidationError(
            _("“%(name)s” is a Word file of before 2007. Save it as .docx or PDF first.")
            % {"name": name},
            code="not_taken",
        )
    raise _not_taken(name)


def words_for(code: str, *, name: str) -> str:
    """Why a file is not read (a code of `chats.extraction`), for people."""
    sentences = {
        "bomb": _("“%(name)s” grows too large when it is unpacked, so it is not read."),
        "damaged": _("“%(name)s” is damaged and cannot be read."),
        "empty": _("“%(name)s” is empty."),
        "locked": _("“%(name)s” is locked with a password. Save it without one first."),
        "memory": _("“%(name)s” cannot be read: it needs too much memory, or it is damaged."),
        "not_text": _("“%(name)s” holds bytes that are no text."),
        "time": _("Reading “%(name)s” took too long and was ended."),
        "busy": _("“%(name)s” could not be read in time: too many files wait. Add it once more."),
    }
    return sentences[code] % {"name": name if len(name) <= 100 else f"{name[:99]}…"}


def _length(file: IO[bytes]) -> int:
    return file.seek(0, 2)


def _not_taken(name: str) -> ValidationError:
    return ValidationError(
        _(
            "“%(name)s” is of a kind that cannot be read. Possible are images (PNG, JPEG, WebP, "
            "GIF), PDF, Word, spreadsheets, presentations, OpenDocument, EPUB and all text."
        )
        % {"name": name},
        code="not_taken",
    )
