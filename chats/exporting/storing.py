"""Attached files of an export, in blocks, and what is counted of an export while it is written."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chats.models import Attachment

_BLOCK: Final = 96 * 1024

logger = logging.getLogger(__name__)


class LostError(Exception):
    """A file is not there any more, or broke off while it was read."""


@dataclass(slots=True)
class Counts:
    """What was written so far. `missing`: files that could not be read to their end."""

    chats: int = 0
    messages: int = 0
    files: int = 0
    missing: int = 0

    def add_file(self, *, is_missing: bool) -> None:
        """Another file is through."""
        self.files += 1
        self.missing += is_missing


def read_blocks(file: Attachment) -> Iterator[bytes]:
    """The bytes of a file, wherever it is stored. Raises LostError, perhaps after some of them."""
    try:
        with file.file.open("rb") as opened:
            while block := opened.read(_BLOCK):
                yield block
    except Exception as error:
        # Whatever a disk or a bucket says: the rest of the export is worth more than this file.
        kind = type(error).__name__
        logger.warning("The file of attachment %s could not be exported: %s.", file.id, kind)
        raise LostError from error
