"""What tests of imports have in common: uploads, the worker, trees."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import User
from chats.importing import imports, worker
from chats.models import Conversation, Message, Transfer

DATA = Path(__file__).parent.parent / "data" / "imports"


def fixture(name: str) -> bytes:
    """An export of another product's, written by hand."""
    return (DATA / name).read_bytes()


def png(side: int = 8) -> bytes:
    """A small picture."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(file, "PNG")
    return file.getvalue()


def zipped(entries: Mapping[str, bytes]) -> bytes:
    """A ZIP file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file.getvalue()


def upload(user: User, data: bytes, name: str = "export.json") -> Transfer:
    """Upload a file and have it read; the import with its report."""
    transfer = imports.upload_file(user=user, upload=SimpleUploadedFile(name, data))
    worker.work()
    transfer.refresh_from_db()
    return transfer


def run(transfer: Transfer, *, into_archive: bool = False, into_folder: bool = False) -> Transfer:
    """Start it and have it done."""
    assert imports.start_import(
        transfer=transfer, into_archive=into_archive, into_folder=into_folder
    )
    worker.work()
    transfer.refresh_from_db()
    return transfer


def bring_in(user: User, data: bytes, name: str = "export.json") -> Transfer:
    """Upload and import."""
    transfer = upload(user, data, name)
    assert transfer.state == Transfer.State.READY, transfer.error
    return run(transfer)


def undo(transfer: Transfer) -> Transfer:
    """Take it back."""
    assert imports.request_undo(transfer=transfer)
    worker.work()
    transfer.refresh_from_db()
    return transfer


def tree(conversation: Conversation) -> list[Any]:
    """Texts as nested lists: each message's own, then those of its replies."""
    children: dict[Any, list[Message]] = {}
    for message in conversation.messages.order_by("created_at", "id"):
        children.setdefault(message.parent_id, []).append(message)

    def below(parent: Any) -> list[Any]:
        return [[m.content, *below(m.id)] for m in children.get(parent, ())]

    return below(None)


def chatgpt(*titles: str, count: int = 2) -> list[dict[str, Any]]:
    """Conversations of ChatGPT's with `count` messages each, one after the other."""
    return [chat(title, [f"{title} {n}" for n in range(count)]) for title in titles]


def chat(title: str, texts: list[str]) -> dict[str, Any]:
    """One of them, with these texts."""
    mapping = {}
    for number, text in enumerate(texts):
        role = "assistant" if number % 2 else "user"
        mapping[f"n{number}"] = {
            "parent": f"n{number - 1}" if number else None,
            "message": {
                "author": {"role": role},
                "create_time": 1_700_000_000 + number,
                "content": {"content_type": "text", "parts": [text]},
            },
        }
    last = f"n{len(texts) - 1}"
    return {"id": title, "title": title, "create_time": 1_700_000_000, "current_node": last,
            "mapping": mapping}  # fmt: skip


def as_json(value: object) -> bytes:
    """As a file."""
    return json.dumps(value).encode()
