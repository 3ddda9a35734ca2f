"""Pieces of a text around what was looked for, as plain parts: whoever shows them escapes them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chats.search.syntax import Term
from chats.words import LONGEST, fold

LENGTH: Final = 220
"""Characters of a snippet, more or less."""
_LEAD: Final = 60
_CHUNK: Final = 4000
_MEET: Final = 400
_MOST_READ: Final = 400_000
# Characters with the marks that belong to them: folded one by one they give what the whole gives.
_CLUSTER: Final = re.compile(r"[A-Za-z0-9]+|\w[^\w\s\x00-\x7f]*|[^\w\s\x00-\x7f]+")
_MARKUP: Final = re.compile(r"\*\*|`+|^[ \t]*(?:#{1,6}|>|[-*+]) +", re.MULTILINE)
"""Of Markdown what only gets in the way."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text, and whether it is what was looked for."""

    text: str
    is_match: bool = False


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int


def mark(text: str, terms: Sequence[Term]) -> list[Part]:
    """A whole short text with what was looked for marked in it."""
    return _parts(text, 0, len(text), _spans(_located(text, 0), terms))


def snippet(text: str, terms: Sequence[Term]) -> list[Part]:
    """About LENGTH characters around the first of what was looked for; else the beginning."""
    wanted = [term for term in terms if not term.is_excluded]
    for at in range(0, min(len(text), _MOST_READ), _CHUNK):
        chunk = text[at : at + _CHUNK + _MEET]
        if not _may_hold(chunk, wanted):
            continue
        spans = _spans(_located(chunk, at), wanted)
        if spans:
            return _around(text, spans)
    return _around(text, [])


def _may_hold(chunk: str, terms: Sequence[Term]) -> bool:
    """Cheaply: whether the first word of one of them is in there."""
    folded = f" {' '.join(fold(chunk).split())}"
    return any(f" {term.words[0]}" in folded for term in terms)


def _located(text: str, offset: int) -> list[_Word]:
    """The words of a text, as `chats.words` has them, and where they stand in it."""
    words: list[_Word] = []
    open_end = -1
    for found in _CLUSTER.finditer(text):
        start, end = found.start() + offset, found.end() + offset
        pieces = fold(found[0])
        for number, piece in enumerate(pieces.split()):
            joined = number == 0 and start == open_end and not pieces[0].isspace()
            if joined and words:
                last = words[-1]
                words[-1] = _Word((last.text + piece)[:LONGEST], last.start, end)
            else:
                words.append(_Word(piece[:LONGEST], start, end))
        open_end = end if pieces and not pieces[-1].isspace() else -1
        if pieces == "":
            open_end = end
    return words


def _spans(words: Sequence[_Word], terms: Sequence[Term]) -> list[tuple[int, int]]:
    """Where the terms stand, in order and apart from each other."""
    spans: list[tuple[int, int]] = []
    places: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        places.setdefault(word.text, []).append(at)
    for term in terms:
        if term.is_excluded:
            continue
        first, *_rest = term.words
        starts = places.get(first, [])
        if len(term.words) == 1 and term.is_prefix:
            starts = [at for at, word in enumerate(words) if word.text.startswith(first)]
        for at in starts:
            run = words[at : at + len(term.words)]
            if len(run) == len(term.words) and _is_run(run, term):
                spans.append((run[0].start, run[-1].end))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_run(run: Sequence[_Word], term: Term) -> bool:
    *before, last = (word.text for word in run)
    ends = last.startswith(term.words[-1]) if term.is_prefix else last == term.words[-1]
    return ends and before == list(term.words[:-1])


def _around(text: str, spans: Sequence[tuple[int, int]]) -> list[Part]:
    first = spans[0][0] if spans else 0
    start = max(0, first - _LEAD)
    if start:
        start = next((at + 1 for at in range(start, first) if text[at].isspace()), start)
    end = min(len(text), max(start + LENGTH, spans[0][1] if spans else 0))
    if end < len(text):
        end = next((at for at in range(end, end - 40, -1) if text[at].isspace()), end)
    shown = [(at, min(till, end)) for at, till in spans if at < end]
    parts = _parts(text, start, end, shown)
    if start:
        parts.insert(0, Part("…"))
    if end < len(text.rstrip()):
        parts.append(Part("…"))
    return parts


def _parts(text: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> list[Part]:
    parts = []
    at = start
    for first, last in spans:
        parts += [Part(_plain(text[at:first])), Part(text[first:last], is_match=True)]
        at = last
    parts.append(Part(_plain(text[at:end])))
    return [part for part in parts if part.text]


def _plain(text: str) -> str:
    return _MARKUP.sub("", text)
