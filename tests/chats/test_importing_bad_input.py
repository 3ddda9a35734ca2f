"""What anyone may upload as an export: one clear line each, and the good conversations still in."""

import io
import json
import re
import struct
import zipfile
from typing import Any

import pytest

from accounts.models import User
from chats.extraction import call as extraction
from chats.importing import call, neutral, sentences, source, store, stream
from chats.importing.neutral import FoundConversation, FoundMessage
from chats.importing.tree import arrange
from chats.models import Attachment, Conversation, Message, Transfer
from tests.chats.imports import (
    as_json,
    bring_in,
    chat,
    chatgpt,
    fixture,
    png,
    run,
    tree,
    upload,
    zipped,
)

pytestmark = pytest.mark.django_db

GOOD = chatgpt("Good")[0]


def failed(owner: User, data: bytes) -> str:
    """Why a file as a whole is refused. Nothing of it is kept."""
    transfer = upload(owner, data)
    assert transfer.state == Transfer.State.FAILED
    assert not transfer.file
    assert not Conversation.objects.exists()
    return transfer.error


def left_out(owner: User, data: bytes, *, good: int = 1) -> list[str]:
    """Codes of the conversations that are not taken, where `good` others are."""
    transfer = run(upload(owner, data))
    assert transfer.state == Transfer.State.DONE, transfer.error
    assert Conversation.objects.filter(title__startswith="Good").count() == good
    assert Conversation.objects.count() == good
    return [each["code"] for each in transfer.report["problems"]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Hello, this is text.", "neither JSON nor a ZIP"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "neither JSON nor a ZIP"),
        (b"<html>{}</html>", "neither JSON nor a ZIP"),
        (b"   \n ", "neither JSON nor a ZIP"),
        (b"[]", "No conversation was found"),
        (b"{}", "No conversation was found"),
        (b'[{"a": 1}, {"b": 2}]', "No conversation was found"),
        (b"[" * 100_000, "No conversation was found"),
        (b'{"a":' * 100_000, "No conversation was found"),
        (b"PK\x03\x04 and no more", "damaged"),
        (zipped({"readme.txt": b"Hello"}), "No conversation was found"),
        (as_json(GOOD)[:-20], "No conversation was found"),
        (b'{"format": "parley-export", "version": 2, "conversations": []}', "newer version"),
        (zipped({"conversations/00001-a.json": b"{}"}), "not whole"),
    ],
)
def test_what_is_no_export(owner: User, data: bytes, words: str) -> None:
    assert words in failed(owner, data)


def test_a_file_that_ends_too_early_gives_what_is_whole(owner: User) -> None:
    assert left_out(owner, as_json([GOOD, *chatgpt("Cut")])[:-30]) == ["cut"]


