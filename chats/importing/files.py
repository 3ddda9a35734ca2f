"""Where files of messages are found: beside the conversations in the archive, or in their JSON."""

import base64
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Final

from chats.importing.neutral import FoundFile

_DATA: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w=.+-]+)*?);base64,")
_EXTENSIONS: Final = {"image/jpeg": "jpg", "text/plain": "txt", "image/svg+xml": "svg"}

Tell = Callable[[str, str], None]
"""Gets the key of a file and its bytes in base64, before its conversation is told."""


class Files:
    """The files of one archive, and those that are told as they come."""

    def __init__(self, names: Iterable[str] = (), tell: Tell | None = None) -> None:
        self._by_base: dict[str, str] = {}
        for name in names:
            self._by_base.setdefault(name.rpartition("/")[2], name)
        self._names = sorted(self._by_base)
        self._tell = tell
        self._count = 0

    def called(self, name: str) -> str:
        """The entry of that name in whatever folder; empty for none."""
        return self._by_base.get(name.replace("\\", "/").rpartition("/")[2], "")

    def beginning_with(self, start: str) -> str:
        """The first entry whose name begins so and goes on with no letter or digit, or nothing."""
        at = bisect_left(self._names, start)
        while at < len(self._names) and self._names[at].startswith(start):
            rest = self._names[at][len(start) :]
            if not rest[:1].isalnum():
                return self._by_base[self._names[at]]
            at += 1
        return ""

    def embedded(self, address: str, name: str) -> FoundFile | None:
        """The file in a `data:` address; None where it is another kind of address."""
        found = _DATA.match(address)
        if found is None:
            return None
        kind = found[1] or ""
        extension = _EXTENSIONS.get(kind, kind.rpartition("/")[2]) or "bin"
        return self.told(name or f"file.{extension}", address[found.end() :])

    def written(self, name: str, content: str) -> FoundFile:
        """A file of a text that the export has in place of the file."""
        return self.told(name, base64.b64encode(content.encode("utf-8", "replace")).decode())

    def told(self, name: str, data: str) -> FoundFile:
        """A file whose bytes are told now, in base64."""
        self._count += 1
        key = f"embedded-{self._count}"
        if self._tell is not None:
            self._tell(key, "".join(data.split()))
        return FoundFile(name=name, key=key)
