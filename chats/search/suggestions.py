"""What may stand behind the filter that somebody is typing, and what to begin with."""

import re
from dataclasses import dataclass
from typing import Final

from accounts.models import User
from chats.models import Conversation, Folder, Tag
from chats.search.syntax import CHOICES, LONGEST, Filter
from chats.words import fold

MOST: Final = 20
MOST_RECENT: Final = 8
_OPEN: Final = re.compile(
    r'(?:^|(?<=\s))(-?)(tag|folder|model|from|is|has):"?([^"\s][^"]*|)$', re.I
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A filter, and the search with it in place of what was typed of it."""

    label: str
    text: str


def suggest(*, user: User, text: str) -> list[Suggestion]:
    """What the filter at the end of `text` may be completed to; mostly nothing. One query."""
    text = text[:LONGEST]
    found = _OPEN.search(text)
    if not found:
        return []
    minus, key, typed = found.groups()
    values = _values(user, key.lower())
    wanted = " ".join(fold(typed).split())
    fitting = [value for value in values if _fits(wanted, value)]
    if [" ".join(fold(value).split()) for value in fitting] == [wanted]:
        return []
    suggestions = []
    for value in fitting[:MOST]:
        label = str(Filter(key.lower(), value.replace('"', ""), bool(minus)))
        suggestions.append(Suggestion(label, f"{text[: found.start()]}{label} "))
    return suggestions


def recent_chats(*, user: User) -> list[Conversation]:
    """The chats that changed last: what to show before anything is typed. One query."""
    mine = Conversation.objects.for_user(user).listed().newest_first()
    return list(mine.only("id", "title", "updated_at")[:MOST_RECENT])


def _values(user: User, key: str) -> list[str]:
    if key in CHOICES:
        return list(CHOICES[key])
    if key == "tag":
        return sorted(
            Tag.objects.filter(owner=user).values_list("name", flat=True), key=str.casefold
        )
    if key == "folder":
        names = Folder.objects.filter(owner=user).values_list("name", flat=True).distinct()
        return sorted(names, key=str.casefold)
    return Conversation.objects.for_user(user).recent_models(20, among=500)


def _fits(wanted: str, value: str) -> bool:
    """Whether a word of `value` begins with what was typed."""
    return f" {wanted}" in f" {' '.join(fold(value).split())}"
