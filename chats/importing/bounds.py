"""Keeps what one conversation tells to what can be stored, before it leaves the process.

What is left out is counted in the conversation's notes. Texts of messages are not cut here: one
that is too long is told as that.
"""

from itertools import islice
from typing import Any, Final

from chats.importing.neutral import (
    MAX_CALLS,
    MAX_FILES,
    MAX_OPTIONS,
    MAX_SOURCES,
    MAX_TAGS,
    MAX_TITLE,
    FoundConversation,
    FoundMessage,
)

_NAME: Final = 1_000
_PART: Final = {"arguments": 20_000, "result": 40_000}
"""Letters of each text of a part, twice as many as `chats.parts` keeps; of others `_OF_PART`."""
_OF_PART: Final = 4_000
_PARTS: Final = 800_000
"""Letters of all parts of a message."""
_FACTS: Final = 50_000
"""Letters of all other facts of a message or a conversation."""
_FACT: Final = 8_000
_LEVELS: Final = 4


def bound(conversation: FoundConversation) -> None:
    """Leave out and cut what is beyond."""
    conversation.title = conversation.title[:MAX_TITLE]
    conversation.model = conversation.model[:_NAME]
    conversation.folder = [name[:_NAME] for name in conversation.folder]
    conversation.note("tags", max(0, len(conversation.tags) - MAX_TAGS))
    conversation.tags = [[text[:_NAME] for text in tag] for tag in conversation.tags[:MAX_TAGS]]
    options = conversation.facts.get("options")
    if isinstance(options, dict):
        conversation.note("options", max(0, len(options) - MAX_OPTIONS))
    conversation.facts = _Budget(_FACTS).cut(conversation.facts)
    for message in conversation.messages:
        message.model, message.author = message.model[:_NAME], message.author[:_NAME]
        message.facts = _Budget(_FACTS).cut(message.facts)
        _bound_files(conversation, message)
        _bound_parts(conversation, message)


def _bound_files(conversation: FoundConversation, message: FoundMessage) -> None:
    conversation.note("files", message.more_files + max(0, len(message.files) - MAX_FILES))
    message.files = message.files[:MAX_FILES]
    for file in message.files:
        file.name, file.path = file.name[:_NAME], file.path[: 1 << 16]


def _bound_parts(conversation: FoundConversation, message: FoundMessage) -> None:
    room = {"source": MAX_SOURCES, "tool_call": MAX_CALLS}
    kept: list[dict[str, str]] = []
    left = _PARTS
    for part in message.parts:
        kind = part.get("type")
        if not isinstance(kind, str) or not room.get(kind):
            continue
        texts = {
            name: value[: _PART.get(name, _OF_PART)]
            for name in ("type", "id", "name", "arguments", "result", "url", "title", "quote")
            if isinstance(value := part.get(name), str)
        }
        left -= sum(map(len, texts.values()))
        if left < 0:
            break
        room[kind] -= 1
        kept.append(texts)
    conversation.note("parts", len(message.parts) - len(kept))
    message.parts = kept


class _Budget:
    """Copies plain values until so many letters are used."""

    def __init__(self, letters: int) -> None:
        self._left = letters

    def cut(self, values: dict[str, Any]) -> dict[str, Any]:
        """An object, each text, list and object in it cut."""
        return {name: self._cut(value, _LEVELS) for name, value in values.items()}

    def _cut(self, value: object, levels: int) -> Any:
        self._left -= 10
        if isinstance(value, str):
            return self._text(value, _FACT)
        if isinstance(value, dict) and levels:
            return {
                self._text(name, 200): self._cut(each, levels - 1)
                for name, each in islice(value.items(), MAX_OPTIONS)
                if self._left > 0
            }
        if isinstance(value, list) and levels:
            within = islice(value, MAX_OPTIONS)
            return [self._cut(each, levels - 1) for each in within if self._left > 0]
        is_plain = isinstance(value, float) or (isinstance(value, int) and abs(value) < 1 << 64)
        return value if is_plain else None

    def _text(self, value: str, limit: int) -> str:
        cut = value[: max(0, min(limit, self._left))]
        self._left -= len(cut)
        return cut
