"""PDF, by pypdf: written in Python alone, so that a hostile file cannot reach into memory."""

from typing import IO

from chats.extraction import RefusedError
from chats.extraction.sink import Pages, Text


def read(file: IO[bytes], text: Text, pages: Pages) -> None:
    """The text of each page. One that cannot be read is passed over, if others can."""
    from pypdf import PdfReader  # noqa: PLC0415  only in its process
    from pypdf.errors import LimitReachedError, PyPdfError  # noqa: PLC0415

    reader = PdfReader(file)
    if reader.is_encrypted and not reader.decrypt(""):
        raise RefusedError("locked")
    pages.begin(len(reader.pages))
    readable = 0
    for number, page in enumerate(reader.pages, start=1):
        text.check_time()
        try:
            words = page.extract_text().strip()
            readable += 1
        except LimitReachedError as error:
            raise RefusedError("bomb") from error
        except (PyPdfError, ValueError, LookupError, TypeError, AttributeError):
            words = ""
        if words:
            text.write(f"[Page {number}]\n{words}\n\n")
        pages.turn()
    if not readable:
        raise RefusedError("damaged")
