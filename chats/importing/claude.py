"""Claude: `conversations.json`, whose messages stand one after the other or name their parents."""

import json
from collections.abc import Mapping
from typing import Any, Final

from chats.importing.calls import Calls
from chats.importing.files import Files
from chats.importing.neutral import (
    FoundConversation,
    FoundFile,
    FoundMessage,
    identity,
    items,
    mapping,
    moment,
    text,
)

PROVIDER: Final = "anthropic"
_ROOT: Final = "00000000-0000-4000-8000-000000000000"


def is_one(item: Mapping[str, Any]) -> bool:
    """Whether it is one of its conversations."""
    return "chat_messages" in item


def read(item: Mapping[str, Any], files: Files) -> FoundConversation:
    """One conversation, not arranged yet."""
    model = text(item.get("model"))
    found = FoundConversation(
        id=identity(item.get("uuid")),
        title=text(item.get("name")),
        created_at=moment(item.get("created_at")),
        updated_at=moment(item.get("updated_at")),
        model=f"{PROVIDER}/{model}" if model else "",
        is_pinned=item.get("is_starred") is True,
        leaf=identity(item.get("current_leaf_message_uuid")) or None,
    )
    before: str | None = None
    for number, value in enumerate(items(item.get("chat_messages"))):
        said = mapping(value)
        parent = identity(said.get("parent_message_uuid"))
        message = FoundMessage(
            id=identity(said.get("uuid")) or f"#{number}",
            parent=(parent if parent != _ROOT else None) if parent else before,
            role="user" if text(said.get("sender")) == "human" else "assistant",
            created_at=moment(said.get("created_at")),
        )
        before = message.id
        _fill(message, said, files)
        if message.role == "assistant":
            message.model = found.model
        found.messages.append(message)
    return found


def _fill(message: FoundMessage, said: Mapping[str, Any], files: Files) -> None:
    words: list[str] = []
    thoughts: list[str] = []
    calls = Calls()
    for value in items(said.get("content")):
        part = mapping(value)
        match part.get("type"):
            case "text":
                words.append(text(part.get("text")))
                message.parts += _sources(part)
            case "thinking":
                thoughts.append(text(part.get("thinking")))
            case "tool_use":
                message.parts.append(_call(part))
                calls.add(message.parts[-1])
            case "tool_result":
                calls.answer(identity(part.get("tool_use_id")), _result(part))
    message.content = "\n\n".join(filter(None, words)) or text(said.get("text"))
    message.reasoning = "\n\n".join(filter(None, thoughts))
    if said.get("stop_reason") in ("user_canceled", "max_tokens"):
        message.status = "stopped"
    for value in items(said.get("attachments")):
        attached = mapping(value)
        name = text(attached.get("file_name")) or "attachment.txt"
        extracted = text(attached.get("extracted_content"))
        if message.has_room():
            message.files.append(
                files.written(_as_text(name), extracted) if extracted else FoundFile(name)
            )
    for value in items(said.get("files")):
        file = mapping(value)
        name = text(file.get("file_name")) or identity(file.get("file_uuid"))
        is_new = all(each.name not in (name, _as_text(name)) for each in message.files)
        if name and is_new and message.has_room():
            message.files.append(FoundFile(name=name, path=files.called(name)))


def _as_text(name: str) -> str:
    """What an export has of an attachment is its text, whatever kind of file it was."""
    return name if name.lower().endswith((".txt", ".md", ".csv", ".json")) else f"{name}.txt"


def _call(part: Mapping[str, Any]) -> dict[str, str]:
    given = part.get("input")
    return {
        "type": "tool_call",
        "id": identity(part.get("id")),
        "name": text(part.get("name")),
        "arguments": given if isinstance(given, str) else json.dumps(given, ensure_ascii=False),
    }


def _result(part: Mapping[str, Any]) -> str:
    content = part.get("content")
    pieces = [content] if isinstance(content, str) else items(content)
    found = (each if isinstance(each, str) else text(mapping(each).get("text")) for each in pieces)
    return "\n\n".join(filter(None, found))


def _sources(part: Mapping[str, Any]) -> list[dict[str, str]]:
    found = [mapping(each) for each in items(part.get("citations"))]
    details = [{**mapping(each.get("details")), **each} for each in found]
    return [
        {"type": "source", "url": text(each.get("url")), "title": text(each.get("title"))}
        for each in details
        if text(each.get("url"))
    ]
