"""Files of all kinds for tests, honest and hostile, made on the spot."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence

from PIL import Image

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def pdf(pages: Sequence[str], *, padding: int = 0) -> bytes:
    """A PDF with a line of text on each page; `padding` bytes of noise belong to no page."""
    contents = [f"BT /F1 12 Tf 72 720 Td ({words}) Tj ET".encode() for words in pages]
    return pdf_of([_stream(content) for content in contents], padding=padding)


def pdf_of(streams: Sequence[bytes], *, padding: int = 0) -> bytes:
    """A PDF whose pages have these content streams, dictionaries and all."""
    count = len(streams)
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, stream in enumerate(streams):
        resources = "/Resources << /Font << /F1 3 0 R >> >>"
        head = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]"
        objects += [f"{head} {resources} /Contents {5 + 2 * number} 0 R >>".encode(), stream]
    if padding:
        objects.append(_stream(random.Random(4).randbytes(padding)))
    out, offsets = io.BytesIO(), []
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    for number, each in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, each))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def hanging_pdf() -> bytes:
    """One page whose text takes pypdf hours: millions of lines of operators."""
    content = b"BT /F1 12 Tf " + b"1 0 0 1 0 0 Tm (a) Tj " * 3_000_000 + b"ET"
    return pdf_of([_deflated(content)])


def inflating_pdf(size: int = 400_000_000) -> bytes:
    """One page whose content is 400 KB and inflates to 400 MB."""
    pack = zlib.compressobj(9)
    packed = b"".join(pack.compress(b" " * 10_000_000) for _ in range(size // 10_000_000))
    packed += pack.flush()
    return pdf_of([b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (
        len(packed), packed)])  # fmt: skip


def _stream(data: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(data), data)


def _deflated(data: bytes) -> bytes:
    packed = zlib.compress(data, 9)
    head = b"<< /Length %d /Filter /FlateDecode >>" % len(packed)
    return head + b"\nstream\n" + packed + b"\nendstream"


def archive(entries: Mapping[str, str | bytes], *, stored: Sequence[str] = ()) -> bytes:
    """A ZIP file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in entries.items():
            method = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            made.writestr(name, data, compress_type=method)
    return out.getvalue()


def docx(body: str, *, before: str = "") -> bytes:
    """A Word file with this XML in its body; `before` stands in front of the root."""
    xml = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": before + xml})


def paragraph(words: str, style: str = "") -> str:
    """One of a Word file."""
    look = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{look}<w:r><w:t>{words}</w:t></w:r></w:p>"


def xlsx(rows: Sequence[Sequence[object]], *, name: str = "Sales") -> bytes:
    """A workbook with one sheet of inline text and numbers."""
    cells = []
    for row in rows:
        made = [
            f'<c t="n"><v>{value}</v></c>'
            if isinstance(value, int | float)
            else f'<c t="inlineStr"><is><t>{value}</t></is></c>'
            for value in row
        ]
        cells.append(f"<row>{''.join(made)}</row>")
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return archive(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": (
                f'<Relationships xmlns="{package}"><Relationship Id="r1" '
                f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
            ),
            "xl/workbook.xml": (
                f'<workbook xmlns="{space}" xmlns:r="{relations}"><sheets>'
                f'<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
            ),
            "xl/_rels/workbook.xml.rels": (
                f'<Relationships xmlns="{package}"><Relationship Id="rId1" '
                f'Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
            ),
            "xl/worksheets/sheet1.xml": (
                f'<worksheet xmlns="{space}"><sheetData>{"".join(cells)}</sheetData></worksheet>'
            ),
        }
    )


def pptx(*slides: str) -> bytes:
    """A presentation with a line on each slide."""
    made = {
        f"ppt/slides/slide{number}.xml": (
            f'<p:sld xmlns:p="p" xmlns:a="{DRAWING}"><a:p><a:r><a:t>{words}</a:t></a:r></a:p>'
            "</p:sld>"
        )
        for number, words in enumerate(slides, start=1)
    }
    return archive({"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<p/>", **made})


def odt(*paragraphs: str) -> bytes:
    """An OpenDocument text."""
    words = "".join(f"<text:p>{each}</text:p>" for each in paragraphs)
    xml = (
        f'<o:c xmlns:o="o" xmlns:text="t"><text:h text:outline-level="2">Plan</text:h>{words}</o:c>'
    )
    kind = "application/vnd.oasis.opendocument.text"
    return archive({"mimetype": kind, "content.xml": xml}, stored=["mimetype"])


def epub(*chapters: str) -> bytes:
    """A book; its chapters stand in the archive in reverse order."""
    items = "".join(f'<item id="c{n}" href="c%20{n}.xhtml"/>' for n in range(len(chapters)))
    order = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    pages = {
        f"OPS/c {n}.xhtml": (
            f"<!DOCTYPE html><html><head><title>no</title></head><p>{words}</p></html>"
        )
        for n, words in reversed(list(enumerate(chapters)))
    }
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<c><rootfile full-path="OPS/book.opf"/></c>',
            "OPS/book.opf": (
                f"<package><manifest>{items}</manifest><spine>{order}</spine></package>"
            ),
            **pages,
        },
        stored=["mimetype"],
    )


def image(width: int, height: int, format_: str = "JPEG", **options: object) -> bytes:
    """A picture with a red left half on teal."""
    made = Image.new("RGB", (width, height), "teal")
    made.paste("red", (0, 0, width // 2, height))
    out = io.BytesIO()
    made.save(out, format_, **options)
    return out.getvalue()


def phone_photo(width: int = 300, height: int = 200) -> bytes:
    """A JPEG with a second picture behind it, as telephones make them."""
    out, second = io.BytesIO(), Image.new("RGB", (width, height), "blue")
    first = Image.new("RGB", (width, height), "red")
    first.save(out, "MPO", save_all=True, append_images=[second])
    return out.getvalue()


def crumbled_images(size: int = 3_000_000) -> dict[str, bytes]:
    """Images with next to nothing in them, in as many pieces as fit into `size` bytes."""
    png, jpeg, gif = (image(10, 10, kind) for kind in ("PNG", "JPEG", "GIF"))
    nothing = struct.pack(">I", 0) + b"prVt" + struct.pack(">I", zlib.crc32(b"prVt"))
    frame = gif.index(b",", 13)
    return {
        "empty PNG chunks": png[:33] + nothing * (size // 12) + png[33:],
        "empty JPEG segments": jpeg[:2] + b"\xff\xe5\0\2" * (size // 4) + jpeg[2:],
        "JPEG markers alone": jpeg[:2] + b"\xff\xd0" * (size // 2) + jpeg[2:],
        "JPEG filling": jpeg[:2] + b"\xff" * size + jpeg[2:],
        "JPEG rubbish": jpeg[:2] + b"\xff\xe5\0\2" + b"\1" * size + jpeg[2:],
        "GIF comments": gif[:frame] + b"!\xfe\1a\0" * (size // 5) + gif[frame:],
        "a GIF comment in pieces": (
            gif[:frame] + b"!\xfe" + b"\1a" * (size // 2) + b"\0" + gif[frame:]
        ),
        "GIF rubbish": gif[:frame] + b"\1" * size + gif[frame:],
    }


def pixel_bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few bytes that says how large it is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rows + chunk(b"IEND", b"")
