"""What every product's conversations are turned into, before anything is stored.

Plain values; texts are as they were in the file and not cleaned yet. Ids are the file's own, and
mean nothing outside of their conversation.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Final

MAX_ITEM: Final = 64_000_000
"""Bytes of JSON of one conversation, or of one file that is within JSON."""
MAX_MESSAGES: Final = 50_000
"""In one conversation: they are written in one transaction."""
MAX_FILES: Final = 10
"""On one message."""
MAX_SOURCES: Final = 100
MAX_CALLS: Final = 100
"""In one message, as `chats.parts` keeps."""
MAX_OPTIONS: Final = 50
MAX_TAGS: Final = 20
"""On one conversation, as `chats.tags` keeps."""
MAX_TITLE: Final = 200

_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_MILLISECONDS: Final = 1e11
"""From here on a number of seconds would lie after the year 5000."""


class ItemError(Exception):
    """One conversation cannot be taken; the others can. `code` is one of `CODES`."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


CODES: Final = frozenset(
    {
        "cut", "damaged", "deep", "empty", "encoding", "memory", "not_conversation", "slow",
        "too_large", "too_long", "too_many",
    }
)  # fmt: skip


@dataclass(slots=True)
class FoundFile:
    """A file of a message: in the archive, told before by `key`, or neither and so missing."""

    name: str
    path: str = ""
    key: str = ""
    created_at: float | None = None


@dataclass(slots=True)
class FoundMessage:
    """One node of the tree. What is not `is_kept` gives what it carries to the replies below."""

    id: str
    parent: str | None = None
    role: str = "assistant"
    content: str = ""
    reasoning: str = ""
    parts: list[dict[str, str]] = field(default_factory=list)
    files: list[FoundFile] = field(default_factory=list)
    status: str = "complete"
    model: str = ""
    """`provider/model` where the product is known to use one provider, else a name."""
    author: str = ""
    created_at: float | None = None
    """Seconds since 1970."""
    is_kept: bool = True
    facts: dict[str, Any] = field(default_factory=dict)
    """What only Parley's own format knows: columns by their names."""
    more_files: int = 0
    """That are left out, past MAX_FILES."""

    def has_room(self) -> bool:
        """Whether it can have one more file; one that it cannot have is counted."""
        if len(self.files) < MAX_FILES:
            return True
        self.more_files += 1
        return False

    @property
    def carries(self) -> bool:
        """Whether anything of it goes to other messages when it is not kept itself."""
        return bool(self.reasoning or self.parts or self.files)


@dataclass(slots=True)
class FoundConversation:
    """One conversation; `messages` are parents before children once `tree.arrange` saw them."""

    id: str
    title: str = ""
    messages: list[FoundMessage] = field(default_factory=list)
    leaf: str | None = None
    created_at: float | None = None
    updated_at: float | None = None
    model: str = ""
    system_prompt: str = ""
    is_pinned: bool = False
    is_archived: bool = False
    folder: list[str] = field(default_factory=list)
    """Names, the outermost first."""
    tags: list[list[str]] = field(default_factory=list)
    """Pairs of name and colour."""
    source_id: str = ""
    """What it came from in the place that it was exported from, as `Conversation.source_id`."""
    facts: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    """What does not come in as it was, by code, and how often."""

    def note(self, code: str, count: int = 1) -> None:
        """Remember that something was left out or mended."""
        if count:
            self.notes[code] = self.notes.get(code, 0) + count


def as_json(value: object) -> dict[str, Any]:
    """For `json.dumps(default=…)`; one level, so that nothing is copied in depth."""
    return {each.name: getattr(value, each.name) for each in fields(value)}  # type: ignore[arg-type]


def text(value: object) -> str:
    """A text, or nothing where the file has anything else."""
    return value if isinstance(value, str) else ""


def mapping(value: object) -> Mapping[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """A list, or an empty one."""
    return value if isinstance(value, list) else []


def identity(value: object) -> str:
    """An id, which some files have as a number; empty for none."""
    if isinstance(value, str):
        return value[:200]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 64:
        return str(value)
    return ""


def moment(value: object) -> float | None:
    """Seconds since 1970 of a number (seconds or milliseconds) or an ISO text; None for nonsense.

    A text without a zone is taken as UTC.
    """
    if isinstance(value, str):
        return _parsed(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    if not math.isfinite(seconds):
        return None
    if abs(seconds) >= _MILLISECONDS:
        seconds /= 1000
    return seconds if _EARLIEST <= seconds <= _LATEST else None


def _parsed(written: str) -> float | None:
    try:
        parsed = datetime.fromisoformat(written[:40].strip())
    except ValueError:
        return None
    if not 1990 <= parsed.year < 2100:
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return parsed.timestamp()
