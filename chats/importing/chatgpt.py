"""ChatGPT: `conversations.json`, a tree of nodes for each conversation.

Thoughts, calls of tools and what they said are nodes of their own: they become reasoning and parts
of the reply that follows.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

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

PROVIDER: Final = "openai"

_CITATION: Final = re.compile("\ue200[^\ue200\ue201]*\ue201|[\ue200-\ue206]")
"""Marks that ChatGPT's own page turns into links."""
_HIDDEN: Final = frozenset(
    {"user_editable_context", "model_editable_context", "reasoning_recap", "system_error"}
)
_STATUS: Final = {"in_progress": "interrupted", "finished_partial_completion": "stopped"}
_FILE_ID: Final = re.compile(r"file[-_][A-Za-z0-9]+")


def is_one(item: Mapping[str, Any]) -> bool:
    """Whether it is one of its conversations."""
    return "mapping" in item or ("current_node" in item and "conversation_id" in item)


def read(item: Mapping[str, Any], files: Files) -> FoundConversation:
    """One conversation, not arranged yet."""
    found = FoundConversation(
        id=identity(item.get("conversation_id")) or identity(item.get("id")),
        title=text(item.get("title")),
        created_at=moment(item.get("create_time")),
        updated_at=moment(item.get("update_time")),
        is_pinned=item.get("is_starred") is True,
        is_archived=item.get("is_archived") is True,
        leaf=identity(item.get("current_node")) or None,
    )
    default = _model(item.get("default_model_slug"))
    found.model = default
    for key, value in mapping(item.get("mapping")).items():
        node = mapping(value)
        message = FoundMessage(
            id=identity(key),
            parent=identity(node.get("parent")) or None,
            is_kept=False,
        )
        _fill(message, mapping(node.get("message")), files)
        if message.role == "assistant" and message.is_kept:
            message.model = message.model or default
        found.messages.append(message)
    if identity(item.get("gizmo_id")):
        found.note("assistant")
    return found


def _fill(message: FoundMessage, said: Mapping[str, Any], files: Files) -> None:
    """What a node says. Nodes without a message, of the system and hidden ones stay left out."""
    metadata = mapping(said.get("metadata"))
    author = mapping(said.get("author"))
    role = text(author.get("role"))
    content = mapping(said.get("content"))
    kind = text(content.get("content_type"))
    if role not in ("user", "assistant", "tool") or kind in _HIDDEN:
        return
    if metadata.get("is_visually_hidden_from_conversation") is True:
        return
    message.role = "user" if role == "user" else "assistant"
    message.created_at = moment(said.get("create_time"))
    message.status = _STATUS.get(text(said.get("status")), "complete")
    words = _words(content, message, files)
    if role == "tool":
        _tool_result(message, text(author.get("name")), words)
    elif kind == "thoughts":
        message.reasoning = words
    elif role == "assistant" and _is_call(said, kind):
        name = text(said.get("recipient"))
        message.parts.append(
            {
                "type": "tool_call",
                "id": identity(said.get("id")),
                "name": name if name not in ("", "all") else "python",
                "arguments": words,
            }
        )
    else:
        message.content = _CITATION.sub("", words)
        message.model = _model(metadata.get("model_slug")) if role == "assistant" else ""
        message.parts += _sources(metadata)
        for each in items(metadata.get("attachments")):
            _add_file(
                message, text(mapping(each).get("id")), text(mapping(each).get("name")), files
            )
        message.is_kept = bool(message.content.strip() or message.files)
    message.facts.clear()


def _is_call(said: Mapping[str, Any], kind: str) -> bool:
    recipient = text(said.get("recipient"))
    return kind == "code" or recipient not in ("", "all")


def _tool_result(message: FoundMessage, name: str, words: str) -> None:
    if words.strip():
        message.parts.append({"type": "tool_result", "id": "", "name": name, "result": words})


def _words(content: Mapping[str, Any], message: FoundMessage, files: Files) -> str:
    """The text of a content; files of it are added to the message."""
    thoughts = [mapping(each) for each in items(content.get("thoughts"))]
    if thoughts:
        pieces = (
            "\n".join(filter(None, (_bold(each.get("summary")), text(each.get("content")))))
            for each in thoughts
        )
        return "\n\n".join(filter(None, pieces))
    found = [_part(each, message, files) for each in items(content.get("parts"))]
    if not found:
        found = [text(content.get("text")) or text(content.get("result"))]
    return "\n\n".join(filter(None, found))


def _bold(summary: object) -> str:
    return f"**{summary}**" if isinstance(summary, str) and summary else ""


def _part(part: object, message: FoundMessage, files: Files) -> str:
    if isinstance(part, str):
        return part
    values = mapping(part)
    pointer = text(values.get("asset_pointer"))
    if pointer:
        _add_file(message, pointer, "", files)
        return ""
    # Spoken messages have what was heard.
    return text(values.get("text"))


def _add_file(message: FoundMessage, pointer: str, name: str, files: Files) -> None:
    """A file that is told by an id; the archive has it under a name that begins with this."""
    found = _FILE_ID.search(pointer.rpartition("://")[2])
    id_ = found[0] if found else ""
    path = files.beginning_with(id_) if id_ else ""
    file = FoundFile(name=name or path.rpartition("/")[2] or id_, path=path)
    # An image is told twice: by its place in the text, and by its name.
    known = message.facts.setdefault("files", {})
    if id_ not in known:
        known[id_] = file
        if message.has_room():
            message.files.append(file)
    elif name:
        known[id_].name = name


def _sources(metadata: Mapping[str, Any]) -> list[dict[str, str]]:
    found = [mapping(mapping(each).get("metadata")) for each in items(metadata.get("citations"))]
    for reference in items(metadata.get("content_references")):
        values = mapping(reference)
        found += [values, *(mapping(each) for each in items(values.get("items")))]
        found += [mapping(each) for each in items(values.get("sources"))]
    return [
        {
            "type": "source",
            "url": text(each.get("url")),
            "title": text(each.get("title")),
            "quote": text(each.get("text")) or text(each.get("snippet")),
        }
        for each in found
        if text(each.get("url"))
    ]


def _model(slug: object) -> str:
    name = text(slug)
    return f"{PROVIDER}/{name}" if name and name != "auto" else ""
