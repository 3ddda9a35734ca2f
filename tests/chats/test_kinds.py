"""What files are, by their bytes."""

import io
import random
import struct
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
        (b"\xff\xd8\xff", "not_an_image"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "not_an_image"),
        (files.image(10, 10, "GIF").replace(b"\x0a\0\x0a\0", b"\0\0\x0a\0", 1), "not_an_image"),
        (old_office("")[:8], "not_taken"),
        (old_office("")[:29], "not_taken"),
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
        (files.image(9, 9, "JPEG"), True),
        (files.image(9, 9, "JPEG", progressive=True, icc_profile=b"x" * 200), True),
        (files.image(9, 9, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0"), False),
        (files.image(9, 9, "JPEG", comment=b"Taken at home"), False),
        (files.image(9, 9, "JPEG") + b"more", False),
        (files.image(9, 9, "JPEG")[:-2], False),
        (files.image(9, 9, "PNG")[:-1], False),
        (files.image(9, 9, "PNG") + b"more", False),
        (files.image(9, 9, "PNG").replace(b"IDATx", b"IDATy"), False),
        (files.crumbled_images(100_000)["empty PNG chunks"], False),
        (files.phone_photo(), False),
    ],
)
def test_images_that_are_shown_as_they_are(data: bytes, is_small: bool) -> None:
    assert kind_of(data).is_small is is_small


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (files.image(300, 200, "PNG"), "image/png"),
        (files.image(300, 200, "GIF"), "image/gif"),
        (files.image(300, 200, "JPEG", comment=b"x" * 60_000), "image/jpeg"),
        (files.image(300, 200, "JPEG", progressive=True), "image/jpeg"),
        (files.phone_photo(), "image/jpeg"),
        (files.image(300, 200, "WEBP"), "image/webp"),
        (files.image(300, 200, "WEBP", lossless=True), "image/webp"),
        (files.image(300, 200, "WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0"), "image/webp"),
    ],
)
def test_sizes_of_images(data: bytes, media_type: str) -> None:
    kind = kind_of(data)
    assert (kind.media_type, kind.width, kind.height) == (media_type, 300, 200)


def test_a_large_webp_canvas_is_refused() -> None:
    side = (16_382).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + side + side
    with pytest.raises(ValidationError, match="too many pixels"):
        kind_of(b"RIFF" + struct.pack("<I", 22) + b"WEBP" + chunk + b"ANIM")


class Counted(io.BytesIO):
    """Knows how much was read of it, and how often."""

    read_bytes = reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Counts."""
        data = super().read(size)
        self.read_bytes += len(data)
        self.reads += 1
        return data


@pytest.mark.parametrize("what", files.crumbled_images(0))
def test_an_image_in_millions_of_pieces_is_left_to_the_process_that_decodes(what: str) -> None:
    """However long it is, few of them are looked at."""
    file = Counted(files.crumbled_images()[what])
    try:
        kinds.recognise(file, name="x")
    except ValidationError as error:
        assert error.code == "not_an_image"  # noqa: PT017  either will do
    assert file.reads < 5_000
    assert file.read_bytes < 70_000


def test_rubbish_is_refused_in_words(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever becomes of a file, recognising it ends in a kind or in a sentence."""
    chance = random.Random(7)
    seeds = [files.image(9, 9, kind) for kind in ("PNG", "JPEG", "GIF", "WEBP")]
    seeds += [files.phone_photo(9, 9), files.docx(""), old_office("Workbook")]
    for number in range(3000):
        data = bytearray(seeds[number % len(seeds)])
        for _change in range(chance.randint(1, 6)):
            data[chance.randrange(4, min(len(data), 400))] = chance.choice([0, 255, 9, 64])
        try:
            kind_of(bytes(data[: chance.randint(4, len(data))]))
        except ValidationError as error:
            assert error.messages  # noqa: PT017  either will do
    assert not caplog.records


def test_a_fault_of_ours_is_logged_and_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("chats.extraction.headers._png", lambda head: {b"other": 1}[head])
    with pytest.raises(ValidationError, match="is damaged") as caught:
        kind_of(files.image(9, 9, "PNG"))
    assert caught.value.code == "damaged"
    assert "KeyError" in caplog.text


def test_a_file_is_never_read_whole_to_tell_its_kind() -> None:
    for make in (lambda: files.pdf(["x"], padding=5_000_000), lambda: b"x" * 5_000_000):
        _checked(make)
    _checked(lambda: files.archive({"word/document.xml": "", "a": b"\1" * 9}))


def _checked(make: Callable[[], bytes]) -> None:
    file = Counted(make())
    kinds.recognise(file, name="x")
    assert file.read_bytes < 300_000
