"""Names of files in an export: for every system, whatever titles and file names hold."""

import re
import unicodedata
from typing import Final

_RESERVED: Final = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])", re.IGNORECASE)
_MOST: Final = 200
"""Characters that are looked at, so that no name costs more than others."""
_SLUG_BYTES: Final = 80
_NAME_BYTES: Final = 150


def slug(title: str) -> str:
    """The words of a title joined by `-`, in any writing; "chat" where there is none."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", title[:_MOST]).lower())
    found = _cut("-".join(words), _SLUG_BYTES).strip("-") or "chat"
    return f"chat-{found}" if _RESERVED.fullmatch(found) else found


def safe_name(name: str) -> str:
    """A file name without path that can be made anywhere, with its extension; else "file"."""
    visible = "".join(
        " " if unicodedata.category(c) in _HIDDEN or c in '<>:"/\\|?*' else c
        for c in unicodedata.normalize("NFC", name[-_MOST:])
    )
    words = " ".join(visible.split()).strip(". ")
    stem, dot, extension = words.rpartition(".")
    if not dot or len(extension.encode()) > 20:
        stem, dot, extension = words, "", ""
    stem = _cut(stem, _NAME_BYTES).strip(". ") or "file"
    if _RESERVED.fullmatch(stem.split(".")[0].strip()):
        stem = f"file-{stem}"
    return f"{stem}{dot}{extension}"


_HIDDEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def _cut(text: str, limit: int) -> str:
    """At most `limit` bytes of it, whole characters."""
    return text.encode()[:limit].decode("utf-8", "ignore")