def test_a_damaged_conversation_is_no_reason_for_the_next(owner: User) -> None:
    data = as_json([*chatgpt("Bad"), GOOD]).replace(b'"Bad 0"', b'"Bad 0" oops', 1)
    assert left_out(owner, data) == ["damaged"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_of_unicode_are_read(owner: User, encoding: str) -> None:
    text = json.dumps([chat("Good ☕", ["ä", "漢字"])], ensure_ascii=False)
    assert left_out(owner, text.encode(encoding)) == []
    assert tree(Conversation.objects.get()) == [["ä", ["漢字"]]]


def test_latin_1_is_told(owner: User) -> None:
    text = json.dumps([chat("Bad", ["ä"]), GOOD], ensure_ascii=False)
    assert left_out(owner, text.encode("latin-1")) == ["encoding"]


def test_halves_of_characters_and_nul_are_stored_without(owner: User) -> None:
    odd = chat("Good \ud800\0", ["a\0b\ud83d", "c\x1bd"])
    odd["id"] = "x\0\udfff"
    worse = {**chat("Bad \ud800\0", ["x" * 1_000_001]), "id": "\0"}
    left_out(owner, as_json([odd, worse]))
    assert tree(Conversation.objects.get()) == [["ab\ufffd", ["cd"]]]
    # PostgreSQL takes neither in JSON.
    assert not re.search(r"\\u0000|\\ud8", json.dumps(Transfer.objects.get().report))


def test_a_huge_text_is_refused_and_the_others_come_in(
    owner: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.MAX_REPLY_LENGTH = 1_000_000
    too_long = chat("Bad", ["a", "b" * 1_000_001])
    transfer = upload(owner, as_json([too_long, GOOD]))
    assert transfer.report["problems"][0]["code"] == "too_long"
    assert transfer.report["problems"][0]["values"] == {"length": 1_000_001, "limit": 1_000_000}
    assert transfer.total == 1


def test_a_conversation_over_the_limit_of_bytes_is_passed_over_without_being_kept() -> None:
    pieces = [b'[{"a": "', b"x" * 900, b"y" * 900, b'"}, {"b": "}]"}', b", {}]"]
    found = list(stream.Splitter(limit=1000, max_depth=10).split(pieces))
    assert [item.data for item in found] == [None, b'{"b": "}]"}', b"{}"]


def test_items_are_cut_alike_wherever_the_data_is_split() -> None:
    text = json.dumps(
        {"format": "parley-export", "tags": [{"a": 'x"]}\\'}], "n": {"b": [1]},
         "conversations": [{"c": "\\\\"}, {"d": "{\"["}]}
    ).encode()  # fmt: skip

    def split(size: int) -> list[tuple[str, bytes | None]]:
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        found = stream.Splitter(limit=1000, max_depth=10).split(pieces)
        return [(item.section, item.data) for item in found]

    whole = split(10_000)
    assert [section for section, _ in whole] == [
        "head", "tags", "", "conversations", "conversations"
    ]  # fmt: skip
    assert all(split(size) == whole for size in range(1, 40))


def test_nesting_of_any_depth_is_read_or_told(owner: User) -> None:
    deep = json.dumps(GOOD).replace('"title"', f'"x": {"[" * 5000}{"]" * 5000}, "title"', 1)
    deeper = json.dumps({**GOOD, "title": "Bad", "id": "b"})[:-1] + ', "x": %s}'
    nested = deeper % ("[" * 300_000 + "]" * 300_000)
    assert left_out(owner, f"[{deep}, {nested}]".encode()) == ["deep"]


def test_a_chain_of_many_messages_nested_into_each_other(owner: User) -> None:
    count = 3_000
    open_, close = "", ""
    for number in range(count):
        is_user = "true" if number % 2 == 0 else "false"
        open_ += (
            f'{{"messageId":"m{number}","isCreatedByUser":{is_user},"text":"{number}","children":['
        )
        close += "]}"
    data = f'{{"conversationId":"c","title":"Good","messagesTree":[{open_}{close}]}}'
    assert left_out(owner, data.encode()) == []
    assert Message.objects.count() == count


def test_a_tree_of_a_hundred_thousand_is_arranged_in_one_go() -> None:
    count = 100_000
    found = FoundConversation(id="c", leaf=f"{count - 1}")
    found.messages = [
        FoundMessage(
            id=f"{n}", parent=f"{n - 1}", is_kept=n % 3 == 0, reasoning="r" if n % 7 else ""
        )
        for n in reversed(range(count))
    ]
    arrange(found)
    assert len(found.messages) == count // 3 + 1
    assert found.messages[0].parent is None
    assert found.leaf == "99999"


@pytest.mark.parametrize(
    "parents",
    [
        {"a": "b", "b": "c", "c": "a", "d": "c", "e": "nowhere"},
        {"a": "a", "b": "a", "c": None, "d": "e", "e": "d"},
    ],
)
def test_no_message_is_lost_in_a_broken_tree(parents: dict[str, str | None]) -> None:
    found = FoundConversation(id="c")
    found.messages = [FoundMessage(id=id_, parent=up) for id_, up in parents.items()]
    arrange(found)
    places = [each.id for each in found.messages]
    assert sorted(places) == sorted(parents)
    for each in found.messages:
        assert each.parent is None or places.index(each.parent) < places.index(each.id)


def test_ids_that_are_there_twice(owner: User) -> None:
    messages = [
        {"uuid": "m", "sender": "human", "text": "One"},
        {"uuid": "m", "sender": "human", "text": "One"},
        {"uuid": "m", "sender": "assistant", "text": "Two"},
    ]
    one = {"uuid": "c", "name": "Good", "chat_messages": messages}
    transfer = bring_in(owner, as_json([one, {**one, "name": "Good again"}]))
    assert transfer.report["twice"] == 1
    assert sorted(Message.objects.values_list("content", flat=True)) == ["One", "Two"]


def test_owners_flags_and_ids_of_others_mean_nothing(owner: User, stranger: User) -> None:
    theirs = bring_in(stranger, as_json(chatgpt("Theirs")))
    victim = Conversation.objects.get(owner=stranger)
    before = sorted(Message.objects.values_list("id", "content"))
    hostile = {
        "id": str(victim.id), "title_source": "person", "current_leaf": None, "title": "Good",
        "owner": stranger.username, "owner_id": str(stranger.id), "is_staff": True,
        "user": {"is_superuser": True}, "imported_by": str(theirs.id), "folder": str(victim.id),
        "messages": [{
            "id": str(victim.current_leaf_id), "parent": str(before[0][0]), "role": "user",
            "author": "admin", "author_id": str(stranger.id), "content": "Mine",
            "conversation": str(victim.id), "status": "pending", "runner": "x",
            "metadata": {"fallback": "text", "context": [1], "author": 5, "files_unread": "abc"},
            "error": ["no"], "comparison": "../..", "comparison_order": "x", "rating": 7,
            "input_tokens": -5, "cost_micros": 1e400, "created_at": "9999-99-99",
        }],
    }  # fmt: skip
    bring_in(owner, as_json([hostile]))
    mine = Conversation.objects.get(owner=owner)
    assert mine.id != victim.id
    assert mine.folder is None
    message = mine.messages.get()
    assert (message.author, message.parent, message.status) == (None, None, "interrupted")
    assert message.metadata == {"author": "admin"}
    assert (message.error, message.rating, message.input_tokens) == (None, None, None)
    assert (
        sorted(Message.objects.filter(conversation=victim).values_list("id", "content")) == before
    )
    stranger.refresh_from_db()
    assert not owner.is_staff
    assert not stranger.is_staff


def test_dates_that_cannot_be_are_replaced(owner: User) -> None:
    odd = chat("Good", ["a", "b", "c", "d", "e"])
    odd["create_time"], odd["update_time"] = "NaN", 1e18
    for key, time in zip(odd["mapping"], (4e9, float("nan"), -1, 1 << 70, True), strict=True):
        odd["mapping"][key]["message"]["create_time"] = time
    transfer = bring_in(owner, as_json([odd]))
    for message in Message.objects.all():
        assert message.created_at.year >= 1990
        assert message.created_at <= transfer.created_at


def hostile_zip(**flags: Any) -> bytes:
    """One with a good export and entries that are none."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("conversations.json", as_json([GOOD]))
        for name in ("../../etc/evil.json", "/abs.json", "C:\\evil.json", "..\\up.json"):
            archive.writestr(name, as_json(chatgpt("Evil")))
        link = zipfile.ZipInfo("link.json")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("inner.zip", zipped({"conversations.json": as_json(chatgpt("Evil"))}))
    return file.getvalue()


def test_entries_that_lead_elsewhere_are_left_out(owner: User) -> None:
    transfer = run(upload(owner, hostile_zip(), "x.zip"))
    assert transfer.report["passed_over"] == {"elsewhere": 5, "nested": 1}
    assert Conversation.objects.get().title == "Good"


def test_a_locked_archive_is_told(owner: User) -> None:
    data = bytearray(zipped({"conversations.json": as_json([GOOD])}))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    assert "password" in failed(owner, bytes(data))


def test_an_archive_that_inflates_is_refused(owner: User) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", b" " * 30_000_000)
    assert "far too large" in failed(owner, file.getvalue())


def test_a_false_size_gives_no_more_than_it_says(owner: User) -> None:
    data = bytearray(zipped({"conversations.json": as_json([GOOD, *chatgpt("Bad", count=50)])}))
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, at + 24, 100)
    assert (
        "damaged" in failed(owner, bytes(data)) or "No conversation" in Transfer.objects.get().error
    )


def test_files_are_told_by_their_bytes_and_kept_to_the_limits(owner: User, settings: Any) -> None:
    settings.MAX_UPLOAD_SIZE = 5_000
    one = json.loads(fixture("chatgpt.json"))[0]
    attached = one["mapping"]["u1b"]["message"]["metadata"]["attachments"]
    attached += [{"id": f"file-{n}", "name": f"{n}.png"} for n in ("Page", "Huge", "Exe")]
    data = zipped(
        {
            "conversations.json": as_json([one]),
            "file-Bread1.png": b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
            "file-Page.png": b"<html><script>alert(1)</script></html>",
            "file-Huge.png": png(400) + b"\0" * 5_000,
            "file-Exe.png": b"\x7fELF\x02\x01\0\0\0\0",
        }
    )
    transfer = bring_in(owner, data)
    assert set(Attachment.objects.values_list("media_type", flat=True)) == {"text/plain"}
    assert sorted(transfer.report["missing_files"][0]["names"]) == [
        "Exe.png",
        "Huge.png",
        "recipe.pdf",
    ]


def test_the_files_of_what_could_not_be_stored_are_gone(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError

    transfer = upload(owner, fixture("claude.json"))
    monkeypatch.setattr(store.Storer, "_tag", refuse)
    folder: Any = Attachment._meta.get_field("file").storage
    monkeypatch.setattr(store._Link.objects, "bulk_create", refuse)
    stored: list[str] = []
    monkeypatch.setattr(folder, "_save", _watched(folder._save, stored))
    done = run(transfer)
    assert [each["code"] for each in done.report["problems"]] == ["fault"]
    assert stored
    assert not any(folder.exists(name) for name in stored)
    assert not Conversation.objects.exists()
    assert not Attachment.objects.exists()


def _watched(save: Any, names: list[str]) -> Any:
    def watched(name: str, content: Any) -> str:
        names.append(save(name, content))
        return names[-1]

    return watched


def test_a_process_that_dies_goes_on_behind_what_it_died_of(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = extraction.start
    begun: list[int] = []

    def dying(module: str, job: dict[str, Any], file: Any) -> Any:
        begun.append(job["skip"])
        return begin(module if len(begun) > 1 else "chats.importing.nothing", job, file)

    monkeypatch.setattr(call, "start", dying)
    transfer = upload(owner, as_json(chatgpt("Bad", "Good")))
    assert begun == [0, 1]
    assert transfer.report["titles"] == ["Good"]
    assert [each["code"] for each in transfer.report["problems"]] == ["memory"]


def test_codes_have_words() -> None:
    for code in source.CODES:
        assert sentences.file_sentence(code) != sentences.file_sentence("unknown")
    for code in neutral.CODES - {"damaged"}:
        said = sentences.problem_sentence({"code": code})
        assert said != sentences.problem_sentence({"code": "damaged"})


def test_what_is_no_object_in_a_list_is_counted_and_told(owner: User) -> None:
    good = as_json([GOOD]).decode().strip()[1:-1]
    data = f'[5, "a", {good}, null, "long \\" one", [1, 2], 1.5]'.encode()
    assert left_out(owner, data) == ["not_conversation"] * 6
