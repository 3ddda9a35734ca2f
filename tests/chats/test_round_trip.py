"""Out and in again: everything that an export holds is there after its import, on another account.

Branches, files, every status, comparisons, parts, usage, folders and tags, over a generated corpus.
"""

import io
import json
import random
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from chats import attachments, reading
from chats.exporting.choosing import choose_all
from chats.folders import create_folder
from chats.models import Attachment, Conversation, Message
from chats.tags import create_tag
from tests.chats.exports import whole
from tests.chats.imports import as_json, bring_in, chatgpt, png, run, upload

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=UTC)
STATUSES = ("complete", "stopped", "interrupted", "failed")
WORDS = (
    "Hello",
    "漢字",
    "**bold**",
    "`code`",
    "\n\n| a | b |\n|---|---|\n",
    "שלום",
    "  ",
    "☕",
    '"\\',
)


def words(chance: random.Random) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 12))) + "."


def files_of(owner: User) -> list[Attachment]:
    """A picture and two texts, one of them shared by several messages."""
    given = {"sea.png": png(30), "notes ü.txt": "Ünïcode".encode(), "plan.md": b"# Plan"}
    made = [
        attachments.store_upload(user=owner, upload=SimpleUploadedFile(name, data))
        for name, data in given.items()
    ]
    while reading.read_next():
        pass
    return made


def reply_facts(chance: random.Random, at: datetime) -> dict[str, Any]:
    status = chance.choice(STATUSES)
    facts: dict[str, Any] = {
        "status": status,
        "provider": chance.choice(["openai", "demo", "my-server"]),
        "model": chance.choice(["gpt-4o", "meta/llama 3", "demo"]),
        "reasoning": words(chance) if chance.random() < 0.5 else "",
        "reasoning_ms": chance.choice([None, 0, 4200]),
        "finish_reason": chance.choice(["", "stop", "length"]),
        "input_tokens": chance.choice([None, 0, 12]),
        "output_tokens": chance.choice([None, 34]),
        "cached_tokens": chance.choice([None, 5]),
        "reasoning_tokens": chance.choice([None, 6]),
        "cost_micros": chance.choice([None, 0, 123_456_789]),
        "rating": chance.choice([None, 1, -1]),
        "rating_note": chance.choice(["", "Fine, but long"]),
        "started_at": at + timedelta(milliseconds=1),
        "first_token_at": at + timedelta(milliseconds=20),
        "finished_at": at + timedelta(seconds=2),
        "metadata": {
            "model_label": "GPT-4o",
            "left_out": 3,
            "window": 8000,
            "fallback": {"from": "openai/a", "kind": "timeout", "reason": "Late", "detail": ""},
            "context": {"tokens": 5, "estimated": 6, "counted": 7},
            "files_unread": ["scan.pdf"],
            "usage_estimated": True,
        },
        "parts": [
            {"type": "source", "url": "https://example.org/a", "title": "A", "quote": "q"},
            {"type": "tool_call", "id": "t1", "name": "look", "arguments": "{}", "result": "yes"},
        ],
    }  # fmt: skip
    if status == "failed":
        facts["error"] = {
            "kind": "overloaded", "message": "It is busy.", "hint": "Wait.", "detail": "503",
            "retryable": True, "retry_after": 2.5,
        }  # fmt: skip
    return facts


def corpus(owner: User, *, seed: int = 7) -> None:
    chance = random.Random(seed)
    files = files_of(owner)
    work = create_folder(
        user=owner, name="Work", system_prompt="Be brief.", default_model="demo/demo"
    )
    folders = [None, work, create_folder(user=owner, name="Deep", parent=work)]
    create_folder(user=owner, name="Empty")
    tags = [
        create_tag(user=owner, name=name, colour=c) for name, c in (("é", "red"), ("b", "blue"))
    ]
    for number in range(6):
        at = NOW + timedelta(hours=number)
        chat = Conversation.objects.create(
            owner=owner,
            title=" ".join(f"{number} {words(chance)}"[:100].split()),
            title_source=chance.choice(["words", "model", "person"]),
            provider=chance.choice(["demo", "openai", ""]),
            model="demo",
            system_prompt=words(chance) if number % 2 else "",
            temperature=chance.choice([None, 0.0, 1.3]),
            top_p=chance.choice([None, 0.5]),
            max_tokens=chance.choice([None, 500]),
            options=chance.choice([{}, {"effort": "high", "budget": 5, "live": False}]),
            fallback_model=chance.choice(["", "none", "openai/b"]),
            folder=folders[number % 3],
            is_pinned=number == 1,
            archived_at=at if number == 2 else None,
            created_at=at,
            updated_at=at + timedelta(minutes=9),
        )
        Conversation.objects.filter(provider="").update(model="")
        chat.tags.set(tags[: number % 3])
        fill(chat, chance, files, at)


