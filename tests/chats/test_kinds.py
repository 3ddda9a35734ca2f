"""What files are, by their bytes."""

import io
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from chats import kinds
from tests import files


def kind_of(data: bytes) -> kinds.Kind:
    """As an upload of that name would be recognised."""
    return kinds.recognise(io.BytesIO(data), name="x.bin")


def old_office(name: str) -> bytes:
    """The beginning of an Office file of before 2007, with one name in its directory."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30] = 9
    return bytes(header) + f"Root Entry\0{name}\0".encode("utf-16-le").ljust(512, b"\0")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (files.pdf(["x"]), kinds.PDF),
        (files.docx(""), kinds.WORD),
        (files.xlsx([["x"]]), kinds.SHEET),
        (files.pptx("x"), kinds.SLIDES),
        (files.odt("x"), kinds.OPEN_TEXT),
        (files.epub("x"), kinds.BOOK),
        (old_office("Workbook"), kinds.OLD_SHEET),
        (b"a,b\n1,2\n", kinds.TEXT),
        (b"<!doctype html><script>alert(1)</script>", kinds.TEXT),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", kinds.TEXT),
        ("grüße".encode("utf-16"), kinds.TEXT),
        (("é" * 40_000).encode(), kinds.TEXT),
    ],
)
def test_kinds_that_are_taken(data: bytes, kind: kinds.Kind) -> None:
    assert kind_of(data) == kind
    assert kinds.reader_of(kind.media_type) == kind.reader


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x7fELF\x02\x01\x01\0\0\0", "not_taken"),
        (b"\0" * 100, "not_taken"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "not_taken"),
        (bytes(range(128, 256)), "not_taken"),
        (b"{\\rtf1 words}", "not_taken"),
        (files.archive({"a.txt": "x"}), "not_taken"),
        (b"PK\x03\x04rubbish", "damaged"),
        (files.docx("")[:-10], "damaged"),
        (b"before" + files.docx(""), "not_taken"),
        (old_office("EncryptedPackage"), "locked"),
        (old_office("WordDocument"), "not_taken"),
        (old_office("Other"), "not_taken"),
        (files.archive({f"{n}": "" for n in range(5001)}), "bomb"),
        (files.archive({"word/document.xml": b" " * 20_000_001}), "bomb"),
        (files.pixel_bomb(), "too_many_pixels"),
        (files.pixel_bomb(25_000, 1), "too_many_pixels"),
        (b"\x89PNG\r\n\x1a\nrubbish", "not_an_image"),
        (b"GIF89a", "not_an_image"),
    ],
)
def test_kinds_that_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        kind_of(data)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("data", "is_small"),
    [
        (files.image(1024, 10, "PNG"), True),
        (files.image(1025, 10, "PNG"), False),
        (files.image(9, 9, "GIF"), False),
        (files.image(9, 9, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0"), False),
    ],
)
def test_images_that_are_shown_as_they_are(data: bytes, is_small: bool) -> None:
    assert kind_of(data).is_small is is_small


def test_a_file_is_never_read_whole_to_tell_its_kind() -> None:
    read: list[int] = []

    class Counted(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            read.append(len(data))
            return data

    for make in (lambda: files.pdf(["x"], padding=5_000_000), lambda: b"x" * 5_000_000):
        _checked(make, Counted, read)
    _checked(lambda: files.archive({"word/document.xml": "", "a": b"\1" * 9}), Counted, read)


def _checked(
    make: Callable[[], bytes], counted: Callable[[bytes], io.BytesIO], read: list[int]
) -> None:
    read.clear()
    kinds.recognise(counted(make()), name="x")
    assert sum(read) < 300_000
