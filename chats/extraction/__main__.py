"""The process: gives up what it does not need, then reads standard input."""

import json
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, Final

from chats.extraction import MEMORY, Job, RefusedError, books, images, office, pdf, plain, sheets
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


def confine(seconds: float) -> None:
    """No files, little memory and time, the last place in the queue for the processor.

    Not every system knows every limit (macOS none of memory): what it refuses stays as it was,
    and whoever started this process ends it in time.
    """
    cpu = int(seconds) + 1
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_NPROC: 0,
    }
    for kind, limit in limits.items():
        try:
            resource.setrlimit(kind, (limit, limit))
        except (OSError, ValueError):
            logging.getLogger(__name__).debug("This system has no limit %s", kind)
    signal.alarm(cpu + 5)
    os.nice(10)


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
