"""What logs leave out."""

import logging
import re
from typing import Final

_SHARED: Final = re.compile(r"((?:/|%2F)s(?:/|%2F))[\w-]{16,}", re.IGNORECASE)
"""Addresses of shared links, also where they are part of a query."""


class LineFormatter(logging.Formatter):
    """A line, traceback included, without what opens shared links: the address is the key."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return _SHARED.sub(r"\1…", super().format(record))


class WithoutTraceback(logging.Filter):
    """Keeps the line of a record and drops its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: the record is shortened, not dropped."""
        record.exc_info = record.exc_text = None
        return True
