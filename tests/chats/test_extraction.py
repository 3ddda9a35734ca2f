"""What the process that reads files says of honest ones, and how it ends with hostile ones."""

import base64
import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from PIL import Image

from chats.extraction import Answer, Job, RefusedError, archives, call
from chats.extraction.call import extract
from tests import files


def run(
    reader: str, data: bytes, *, seconds: float = 20, characters: int = 100_000, go_on: bool = True
) -> Answer:
    """The process's answer."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        job = Job(reader=reader, max_characters=characters, seconds=seconds)
        return extract(job, file, on_progress=lambda _pages, _read: go_on)


def refusal(reader: str, data: bytes, **options: float) -> str:
    """The code with which it is refused."""
    with pytest.raises(RefusedError) as caught:
        run(reader, data, **options)  # type: ignore[arg-type]
    return caught.value.code


def test_pages_of_a_pdf() -> None:
    answer = run("pdf", files.pdf(["First words", "Second words"]))
    assert answer["text"] == "[Page 1]\nFirst words\n\n[Page 2]\nSecond words"
    assert (answer["pages"], answer["pages_read"], answer["is_cut"]) == (2, 2, False)


def test_progress_is_told_while_pages_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "INTERVAL", 0.05)
    told: list[tuple[int | None, int]] = []

    def note(pages: int | None, pages_read: int) -> bool:
        told.append((pages, pages_read))
        return True

    with tempfile.TemporaryFile() as file:
        file.write(files.pdf([f"Page number {n}" for n in range(800)]))
        file.flush()
        extract(Job("pdf", 1_000_000, 60), file, on_progress=note)
    assert any(pages == 800 and 0 < read < 800 for pages, read in told)
    assert [read for _pages, read in told] == sorted(read for _pages, read in told)


def test_headings_lists_and_tables_of_a_word_file() -> None:
    row = "<w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>"
    table = row.format(files.paragraph("Name"), files.paragraph("Sum"))
    item = "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>An item</w:t></w:r></w:p>"
    deleted = "<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>"
    body = files.paragraph("Report", "Heading2") + item + f"<w:tbl>{table}</w:tbl>" + deleted
    text = run("word", files.docx(body))["text"]
    assert text == "## Report\n- An item\n| Name | Sum |"


def test_rows_of_a_spreadsheet() -> None:
    answer = run("sheet", files.xlsx([["Month", "Sum"], ["May", 12.5], ["June", 3]]))
    assert answer["text"] == "[Sheet Sales]\nMonth\tSum\nMay\t12.5\nJune\t3"
    assert (answer["pages"], answer["pages_read"]) == (1, 1)


def test_slides_open_documents_and_books() -> None:
    assert run("slides", files.pptx("One", "Two"))["text"] == "[Slide 1]\nOne\n\n[Slide 2]\nTwo"
    assert run("open", files.odt("It begins."))["text"] == "## Plan\nIt begins."
    assert run("book", files.epub("Call me", "It was &eacute;t&eacute;"))["text"].split() == [
        *("Call", "me", "It", "was", "été"),
    ]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("grüße\r\nzwei".encode(), "grüße\nzwei"),
        ("grüße".encode("utf-8-sig"), "grüße"),
        ("grüße und mehr".encode("cp1252"), "grüße und mehr"),
        ("grüße".encode("utf-16"), "grüße"),
        ("print('hi')".encode("utf-16-le"), "print('hi')"),
        ("print('hi')".encode("utf-16-be"), "print('hi')"),
        ("日本語".encode(), "日本語"),
    ],
)
def test_encodings_of_text(data: bytes, text: str) -> None:
    assert run("text", data)["text"] == text


@pytest.mark.parametrize("data", [b"x" * 70_000 + b"\0\1\2", bytes(range(256)), b"\xff\xfe\x00"])
def test_what_turns_out_to_be_no_text(data: bytes) -> None:
    assert refusal("text", data) == "not_text"


def test_long_text_is_cut() -> None:
    answer = run("text", b"abc" * 1000, characters=100)
    assert (len(answer["text"]), answer["is_cut"]) == (100, True)
    pages = run("pdf", files.pdf(["many words"] * 50), characters=100)
    assert pages["is_cut"]
    assert pages["pages_read"] < pages["pages"] == 50


def decoded(answer: Answer, field: str) -> "Image.Image":
    """One of the images in it."""
    return Image.open(io.BytesIO(base64.b64decode(answer[field])))


def test_an_image_is_turned_reduced_and_stripped() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera of Ann"
    answer = run("image", files.image(4000, 3000, exif=exif))
    assert (answer["width"], answer["height"]) == (3000, 4000)
    reduced, small = decoded(answer, "reduced"), decoded(answer, "thumbnail")
    assert (reduced.size, reduced.format) == ((1536, 2048), "JPEG")
    assert (small.size, small.format) == ((384, 512), "WEBP")
    assert not reduced.getexif()
    assert b"Camera of Ann" not in base64.b64decode(answer["reduced"])
    # The left half came to the top.
    red, _green, _blue = reduced.convert("RGB").getpixel((700, 100))  # type: ignore[misc]
    assert red > 200


def test_of_an_animation_the_first_frame_is_taken_and_glass_stays_clear() -> None:
    frames = [Image.new("RGB", (600, 20), color) for color in ("red", "blue")]
    gif = io.BytesIO()
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:])
    small = decoded(run("image", gif.getvalue()), "thumbnail")
    assert getattr(small, "n_frames", 1) == 1
    glass = io.BytesIO()
    Image.new("RGBA", (30, 30), (0, 0, 0, 0)).save(glass, "PNG")
    answer = run("image", glass.getvalue())
    assert answer["reduced_type"] == "png"
    assert decoded(answer, "reduced").getpixel((5, 5)) == (0, 0, 0, 0)


def test_of_a_photograph_with_a_second_one_the_first_is_taken() -> None:
    answer = run("image", files.phone_photo())
    assert (answer["width"], answer["height"]) == (300, 200)
    red, _green, _blue = decoded(answer, "reduced").convert("RGB").getpixel((9, 9))  # type: ignore[misc]
    assert red > 200


def test_an_image_in_millions_of_pieces_is_given_up() -> None:
    assert refusal("image", files.crumbled_images(24_000_000)["JPEG filling"], seconds=1) == "time"


@pytest.mark.parametrize(
    ("reader", "data"),
    [
        ("pdf", b"%PDF-1.7\nrubbish"),
        ("word", b"PK\x03\x04rubbish"),
        ("word", files.docx("<w:p>")),
        ("sheet", files.archive({"xl/workbook.xml": "<x"})),
        ("sheet", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 3000),
        ("book", files.archive({"META-INF/container.xml": "<c/>"})),
        ("image", files.image(300, 300)[:2000]),
        ("image", b"\x89PNG\r\n\x1a\n"),
    ],
)
def test_what_is_damaged(reader: str, data: bytes) -> None:
    assert refusal(reader, data) == "damaged"


def test_declared_entities_are_refused() -> None:
    laughs = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{below};" * 10}">'
        for below, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    bomb = files.docx(files.paragraph("&i;"), before=f"<!DOCTYPE x [{laughs}]>")
    assert refusal("word", bomb) == "bomb"
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    assert refusal("word", files.docx(files.paragraph("&a;"), before=outside)) == "bomb"


def test_archives_that_inflate_too_much_are_refused_before_they_do() -> None:
    large = files.archive({"word/document.xml": b" " * (archives.FREE + 1)})
    assert refusal("word", large) == "bomb"
    many = files.archive({f"{n}.xml": "" for n in range(archives.MAX_ENTRIES + 1)})
    assert refusal("word", many) == "bomb"


def false_size(data: bytes, claimed: int) -> bytes:
    """The archive, whose entries say they were of another size."""
    out = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = out.find(mark)
        while start >= 0:
            out[start + at : start + at + 4] = claimed.to_bytes(4, "little")
            start = out.find(mark, start + 1)
    return bytes(out)


def test_archives_that_lie_about_sizes_are_refused() -> None:
    workbook = files.xlsx([["x" * 500_000]])
    assert run("sheet", workbook)["text"].endswith("x")
    assert refusal("sheet", false_size(workbook, 10)) == "bomb"
    assert refusal("word", false_size(files.docx(files.paragraph("x" * 100_000)), 10)) == "damaged"


def test_a_locked_file_says_so() -> None:
    data = bytearray(files.docx(files.paragraph("secret")))
    data[data.find(b"PK\x01\x02") + 8] |= 1
    assert refusal("word", bytes(data)) == "locked"


def test_a_stream_that_inflates_is_cut_off_in_little_memory() -> None:
    assert refusal("pdf", files.inflating_pdf()) in {"bomb", "memory", "time"}


def test_a_pixel_bomb_is_not_decoded() -> None:
    assert refusal("image", files.pixel_bomb()) == "bomb"


def readers() -> list[psutil.Process]:
    """Processes that read files for this one."""
    children = psutil.Process().children()
    return [child for child in children if "chats.extraction" in child.cmdline()]


def test_a_file_that_hangs_its_reader_is_cut_off_in_time() -> None:
    started = time.monotonic()
    assert refusal("pdf", files.hanging_pdf(), seconds=2) == "time"
    assert time.monotonic() - started < 10
    assert not readers()


def test_reading_ends_when_nobody_wants_it_any_more() -> None:
    with pytest.raises(InterruptedError):
        run("pdf", files.hanging_pdf(), go_on=False)
    assert not readers()


PROBE = """
import json, os, resource, sys
sys.argv = ["x", json.dumps({"reader": "text", "max_characters": 9, "seconds": 9})]
from chats.extraction import __main__ as child
def probe(file, text, pages):
    found = {"limits": []}
    try:
        b"x" * (2 * 1024 ** 3)
    except MemoryError:
        found["limits"].append("memory")
    try:
        os.write(os.open(file.read().decode(), os.O_WRONLY | os.O_CREAT), b"x")
    except OSError:
        found["limits"].append("files")
    child.say(found)
child.READERS["text"] = probe
child.main()
"""


def test_the_process_has_little_memory_and_writes_no_files(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        input=str(tmp_path / "made").encode(),
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert b'"limits": ["memory", "files"]' in done.stdout


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    """A key in this process's environment."""
    monkeypatch.setenv("SECRET_KEY", "planted-in-the-environment")
    return "planted-in-the-environment"


def test_secrets_of_the_environment_stay_outside(
    secret: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[dict[str, str]] = []
    original = subprocess.Popen.__init__

    def noted(self: object, *args: object, **options: object) -> None:
        started.append(dict(options["env"]))  # type: ignore[call-overload]
        original(self, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess.Popen, "__init__", noted)
    run("text", b"hello")
    assert started
    assert secret in os.environ.values()
    assert secret not in started[0].values()


def test_reading_a_file_imports_no_library_here(tmp_path: Path) -> None:
    code = (
        "import sys, chats.reading, chats.kinds, chats.extraction.__main__; "
        "print(sorted({'PIL', 'pypdf', 'python_calamine', 'boto3', 'storages'} & set(sys.modules)))"
    )
    django = "import django; django.setup(); "
    done = subprocess.run(
        [sys.executable, "-c", django + code],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"
