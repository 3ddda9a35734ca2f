"""The process: gives up what it does not need, then reads standard input."""

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, Final

from chats.extraction import Job, RefusedError, books, images, office, pdf, plain, sheets
from chats.extraction.confinement import confine
from chats.extraction.sink import FullError, Pages, Text, say

Reader = Callable[[IO[bytes], Text, Pages], None]

READERS: Final[dict[str, Reader]] = {
    "book": books.read,
    "open": office.read_open,
    "pdf": pdf.read,
    "sheet": sheets.read,
    "slides": office.read_slides,
    "text": plain.read,
    "word": office.read_word,
}
IMAGE_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")


def answer(job: Job, file: IO[bytes]) -> dict[str, Any]:
    """What is said last."""
    if job.reader == "image":
        return images.read(file, IMAGE_FORMATS)
    until = time.monotonic() + 0.75 * job.seconds
    text, pages = Text(max_characters=job.max_characters, until=until), Pages()
    with suppress(FullError):  # What fits is there, and `is_cut` says that there is more.
        READERS[job.reader](file, text, pages)
    found = {"text": text.value(), "is_cut": text.is_cut}
    if pages.total is None:
        return found
    return found | {"pages": pages.total, "pages_read": pages.read}


def main() -> None:
    """Read one file. Every fault of the file is an answer, too."""
    job = Job(**json.loads(sys.argv[1]))
    confine(job.seconds)
    logging.disable()
    try:
        say(answer(job, os.fdopen(0, "rb")))
    except RefusedError as refusal:
        say({"failed": refusal.code})
    except MemoryError:
        say({"failed": "memory"})
    except Exception as error:
        # Libraries raise anything. What they say may quote the file, so only its kind is told.
        say({"failed": "damaged", "cause": type(error).__name__})


if __name__ == "__main__":
    main()
