"""What the tests of exports share: a site full of all there is, and whole exports of it."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from jsonschema import Draft202012Validator

from accounts.models import User
from chats.exporting.choosing import Chosen, choose_all, choose_ids
from chats.exporting.exports import Export, Form, Format, Wanted, start_export
from chats.exporting.markdown import Taste
from chats.models import Attachment, Conversation, Folder, Message, Tag
from tests.chats.pages import make_conversation, make_message, question_of

SCHEMA = json.loads(Path("docs/export.schema.json").read_text(encoding="utf-8"))
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
FILE = b"name,amount\n" + b"x,1\n" * 50_000


@cache
def validator(name: str = "") -> Draft202012Validator:
    """Of a whole export in one file, or of a part of the schema."""
    schema = {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]} if name else SCHEMA
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def make_file(owner: User, name: str = "table.csv", content: bytes = FILE) -> Attachment:
    """A stored file."""
    made = Attachment(owner=owner, name=name, media_type="text/plain", size=len(content))
    made.file.save("stored.bin", ContentFile(content))
    return made


def make_everything(owner: User, other: User) -> Conversation:
    """A chat with all that a chat can have: branches, every status, a comparison, files, people."""
    folder = Folder.objects.create(owner=owner, name="Work", system_prompt="Be brief.")
    inner = Folder.objects.create(owner=owner, name="Plans", parent=folder)
    tag = Tag.objects.create(owner=owner, name="urgent", colour="red")
    chat = make_conversation(owner, title="Everything")
    Conversation.objects.filter(id=chat.id).update(
        folder=inner, temperature=0.5, max_tokens=100, system_prompt="Line one\n  line two: #3",
        options={"effort": "high"}, is_pinned=True, archived_at=START, created_at=START,
    )  # fmt: skip
    chat.tags.add(tag)
    question = question_of(chat)
    question.attachments.add(make_file(owner))
    for number, status in enumerate(Message.Status.values):
        fields = {"status": status, "created_at": START + timedelta(seconds=number)}
        make_message(chat, question, "assistant", f"A {status} reply", **fields)
    group = uuid4()
    for place in range(2):
        fields = {"comparison": group, "comparison_order": place, "author": other}
        make_message(chat, question, "assistant", f"Compared {place}", **fields)
    make_message(
        chat, question, "assistant", "With all", reasoning="Hm.", reasoning_ms=1200,
        parts=[
            {"type": "source", "url": "https://example.org/a(b)", "title": "A [source]"},
            {"type": "tool_call", "id": "1", "name": "look", "arguments": "{}", "result": "```"},
        ],
        metadata={"model_label": "Demo", "runner_secret": "no"},
        error={"kind": "x", "message": "y"},
        cost_micros=12, rating=1, rating_note="Good", finish_reason="stop", runner="host-1",
        started_at=START, first_token_at=START, finished_at=START,
    )  # fmt: skip
    make_message(chat, None, "user", "Another beginning", author=other)
    chat.refresh_from_db()
    return chat


def export(chosen: Chosen, format: str = "json", form: str = "file", **taste: bool) -> Export:  # noqa: A002
    """One that has begun."""
    return start_export(chosen=chosen, wanted=Wanted(Format(format), Form(form), Taste(**taste)))


def pieces(running: Export) -> Iterator[bytes]:
    """All that it sends."""
    return iter(running.next_piece, None)


def whole(chosen: Chosen, format: str = "json", form: str = "file", **taste: bool) -> bytes:  # noqa: A002
    """All of one."""
    return b"".join(pieces(export(chosen, format, form, **taste)))


def as_json(owner: User) -> Any:
    """All of a person's in one file, which keeps to the schema."""
    found = json.loads(whole(choose_all(user=owner)))
    validator().validate(found)
    return found


def as_zip(owner: User, format: str = "json", **taste: bool) -> dict[str, bytes]:  # noqa: A002
    """All of a person's in a ZIP file, by name."""
    packed = zipfile.ZipFile(io.BytesIO(whole(choose_all(user=owner), format, "zip", **taste)))
    assert packed.testzip() is None
    names = packed.namelist()
    assert len(names) == len(set(names))
    return {name: packed.read(name) for name in names}


def of_one(chat: Conversation) -> Chosen:
    """This chat alone."""
    chosen = choose_ids(user=chat.owner, ids=[chat.id])
    assert chosen is not None
    return chosen
