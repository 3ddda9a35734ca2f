"""Exports as JSON: all there is, in one file and in a ZIP file, piece by piece."""

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chats import conversations
from chats.exporting import exports, reading
from chats.exporting.choosing import choose_all, choose_chats, choose_ids
from chats.models import Conversation, Folder, Membership, Message, Tag, Transfer
from chats.querysets import MessageQuerySet
from tests.chats.exports import (
    FILE,
    START,
    as_json,
    as_zip,
    export,
    make_everything,
    make_file,
    of_one,
    pieces,
    validator,
    whole,
)
from tests.chats.pages import make_conversation, make_message, question_of


@pytest.fixture(autouse=True)
def storage(settings: object, tmp_path: Path) -> None:
    """Files of a test are its own."""
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


def test_all_of_a_chat_is_in_it(owner: User, stranger: User) -> None:
    chat = make_everything(owner, stranger)
    found = as_json(owner)
    (only,) = found["conversations"]
    assert only["id"] == str(chat.id)
    assert (only["title"], only["temperature"], only["options"]) == (
        "Everything", 0.5, {"effort": "high"},
    )  # fmt: skip
    assert only["is_pinned"]
    assert only["archived_at"] == START.isoformat()
    assert only["current_leaf"] == str(chat.current_leaf_id)
    plans = {folder["id"]: folder["name"] for folder in found["folders"]}
    assert plans[only["folder"]] == "Plans"
    assert [tag["colour"] for tag in found["tags"] if tag["id"] in only["tags"]] == ["red"]
    by_text = {message["content"]: message for message in only["messages"]}
    assert len(by_text) == Message.objects.count() == 12
    full = by_text["With all"]
    assert (full["reasoning"], full["reasoning_ms"], full["cost_micros"]) == ("Hm.", 1200, 12)
    assert (full["rating"], full["rating_note"], full["finish_reason"]) == (1, "Good", "stop")
    assert [part["type"] for part in full["parts"]] == ["source", "tool_call"]
    assert full["error"] == {"kind": "x", "message": "y"}
    assert by_text["Compared 0"]["comparison"] == by_text["Compared 1"]["comparison"] != None  # noqa: E711
    assert [by_text[f"Compared {n}"]["comparison_order"] for n in range(2)] == [0, 1]
    assert by_text["Another beginning"]["parent"] is None
    assert by_text["Another beginning"]["author"] == stranger.username
    assert by_text["Question 0"]["author"] is None
    (file,) = found["files"]
    assert by_text["Question 0"]["attachments"] == [file["id"]]
    assert base64.b64decode(file["data"], validate=True) == FILE
    assert file["sha256"] == hashlib.sha256(FILE).hexdigest()
    assert file["is_missing"] is False


def test_what_is_not_meant_to_be_kept_is_not_in_it(owner: User, stranger: User) -> None:
    make_everything(owner, stranger)
    text = whole(choose_all(user=owner)).decode()
    for private in ("runner", "host-1", "heartbeat", stranger.email, owner.email, "stop_requested"):
        assert private not in text


def test_live_replies_are_interrupted(owner: User, stranger: User) -> None:
    make_everything(owner, stranger)
    (chat,) = as_json(owner)["conversations"]
    found = {message["content"]: message["status"] for message in chat["messages"]}
    assert {text.split()[1]: found[text] for text in found if text.startswith("A ")} == {
        "pending": "interrupted", "streaming": "interrupted", "complete": "complete",
        "stopped": "stopped", "interrupted": "interrupted", "failed": "failed",
    }  # fmt: skip


def test_parents_stand_before_children_whatever_their_times(owner: User) -> None:
    chat = make_conversation(owner, turns=4)
    for number, message in enumerate(Message.objects.order_by("created_at", "id")):
        moment = START - timedelta(hours=number)
        Message.objects.filter(id=message.id).update(created_at=moment)
    (found,) = as_json(owner)["conversations"]
    seen: set[str | None] = {None}
    for message in found["messages"]:
        assert message["parent"] in seen
        seen.add(message["id"])
    assert len(seen) - 1 == chat.messages.count() == 8


