"""Sources and tool calls of a reply: `Message.parts`.

Stored as a list, in the order in which they came, of objects of two shapes:

    {"type": "source", "url": …, "title": …, "quote": …}
    {"type": "tool_call", "id": …, "name": …, "arguments": …, "result": …}

All values are texts; `arguments` is JSON, indented to be read, where the model wrote JSON; `result`
is absent while nobody ran the tool, and `title` and `quote` where there are none. All of it is a
provider's word: it is bounded and cleaned before it is stored, and checked again before it is
shown. It is never sent to a model.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from providers.types import Source, ToolCall

MAX_SOURCES: Final = 100
MAX_TOOL_CALLS: Final = 100
SEARCHES: Final = frozenset({"web_search", "web_search_preview", "google_search"})
"""What providers call their own search of the web."""

MAX_ALL: Final = 400_000
"""Characters of all parts of a reply together."""

_URL_LENGTH: Final = 2_000
_TITLE_LENGTH: Final = 300
_QUOTE_LENGTH: Final = 1_000
_NAME_LENGTH: Final = 200
_ARGUMENTS_LENGTH: Final = 10_000
_RESULT_LENGTH: Final = 20_000
_QUERIES: Final = ("query", "queries", "q")
_UNWANTED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters but tab and line feed, those that turn the direction of writing, and tags."""
_HOST: Final = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")


@dataclass(frozen=True, slots=True)
class ShownSource:
    """A source on a page."""

    url: str
    title: str
    host: str
    quote: str


@dataclass(frozen=True, slots=True)
class ShownCall:
    """A tool call on a page."""

    name: str
    arguments: str
    result: str | None
    was_run: bool
    """By the provider, whether it told a result or not."""

    @property
    def query(self) -> str:
        """What was searched for, when this searched the web."""
        return _query(self.arguments) if self.was_run and self.name in SEARCHES else ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows of a reply's parts."""

    sources: list[ShownSource] = field(default_factory=list)
    calls: list[ShownCall] = field(default_factory=list)


class Parts:
    """Gathers the parts of one reply. Adding is cheap enough for the hot path."""

    def __init__(self, stored: Iterable[object] = ()) -> None:
        self._found: dict[tuple[str, str], dict[str, str]] = {}
        self._length = 0
        for part in stored:
            self._keep(_stored(part))

    def __len__(self) -> int:
        return len(self._found)

    def add(self, part: Source | ToolCall) -> bool:
        """Take a part; one that is known already is completed. False when nothing changed."""
        return self._keep(_source(part) if isinstance(part, Source) else _tool_call(part))

    def as_json(self) -> list[dict[str, str]]:
        """To be stored."""
        return list(self._found.values())

    def _keep(self, part: dict[str, str] | None) -> bool:
        if part is None:
            return False
        kind = part["type"]
        key = (kind, part["url"] if kind == "source" else part["id"] or f"#{len(self._found)}")
        known = self._found.get(key, {})
        # A source's first words stay; of a call, what is said later is more.
        merged = {**part, **known} if kind == "source" else {**known, **part}
        grown = _length(merged) - _length(known)
        most = MAX_SOURCES if kind == "source" else MAX_TOOL_CALLS
        is_full = not known and sum(each[0] == kind for each in self._found) >= most
        if merged == known or is_full or self._length + grown > MAX_ALL:
            return False
        self._found[key] = merged
        self._length += grown
        return True


def shown(stored: object, *, went_on: bool = False) -> Shown:
    """What to show of `Message.parts`, whoever wrote it.

    A reply that `went_on` after its calls did not wait for us: the provider ran them.
    """
    found = Shown()
    for part in Parts(stored if isinstance(stored, list) else ()).as_json():
        if part["type"] == "source":
            host = _host(part["url"])
            title = part.get("title") or part["url"]
            found.sources.append(ShownSource(part["url"], title, host, part.get("quote", "")))
        else:
            result = part.get("result")
            was_run = went_on or result is not None
            found.calls.append(ShownCall(part["name"], part["arguments"], result, was_run))
    return found


def clean_address(text: str) -> str:
    """A web address as it can be shown and linked to; empty for anything else.

    One that hides where it leads is none: with a name before the host, or a backslash in it.
    """
    url = text.strip()
    if len(url) > _URL_LENGTH or _UNWANTED.search(url) or re.search(r"[\s\\]", url):
        return ""
    return url if _host(url) else ""


def _query(arguments: str) -> str:
    """Of a search, in whichever way its provider writes it; empty when it does not say."""
    try:
        asked = json.loads(arguments)
    except (ValueError, RecursionError):
        return ""
    values = asked if isinstance(asked, dict) else {}
    said = next((values[name] for name in _QUERIES if values.get(name)), "")
    queries = said if isinstance(said, list) else [said]
    return ", ".join(_line(each, _NAME_LENGTH) for each in queries if isinstance(each, str))


def _host(url: str) -> str:
    """The host of a web address as browsers call it, letters of other scripts encoded."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
        _ = parts.port
    except ValueError:
        return ""
    if ":" in host:
        host = f"[{host}]"
    is_plain = parts.scheme in ("http", "https") and "@" not in parts.netloc
    return host if is_plain and len(host) <= 253 and _HOST.fullmatch(host) else ""


def _source(source: Source) -> dict[str, str] | None:
    url = clean_address(source.url)
    if not url:
        return None
    words = {
        "title": _line(source.title, _TITLE_LENGTH),
        "quote": _text(source.quote, _QUOTE_LENGTH),
    }
    return {"type": "source", "url": url} | {name: text for name, text in words.items() if text}


def _tool_call(call: ToolCall) -> dict[str, str]:
    part = {
        "type": "tool_call",
        "id": _line(call.id, _NAME_LENGTH),
        "name": _line(call.name, _NAME_LENGTH),
        "arguments": _text(_indented(call.arguments), _ARGUMENTS_LENGTH),
    }
    if call.result is not None:
        part["result"] = _text(call.result, _RESULT_LENGTH)
    return part


def _stored(part: object) -> dict[str, str] | None:
    """A part of a row; what has another shape is none."""
    values: dict[str, Any] = part if isinstance(part, dict) else {}
    match values.get("type"):
        case "source":
            return _source(Source(*_words(values, "url", "title", "quote")))
        case "tool_call":
            call = ToolCall(*_words(values, "id", "name", "arguments"))
            result = values.get("result")
            return _tool_call(replace(call, result=result if isinstance(result, str) else None))
    return None


def _words(values: dict[str, Any], *names: str) -> Iterator[str]:
    found = (values.get(name) for name in names)
    return (each if isinstance(each, str) else "" for each in found)


def _indented(arguments: str) -> str:
    """JSON to be read, where it is JSON; never much longer than it was."""
    if len(arguments) > _ARGUMENTS_LENGTH:
        return arguments
    try:
        pretty = json.dumps(json.loads(arguments), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return arguments
    return pretty if len(pretty) <= _ARGUMENTS_LENGTH else arguments


def _text(text: str, limit: int) -> str:
    """Without what cannot be stored or hides something; at most `limit` characters."""
    kept = _UNWANTED.sub("", text[: 2 * limit].replace("\r\n", "\n").replace("\u2028", "\n"))
    kept = kept.strip()
    return kept if len(kept) <= limit else kept[: limit - 1].rstrip() + "…"


def _line(text: str, limit: int) -> str:
    return " ".join(_text(text, limit).split())


def _length(part: dict[str, str]) -> int:
    return sum(map(len, part.values()))
