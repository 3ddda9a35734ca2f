"""What logs leave out."""

import logging


class WithoutTraceback(logging.Filter):
    """Keeps the line of a record and drops its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: the record is shortened, not dropped."""
        record.exc_info = record.exc_text = None
        return True
