"""What somebody typed into the search, taken apart: words, phrases, filters. Pure functions.

    nginx "reverse proxy" -apache tag:work from:me before:2025-06

Nothing that can be typed is an error: what is not understood is looked for as it stands, or said.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from chats.index_words import FIRST_LETTERS, beginning_with
from chats.words import is_single, words_of

LONGEST: Final = 1000
"""Characters of a search that are read."""
MOST_TERMS: Final = 12
MOST_FILTERS: Final = 12
MOST_WORDS: Final = 40
"""In one phrase."""

KEYS: Final = ("tag", "folder", "model", "from", "before", "after", "is", "has")
CHOICES: Final = {
    "from": ("me", "assistant"),
    "is": ("pinned", "archived", "shared"),
    "has": ("file",),
}
_TOKEN: Final = re.compile(r'(-?)(?:([a-zA-Z]+):)?(?:"([^"]*)("?)|([^\s"]+))|\S')
_BARE_KEY: Final = re.compile(rf"-?(?:{'|'.join(KEYS)}):", re.IGNORECASE)
_QUOTES: Final = str.maketrans("“”„«»\x00", '""""" ')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand together, or must not be there at all."""

    words: tuple[str, ...]
    is_excluded: bool = False
    is_prefix: bool = False
    """The last word may go on: somebody is typing it."""

    @property
    def is_short(self) -> bool:
        """Of its last word only so few letters are known that very many words begin with them."""
        return self.is_prefix and len(self.words[-1]) <= FIRST_LETTERS

    def as_whole_words(self) -> "Term":
        """This one; with its last word as it stands, where it is short."""
        return replace(self, is_prefix=False) if self.is_short else self

    def by_first_letters(self) -> list["Term"]:
        """This one for titles, which are indexed by the first letters of their words."""
        if not self.is_short:
            return [self]
        last = Term((beginning_with(self.words[-1]),), self.is_excluded)
        return [Term(self.words[:-1], self.is_excluded), last] if self.words[1:] else [last]


@dataclass(frozen=True, slots=True)
class Filter:
    """`key:value`, the key one of KEYS. `since` and `until` bound a day, a month or a year."""

    key: str
    value: str
    is_excluded: bool = False
    since: date | None = None
    until: date | None = None

    def __str__(self) -> str:
        value = f'"{self.value}"' if re.search(r"\s", self.value) or not self.value else self.value
        return f"{'-' if self.is_excluded else ''}{self.key}:{value}"


@dataclass(frozen=True, slots=True)
class Query:
    """A search as it was understood."""

    terms: tuple[Term, ...]
    filters: tuple[Filter, ...]
    misread: tuple[str, ...] = ()
    """Filters whose values mean nothing, as they were typed."""
    is_cut: bool = False
    """More was typed than is looked for."""
    text: str = ""
    """Without the filters: what to show in front of them."""

    @property
    def is_empty(self) -> bool:
        """Nothing to look for."""
        return not self.filters and all(term.is_excluded for term in self.terms)

    def without(self, dropped: Filter) -> str:
        """The search as it is typed without one of its filters."""
        rest = [str(each) for each in self.filters if each is not dropped]
        return " ".join([part for part in (self.text, *rest) if part])


def parse(text: str) -> Query:
    """Take a search apart."""
    text = text[: LONGEST + 1].translate(_QUOTES)
    terms: list[Term] = []
    filters: list[Filter] = []
    misread: list[str] = []
    plain: list[str] = []
    is_cut = len(text) > LONGEST
    for found in _TOKEN.finditer(text[:LONGEST]):
        minus, key, quoted, end, bare = found.groups()
        value = quoted if quoted is not None else bare or ""
        key = (key or "").lower()
        if key in KEYS:
            made = _filter(key, value.strip(), is_excluded=bool(minus))
            if made is None:
                misread.append(found[0])
            elif len(filters) < MOST_FILTERS:
                filters.append(made)
            else:
                is_cut = True
            continue
        if not key and _BARE_KEY.fullmatch(found[0]):
            # Its value is still to come, or was forgotten.
            if found.end() < len(text):
                misread.append(found[0])
            continue
        plain.append(found[0])
        words = words_of(f"{key} {value}" if key else value)
        if not words:
            continue
        is_open = found.end() == len(text) and not (quoted is not None and end)
        if len(terms) == MOST_TERMS or len(words) > MOST_WORDS:
            is_cut = True
        if len(terms) < MOST_TERMS:
            is_prefix = is_open and not minus and not is_single(words[-1])
            terms.append(Term(tuple(words[:MOST_WORDS]), bool(minus), is_prefix))
    return Query(
        terms=tuple(terms),
        filters=tuple(filters),
        misread=tuple(misread),
        is_cut=is_cut,
        text=" ".join(plain),
    )


def _filter(key: str, value: str, *, is_excluded: bool) -> Filter | None:
    if key in ("before", "after"):
        bounds = _dates(value)
        return bounds and Filter(key, value, is_excluded, *bounds)
    if key in CHOICES:
        value = value.lower()
        return Filter(key, value, is_excluded) if value in CHOICES[key] else None
    return Filter(key, value, is_excluded) if words_of(value) else None


def _dates(value: str) -> tuple[date, date] | None:
    """First day of what is named, and the first one after it."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", value, re.ASCII)
    if not found:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        since = date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    try:
        if day:
            return since, since + timedelta(days=1)
        if month:
            return since, date(since.year + month // 12, month % 12 + 1, 1)
        return since, date(since.year + 1, 1, 1)
    except (ValueError, OverflowError):
        return since, date.max
