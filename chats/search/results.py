"""What a search answers with: for the page, and for whatever else asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chats.search.snippets import Part
from chats.search.syntax import Filter, Query


@dataclass(frozen=True, slots=True)
class Hit:
    """A chat that was found, by its best message or else by its title; or one message of a chat.

    Texts are plain: whoever shows them escapes them.
    """

    conversation_id: UUID
    title: list[Part]
    message_id: UUID | None
    """None: only the title was found."""
    role: str
    """`user`, `assistant`, or empty for a title."""
    snippet: list[Part]
    """Around what was found; of a title empty."""
    date: datetime
    """Of the message, or of the chat's last change."""
    folder: str
    """Where the chat is kept, from the top: `Work / Reports`, or empty."""
    is_archived: bool
    is_own: bool
    """False: somebody else's, who shares it."""
    more: int = 0
    """Further messages of this chat among the matches that were put in order together."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter of the search as it was understood, and the search without it."""

    filter: Filter
    text: str
    rest: str


@dataclass(frozen=True, slots=True)
class SearchResults:
    """A page of results, the best first; filters alone give the newest first."""

    hits: Sequence[Hit]
    count: int
    """How many chats there are in all; inside a chat, how many messages. See `is_more_than`."""
    is_more_than: bool
    """There are older matches, in these chats or in others: `count` is the least there can be."""
    next: str
    """The cursor of the next page; empty on the last one."""
    query: Query
    chips: Sequence[Chip]
    notes: Sequence[str]
    """Sentences about what was not understood or not looked for."""
