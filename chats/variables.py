"""Variables in a template's text: finding them, and filling them in. Pure.

    {{name}}                  one line of text
    {{name:long}}             text of several lines
    {{name:choice(a|b|c)}}    one of these; {{name:a|b|c}} says the same
    {{name:date}}             a day, inserted as 2026-01-31
    {{today}}                 the day it is; nobody is asked for it

Texts from elsewhere can be read as they are: ``{{name:a|b}}`` is LibreChat's, and of Open WebUI's
``{{name | select:options=["a","b"]}}`` the types `text`, `textarea`, `select` and `date` are known,
other properties are not. Both call today's date `current_date`. All other braces are plain text,
such as those of code.

Both functions take time in proportion to the text: nothing in `_BRACES` can be matched twice.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

NAME_LENGTH: Final = 50
MOST_CHOICES: Final = 50

_BRACES = re.compile(r"\{\{([^{}\n]{1,2000}+)\}\}")
_CHOICE = re.compile(r"choice\s*\((.*)\)")
_OPTIONS = re.compile(r"options\s*=\s*(\[[^\]]*\])")
_TODAY = frozenset({"today", "current_date"})
_BESIDE_LETTERS = frozenset(" _-'")


class Kind(Enum):
    """What is entered."""

    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    DATE = "date"


_KINDS = {
    "text": Kind.TEXT,
    "long": Kind.LONG,
    "textarea": Kind.LONG,
    "date": Kind.DATE,
}


class TooLongError(ValueError):
    """The filled text would be longer than is allowed."""


@dataclass(frozen=True, slots=True)
class Variable:
    """Something to ask for before the text is used."""

    name: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    """For `Kind.CHOICE`, each once."""


def find_mistaken(text: str) -> list[str]:
    """What was meant to be a variable and is none: it has a name, and a type that is not known."""
    found = (match[1] for match in _BRACES.finditer(text))
    mistaken = [f"{{{{{each}}}}}" for each in found if _is_mistaken(each)]
    return list(dict.fromkeys(mistaken))


def find_variables(text: str) -> list[Variable]:
    """Each once, in the order of the text; of several kinds by one name, the first but text."""
    found: dict[str, Variable] = {}
    for variable in _variables(text):
        known = found.get(variable.name)
        if known is None or known.kind is Kind.TEXT:
            found[variable.name] = variable
    return [each for each in found.values() if each.name.casefold() not in _TODAY]


def fill(text: str, values: Mapping[str, str], *, today: str, limit: int) -> str:
    """`text` with `values` by their variables' names, as they are: what they hold is not filled.

    Variables without a value stay. Raises TooLongError above `limit` characters, before the text
    is made.
    """
    parts: list[str] = []
    end = length = 0
    for match in _BRACES.finditer(text):
        variable = _variable(match[1])
        if variable is None:
            continue
        is_today = variable.name.casefold() in _TODAY
        value = today if is_today else values.get(variable.name, match[0])
        parts += (text[end : match.start()], value)
        length += len(parts[-2]) + len(value)
        end = match.end()
        if length > limit:
            raise TooLongError
    if length + len(text) - end > limit:
        raise TooLongError
    return "".join([*parts, text[end:]])


def _variables(text: str) -> Iterator[Variable]:
    for match in _BRACES.finditer(text):
        if variable := _variable(match[1]):
            yield variable


def _variable(inside: str) -> Variable | None:
    """What stands between the braces, if it is a variable."""
    name, mark, rest = _split(inside)
    if not _is_name(name):
        return None
    if not mark:
        return Variable(name)
    kind, _colon, properties = rest.partition(":")
    if known := _KINDS.get(kind.strip().lower()):
        return Variable(name, known)
    if mark == "|":
        is_select = kind.strip().lower() in {"select", "dropdown"}
        return _choice(name, _listed(properties) if is_select else [])
    if called := _CHOICE.fullmatch(rest):
        return _choice(name, called[1].split("|"))
    return _choice(name, rest.split("|")) if "|" in rest else None


def _is_mistaken(inside: str) -> bool:
    name, mark, _rest = _split(inside)
    return bool(mark) and _is_name(name) and _variable(inside) is None


def _split(inside: str) -> tuple[str, str, str]:
    """Name, `:` or `|` (whichever comes first) and the rest, without blanks around them."""
    mark = min(":|", key=lambda each: inside.find(each) % (len(inside) + 1))
    name, found, rest = inside.partition(mark)
    return name.strip(), found, rest.strip()


def _is_name(text: str) -> bool:
    """Letters of any writing, digits, blanks and a few marks; the first is a letter or `_`."""
    if not 0 < len(text) <= NAME_LENGTH or not (text[0].isalpha() or text[0] == "_"):
        return False
    return all(c in _BESIDE_LETTERS or unicodedata.category(c)[0] in "LMN" for c in text)


def _choice(name: str, choices: list[str]) -> Variable | None:
    kept = dict.fromkeys(filter(None, (each.strip() for each in choices)))
    if not 0 < len(kept) <= MOST_CHOICES:
        return None
    return Variable(name, Kind.CHOICE, tuple(kept))


def _listed(properties: str) -> list[str]:
    found = _OPTIONS.search(properties)
    try:
        values = json.loads(found[1]) if found else []
    except (ValueError, RecursionError):
        return []
    return [each for each in values if isinstance(each, str)]
