"""Parley's own JSON: everything, to be imported again. The schema: docs/export.md."""

import json
from base64 import b64encode
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from django.utils import timezone

from chats.exporting.choosing import Chosen
from chats.exporting.reading import (
    Chat,
    Entry,
    Tree,
    read_chats,
    read_files,
    read_folders,
    read_messages,
    read_tags,
    read_tree,
)
from chats.exporting.storing import Counts, LostError, read_blocks
from chats.models import Attachment, Folder, Message, Tag

FORMAT: Final = "parley-export"
VERSION: Final = 1
METADATA: Final = frozenset(
    {"context", "fallback", "files_unread", "images_left_out", "left_out", "model_label",
     "usage_estimated", "window"}
)  # fmt: skip
"""What is kept beside a message for good. What is not named here is not exported."""

_SETTINGS: Final = (
    "title", "title_source", "provider", "model", "system_prompt", "temperature", "top_p",
    "max_tokens", "options", "fallback_model",
)  # fmt: skip
_FACTS: Final = (
    "provider", "model", "finish_reason", "input_tokens", "output_tokens", "cached_tokens",
    "reasoning_tokens", "cost_micros", "rating", "rating_note",
)  # fmt: skip
_TIMES: Final = ("created_at", "started_at", "first_token_at", "finished_at")


def write_file(chosen: Chosen, counts: Counts) -> Generator[bytes, None, None]:
    """All in one file, in pieces that are not to be counted on."""
    yield encode(head(chosen))[:-1] + b',"files":['
    yield from _joined(_file(file, counts) for file in read_files(chosen))
    yield b'],"conversations":['
    chats = read_chats(chosen)
    yield from _joined(write_chat(chat, read_tree(chat.conversation), counts) for chat in chats)
    yield b"]}\n"


def head(chosen: Chosen) -> dict[str, Any]:
    """What an export begins with, and a manifest too. Three queries."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": _moment(timezone.now()),
        "folders": [_folder(folder) for folder in read_folders(chosen)],
        "tags": [_tag(tag) for tag in read_tags(chosen)],
    }


def write_chat(chat: Chat, tree: Tree, counts: Counts) -> Iterator[bytes]:
    """One conversation, a few messages at a time."""
    yield encode(_settings(chat))[:-1] + b',"messages":['
    entries = read_messages(chat.conversation, list(tree.parents), length=tree.length)
    yield from _joined(iter((encode(_message(entry, counts)),)) for entry in entries)
    counts.chats += 1
    yield b"]}"


def file_facts(file: Attachment) -> dict[str, Any]:
    """What is said of a file wherever its bytes are."""
    return {
        "id": str(file.id),
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "created_at": _moment(file.created_at),
    }


def encode(value: object) -> bytes:
    """JSON without blanks. Half a character, which JSON can hold and UTF-8 cannot, is escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def _settings(chat: Chat) -> dict[str, Any]:
    row = chat.conversation
    return {
        "id": str(row.id),
        **{name: getattr(row, name) for name in _SETTINGS},
        "folder": _id(row.folder_id),
        "tags": [str(tag_id) for tag_id in chat.tag_ids],
        "is_pinned": row.is_pinned,
        "archived_at": _moment(row.archived_at),
        "created_at": _moment(row.created_at),
        "updated_at": _moment(row.updated_at),
        "source_id": row.source_id,
        "current_leaf": _id(row.current_leaf_id),
    }


def _message(entry: Entry, counts: Counts) -> dict[str, Any]:
    row = entry.message
    counts.messages += 1
    return {
        "id": str(row.id),
        "parent": _id(row.parent_id),
        "role": row.role,
        "author": entry.author,
        "status": Message.Status.INTERRUPTED if row.is_live else row.status,
        "content": row.content,
        "reasoning": row.reasoning,
        "reasoning_ms": row.reasoning_ms,
        "parts": row.parts,
        "metadata": {name: row.metadata[name] for name in row.metadata if name in METADATA},
        "error": row.error,
        **{name: getattr(row, name) for name in _FACTS},
        "comparison": _id(row.comparison),
        "comparison_order": row.comparison_order,
        **{name: _moment(getattr(row, name)) for name in _TIMES},
        "attachments": [str(file_id) for file_id in entry.file_ids],
    }


def _file(file: Attachment, counts: Counts) -> Iterator[bytes]:
    """With its bytes in base64, in groups of three so that no padding stands between blocks."""
    yield encode(file_facts(file))[:-1] + b',"data":"'
    digest = sha256()
    left = b""
    is_missing = False
    try:
        for block in read_blocks(file):
            digest.update(block)
            whole = left + block
            cut = len(whole) - len(whole) % 3
            left = whole[cut:]
            yield b64encode(whole[:cut])
    except LostError:
        is_missing = True
    counts.add_file(is_missing=is_missing)
    yield b64encode(left) + b'",'
    yield encode({"sha256": digest.hexdigest(), "is_missing": is_missing})[1:]


def _folder(folder: Folder) -> dict[str, Any]:
    return {
        "id": str(folder.id),
        "name": folder.name,
        "parent": _id(folder.parent_id),
        "system_prompt": folder.system_prompt,
        "default_model": folder.default_model,
        "created_at": _moment(folder.created_at),
        "updated_at": _moment(folder.updated_at),
    }


def _tag(tag: Tag) -> dict[str, Any]:
    return {
        "id": str(tag.id),
        "name": tag.name,
        "colour": tag.colour,
        "created_at": _moment(tag.created_at),
    }


def _joined(items: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """The elements of a list, each in pieces."""
    for number, pieces in enumerate(items):
        if number:
            yield b","
        yield from pieces


def _id(value: object | None) -> str | None:
    return str(value) if value else None


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