def test_only_what_is_ones_own(owner: User, stranger: User) -> None:
    mine, archived = make_conversation(owner, title="Mine"), make_conversation(owner)
    conversations.archive_conversation(conversation=archived)
    conversations.delete_conversation(conversation=make_conversation(owner, title="Deleted"))
    theirs = make_conversation(stranger, title="Theirs")
    Membership.objects.create(conversation=theirs, user=owner, role="writer")
    conversations.start_conversation(
        user=owner, content="Secret", model="demo/demo", is_temporary=True
    )
    Folder.objects.create(owner=stranger, name="Theirs")
    Tag.objects.create(owner=stranger, name="Theirs")
    found = as_json(owner)
    assert {chat["id"] for chat in found["conversations"]} == {str(mine.id), str(archived.id)}
    assert found["folders"] == found["tags"] == []
    assert choose_ids(user=owner, ids=[mine.id, theirs.id]) is None
    assert choose_ids(user=owner, ids=[]) is None
    assert choose_chats(user=owner, chats=Conversation.objects.all()).ids == (mine.id, archived.id)


def test_a_selection_brings_the_folders_around_it(owner: User, stranger: User) -> None:
    chat = make_everything(owner, stranger)
    Folder.objects.create(owner=owner, name="Unused")
    Tag.objects.create(owner=owner, name="Unused")
    found = json.loads(whole(of_one(chat)))
    assert [folder["name"] for folder in found["folders"]] == ["Work", "Plans"]
    assert [tag["name"] for tag in found["tags"]] == ["urgent"]
    assert len(as_json(owner)["folders"]) == 3


def test_folders_stand_after_their_parents(owner: User) -> None:
    inner = Folder.objects.create(owner=owner, name="Inner", created_at=START)
    Folder.objects.filter(id=inner.id).update(
        parent=Folder.objects.create(owner=owner, name="Outer")
    )
    assert [folder["name"] for folder in as_json(owner)["folders"]] == ["Outer", "Inner"]


def test_a_zip_file_holds_the_same(owner: User, stranger: User) -> None:
    chat = make_everything(owner, stranger)
    found = as_zip(owner)
    manifest = json.loads(found.pop("manifest.json"))
    validator("manifest").validate(manifest)
    one = json.loads(found.pop("conversations/00001-everything.json"))
    validator("conversation").validate(one)
    single = as_json(owner)
    assert [one] == single["conversations"]
    assert manifest["counts"] == {"conversations": 1, "messages": 12, "files": 1}
    assert [manifest[name] for name in ("folders", "tags")] == [
        single[name] for name in ("folders", "tags")
    ]
    (file,) = manifest["files"]
    assert found == {file["path"]: FILE}
    attached = chat.messages.get(content="Question 0").attachments.get()
    assert file["path"] == f"files/{attached.id}/table.csv"
    assert file["sha256"] == hashlib.sha256(FILE).hexdigest()


