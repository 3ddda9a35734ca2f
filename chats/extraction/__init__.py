"""What files say, read by a process of its own: `python -m chats.extraction`.

Files come from anyone and the libraries that read them were written for honest ones. So a file is
read by a short-lived process that is given neither the site's keys nor its database, little memory
and little time; it gets the file as its standard input and answers in lines of JSON. That contains
faults, not an attacker who takes the process over: it runs as the same user. Nothing in this
package imports Django, and only the process imports the libraries.
"""

from dataclasses import dataclass
from typing import Any, Final

MEMORY: Final = 1024 * 1024 * 1024
"""Bytes of address space of the process, the interpreter and its libraries included."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to do with the file on standard input."""

    reader: str
    """One of `chats.extraction.__main__.READERS`."""
    max_characters: int
    """Of text; what follows is left out."""
    seconds: float
    """After which the process is ended; readers of many pages stop a little before."""


class RefusedError(Exception):
    """The file is not read. `code` is one of `CODES`, for words of the site's own."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


CODES: Final = frozenset({"bomb", "damaged", "empty", "locked", "memory", "not_text", "time"})

Answer = dict[str, Any]
"""The last line: `failed`, a code; or `text`, `is_cut`; or `thumbnail`, `reduced`, `reduced_type`
(base64), `width`, `height`; with `pages` and `pages_read` where there are pages."""