def fill(chat: Conversation, chance: random.Random, files: list[Attachment], at: datetime) -> None:
    """A tree: versions of questions and of replies, and three replies side by side."""
    made: list[Message] = []
    for number in range(14):
        asked = [m for m in made if m.role == "assistant"]
        questions = [m for m in made if m.role == "user"]
        is_reply = bool(questions) and chance.random() < 0.6
        parent = chance.choice(questions) if is_reply else chance.choice([None, *asked])
        when = at + timedelta(seconds=number)
        made.append(
            Message.objects.create(
                conversation=chat,
                parent=parent,
                role="assistant" if is_reply else "user",
                content=words(chance),
                created_at=when,
                **(reply_facts(chance, when) if is_reply else {}),
            )
        )
        if not is_reply and chance.random() < 0.5:
            for file in chance.sample(files, 2):
                file.messages.add(made[-1])
    side = uuid4()
    question = Message.objects.create(
        conversation=chat,
        parent=None,
        role="user",
        content="All of you",
        created_at=at - timedelta(seconds=1),
    )
    for order in (0, 1, 2):
        when = at - timedelta(milliseconds=500 - order)
        Message.objects.create(
            conversation=chat, parent=question, role="assistant", content=f"Side {order}",
            comparison=side, comparison_order=order, created_at=when,
        )  # fmt: skip
    chat.current_leaf = made[-1]
    chat.save(update_fields=["current_leaf"])


def exported(owner: User, form: str) -> bytes:
    """All chats of somebody."""
    return whole(choose_all(user=owner), form=form)


def content(data: bytes, form: str) -> dict[str, Any]:
    """All that an export holds, with names in place of ids."""
    if form == "file":
        given = json.loads(data)
        bodies = {file["id"]: file["data"] for file in given["files"]}
        chats = given["conversations"]
    else:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            given = json.loads(archive.read("manifest.json"))
            bodies = {file["id"]: archive.read(file["path"]) for file in given["files"]}
            names = [n for n in archive.namelist() if n.startswith("conversations/")]
            chats = [json.loads(archive.read(name)) for name in names]
    folders = {each["id"]: each for each in given["folders"]}
    tags = {each["id"]: each["name"] for each in given["tags"]}
    files = {
        each["id"]: (each["name"], each["media_type"], bodies[each["id"]])
        for each in given["files"]
    }

    def path(id_: str | None) -> tuple[str, ...]:
        return (*path(folders[id_]["parent"]), folders[id_]["name"]) if id_ else ()

    return {
        "folders": sorted(
            (path(each["id"]), each["system_prompt"], each["default_model"])
            for each in given["folders"]
        ),
        "tags": sorted((each["name"], each["colour"]) for each in given["tags"]),
        "files": sorted(str(each) for each in files.values()),
        "conversations": [anonymous(each, path, tags, files) for each in chats],
    }


def anonymous(chat: dict[str, Any], path: Any, tags: Any, files: Any) -> dict[str, Any]:
    """Ids of messages become their places by time."""
    written = sorted(chat["messages"], key=lambda each: str(each["created_at"]))
    places = {each["id"]: at for at, each in enumerate(written)}
    sides: dict[str, int] = {}
    seen = []
    for each in written:
        side = each["comparison"]
        seen.append(
            {
                **each,
                "id": places[each["id"]],
                "parent": places.get(each["parent"]),
                "comparison": sides.setdefault(side, len(sides)) if side else None,
                "attachments": [files[id_] for id_ in each["attachments"]],
            }
        )
    return {
        **chat,
        "id": None,
        "source_id": None,
        "folder": path(chat["folder"]),
        "tags": sorted(tags[id_] for id_ in chat["tags"]),
        "current_leaf": places[chat["current_leaf"]],
        "messages": seen,
    }


@pytest.mark.parametrize("form", ["zip", "file"])
def test_an_export_that_is_imported_gives_the_same_export(
    owner: User, stranger: User, form: str
) -> None:
    corpus(owner)
    first = exported(owner, form)
    transfer = bring_in(stranger, first, f"export.{form}")
    assert transfer.report["new"] == 6, transfer.report
    assert not transfer.report["problems"]
    assert not transfer.report["missing_files"]
    while reading.read_next():
        pass
    again = exported(stranger, form)
    before, after = content(first, form), content(again, form)
    for one, other in zip(before["conversations"], after["conversations"], strict=True):
        for mine, theirs in zip(one["messages"], other["messages"], strict=True):
            assert mine == theirs
        assert one == other
    assert before == after


def test_what_is_still_here_is_not_imported_beside_itself(owner: User) -> None:
    corpus(owner)
    before = Message.objects.count()
    transfer = bring_in(owner, exported(owner, "zip"), "export.zip")
    assert (transfer.report["here"], transfer.report["new"], transfer.report["known"]) == (6, 0, 6)
    assert Message.objects.count() == before


def test_what_moves_house_twice_is_known_by_where_it_came_from(owner: User, stranger: User) -> None:
    theirs = as_json(chatgpt("Soup", "Salad"))
    bring_in(owner, theirs)
    first = exported(owner, "file")
    assert bring_in(stranger, first).report["new"] == 2
    again = upload(stranger, theirs)
    assert again.report["known"] == 2
    done = run(again)
    assert (done.report["here"], done.report["new"]) == (2, 0)
    assert bring_in(stranger, first).report["here"] == 2
    # And back home.
    assert bring_in(owner, exported(stranger, "file")).report["here"] == 2