def test_a_file_of_several_messages_is_there_once(owner: User) -> None:
    file = make_file(owner)
    for _number in range(2):
        question_of(make_conversation(owner)).attachments.add(file)
    assert len(as_json(owner)["files"]) == 1
    assert sum(name.startswith("files/") for name in as_zip(owner)) == 1


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_file_that_cannot_be_read_is_told(
    owner: User, is_cut: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make_file(owner, content=b"x" * 300_000)
    question_of(make_conversation(owner)).attachments.add(file)
    if is_cut:
        break_off(monkeypatch)
    else:
        Path(file.file.path).unlink()
    (one,) = as_json(owner)["files"]
    assert one["is_missing"]
    assert one["sha256"] == hashlib.sha256(base64.b64decode(one["data"])).hexdigest()
    assert bool(one["data"]) == is_cut
    packed = as_zip(owner)
    manifest = json.loads(packed["manifest.json"])
    validator("manifest").validate(manifest)
    (other,) = manifest["files"]
    assert other["is_missing"]
    assert (other["path"] in packed) if is_cut else (other["path"] is None)
    assert len(json.loads(packed["conversations/00001-a-chat.json"])["messages"]) == 2
    assert Transfer.objects.latest("created_at").report == {"missing": 1}


def break_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading fails after the first block, as of a bucket whose connection is cut."""

    class Cut:
        reads = 0

        def __enter__(self) -> "Cut":
            return self

        def __exit__(self, *_error: object) -> None:
            pass

        def read(self, size: int) -> bytes:
            self.reads += 1
            if self.reads > 1:
                raise ConnectionError
            return b"x" * size

    monkeypatch.setattr(FieldFile, "open", lambda _self, _mode: Cut())


@pytest.mark.parametrize(
    "text",
    ["\u2028\u2029\x85", '"\\', "😀é中\x7f", "a" * 100_000, "\\ud800", "</script><!--", "\n\n\t"],
)
def test_texts_come_as_they_are(owner: User, text: str) -> None:
    chat = make_conversation(owner, title=text[:200])
    # PostgreSQL refuses half a character.
    label = "\ud83d half" if connection.vendor == "sqlite" else "\U0001f600 whole"
    make_message(chat, None, "user", text, metadata={"model_label": label})
    (found,) = as_json(owner)["conversations"]
    assert found["title"] == text[:200]
    assert found["messages"][-1]["content"] == text
    assert found["messages"][-1]["metadata"]["model_label"] == label


@pytest.mark.parametrize("year", [1, 1970, 1979, 2200, 9999])
def test_times_that_zip_files_do_not_know(owner: User, year: int) -> None:
    chat = make_conversation(owner)
    moment = datetime(year, 6, 1, tzinfo=UTC)
    Conversation.objects.filter(id=chat.id).update(updated_at=moment)
    assert json.loads(as_zip(owner)["conversations/00001-a-chat.json"])["updated_at"]


def test_nothing_to_export(owner: User) -> None:
    found = as_json(owner)
    assert found["conversations"] == found["files"] == []
    assert list(as_zip(owner)) == ["manifest.json"]
    assert whole(choose_all(user=owner), "markdown").startswith(b"---\n")
    assert as_zip(owner, "markdown") == {}


def test_a_few_messages_are_in_memory_at_a_time(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = make_conversation(owner, turns=50)
    monkeypatch.setattr(reading, "MESSAGES", 10)
    monkeypatch.setattr(exports, "_PIECE", 1)
    alive: list[int] = []
    read = MessageQuerySet.in_bulk

    def counted(self: object, ids: list[object]) -> object:
        alive.append(len(ids))
        return read(self, ids)  # type: ignore[arg-type]

    monkeypatch.setattr(MessageQuerySet, "in_bulk", counted)
    running = export(of_one(chat))
    for _piece in range(4):
        running.next_piece()
    # What is not taken is not read.
    assert alive == [10]
    list(pieces(running))
    assert alive == [10] * 10


def test_long_messages_are_read_in_smaller_batches(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = make_conversation(owner)
    for length in (30, 30, 300, 10, 10):
        make_message(chat, None, "user", "x" * length)
    monkeypatch.setattr(reading, "CHARACTERS", 90)
    tree = reading.read_tree(chat)
    sizes = [len(batch) for batch in reading._batches(list(tree.parents), length=tree.length)]
    assert sizes == [4, 1, 2]
    entries = reading.read_messages(chat, list(tree.parents), length=tree.length)
    assert len(list(entries)) == 7


def test_queries_do_not_grow_with_messages(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_conversation(owner, turns=2)
    chosen = choose_all(user=owner)
    running = export(chosen)
    with django_assert_num_queries(QUERIES):
        list(pieces(running))
    make_conversation(owner, turns=40)
    Conversation.objects.filter(id=chosen.ids[0]).delete()
    running = export(choose_all(user=owner))
    with django_assert_num_queries(QUERIES):
        list(pieces(running))


QUERIES = 11
"""Two of folders and tags, one of files, three of chats, three of messages, two of the state."""


def test_what_is_deleted_meanwhile_is_left_out(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PIECE", 1)
    monkeypatch.setattr(reading, "CHATS", 1)
    chats = [make_conversation(owner, title=f"Chat {n}", turns=2) for n in range(3)]
    running = export(choose_all(user=owner))
    first = running.next_piece() or b""
    conversations.delete_conversation(conversation=chats[1])
    Message.objects.filter(conversation=chats[2], content="Answer 1").delete()
    found = json.loads(first + b"".join(pieces(running)))
    validator().validate(found)
    assert [len(chat["messages"]) for chat in found["conversations"]] == [4, 3]


def test_its_state_is_kept(owner: User) -> None:
    make_conversation(owner)
    running = export(choose_all(user=owner), form="zip")
    row = Transfer.objects.get()
    assert (row.state, row.total, row.done) == ("running", 1, 0)
    assert row.name == f"parley-{timezone.localdate():%Y-%m-%d}.zip"
    list(pieces(running))
    running.close()
    row.refresh_from_db()
    assert (row.state, row.done, row.error) == ("done", 1, "")
    assert row.finished_at is not None


@pytest.mark.parametrize("taken", [0, 1])
def test_one_that_is_left_fails_in_words(
    owner: User, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PIECE", 1)
    make_conversation(owner)
    running = export(choose_all(user=owner))
    for _piece in range(taken):
        running.next_piece()
    running.close()
    running.close()
    assert running.next_piece() is None
    row = Transfer.objects.get()
    assert (row.state, row.error) == ("failed", "The download was cancelled or broke off.")


def test_our_own_fault_ends_it_in_words(
    owner: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: object, **_options: object) -> Iterator[object]:
        raise RuntimeError("Private words")

    make_conversation(owner)
    running = export(choose_all(user=owner))
    monkeypatch.setattr("chats.exporting.parley.read_chats", broken)
    with pytest.raises(RuntimeError):
        list(pieces(running))
    assert running.next_piece() is None
    assert Transfer.objects.get().error == "Something went wrong on our side. Try again, please."


def test_a_database_that_is_too_busy_to_note_it_does_not_end_it(
    owner: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(*_args: object, **_options: object) -> bool:
        raise OperationalError("database is locked")

    make_conversation(owner)
    running = export(choose_all(user=owner))
    monkeypatch.setattr("chats.transfers.Progress.note", locked)
    monkeypatch.setattr("chats.transfers.change_state", locked)
    validator().validate(json.loads(b"".join(pieces(running))))
    assert "The state of an export could not be noted: database is locked" in caplog.text


def test_the_beginning_goes_out_before_anything_is_read(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_conversation(owner)
    running = export(choose_all(user=owner))
    # Folders, tags, and that it runs.
    with django_assert_num_queries(3):
        assert (running.next_piece() or b"").startswith(b'{"format":"parley-export"')


def test_a_few_at_once(owner: User, stranger: User) -> None:
    running = [export(choose_all(user=owner)) for _number in range(exports.AT_ONCE)]
    with pytest.raises(ValidationError, match="3 exports of yours are running"):
        export(choose_all(user=owner))
    export(choose_all(user=stranger))
    running[0].close()
    export(choose_all(user=owner))


def test_those_that_died_do_not_count_and_old_ones_go(owner: User) -> None:
    for _number in range(exports.AT_ONCE):
        export(choose_all(user=owner))
    late = timezone.now() - exports.SILENT_FOR - timedelta(seconds=1)
    Transfer.objects.update(heartbeat_at=late)
    export(choose_all(user=owner))
    assert Transfer.objects.filter(state="failed").count() == exports.AT_ONCE
    Transfer.objects.filter(state="failed").update(finished_at=timezone.now() - exports.KEPT_FOR)
    export(choose_all(user=owner))
    assert Transfer.objects.count() == 2


def test_none_is_running_when_the_server_begins(owner: User) -> None:
    for _number in range(exports.AT_ONCE):
        export(choose_all(user=owner))
    exports.interrupt_orphans()
    assert set(Transfer.objects.values_list("state", flat=True)) == {Transfer.State.FAILED}
    export(choose_all(user=owner))
