"""What one file may take of the site: time, memory, folders, tags, and what is told of it."""

import io
import json
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chats import folders, parts, tags
from chats.importing import (
    bounds,
    call,
    claude,
    imports,
    neutral,
    open_webui,
    parley,
    source,
    worker,
)
from chats.importing.files import Files
from chats.importing.neutral import FoundConversation, FoundFile, FoundMessage
from chats.importing.tree import arrange
from chats.models import Conversation, Folder, Message, Tag, Transfer
from tests.chats.imports import as_json, bring_in, chatgpt, fixture, run, undo, upload

pytestmark = pytest.mark.django_db

TIME = "2024-01-02T03:04:05+00:00"


def export(*, folders: int = 0, tags: int = 0, **conversation: Any) -> bytes:
    """An export of Parley's with many folders and tags, and one chat in the last of each."""
    one = {
        "id": "x", "title": "One", "title_source": "words", "current_leaf": None,
        "folder": f"f{folders - 1}", "tags": [f"t{tags - 1}"], "messages": [
            {"id": "a", "parent": None, "role": "user", "content": "Hi", "created_at": TIME},
        ],
    }  # fmt: skip
    return as_json(
        {
            "format": "parley-export",
            "version": 1,
            "folders": [
                {"id": f"f{n}", "name": f"F{n}", "parent": None, "created_at": TIME}
                for n in range(folders)
            ],
            "tags": [
                {"id": f"t{n}", "name": f"T{n}", "colour": "red", "created_at": TIME}
                for n in range(tags)
            ],
            "files": [],
            "conversations": [{**one, **conversation}],
        }
    )


def test_twenty_thousand_folders_cost_as_much_as_one(owner: User) -> None:
    transfer = upload(owner, export(folders=20_000, tags=20_000))
    assert transfer.report["notes"] == {"folders_over": 19_500, "tags_over": 19_800}
    with CaptureQueriesContext(connection) as asked:
        done = run(transfer)
    assert done.state == Transfer.State.DONE
    assert len(asked) < 120
    assert Folder.objects.count() == folders.MOST_FOLDERS
    assert Tag.objects.count() == tags.MOST_TAGS
    one = Conversation.objects.get()
    assert (one.folder, one.tags.count()) == (None, 0)


def test_cancelling_is_noticed_before_folders_are_made(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = upload(owner, export(folders=600))

    def cancel(_run: worker._Run) -> bool:
        return not imports.cancel_import(transfer=Transfer.objects.get())

    monkeypatch.setattr(worker._Run, "goes_on", cancel)
    assert run(transfer).state == Transfer.State.DONE
    assert not Folder.objects.exists()


def test_folders_that_are_too_many_here_are_told(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_FOLDERS", 3)
    monkeypatch.setattr(tags, "MOST_TAGS", 3)
    folders.create_folder(user=owner, name="Mine")
    done = bring_in(owner, export(folders=5, tags=5))
    assert done.report["notes"] == {"folders_over": 3, "tags_over": 2}
    assert Folder.objects.count() == Tag.objects.count() == 3


def test_undo_takes_back_folders_and_tags_that_are_empty_and_unchanged(owner: User) -> None:
    mine = folders.create_folder(user=owner, name="F0")
    done = bring_in(owner, export(folders=5, tags=4))
    made = {each.name: each for each in Folder.objects.all()}
    assert made["F1"].created_at.isoformat() == TIME
    inner = folders.create_folder(user=owner, name="Inner", parent=made["F1"])
    folders.update_folder(
        folder=made["F2"], name="Renamed", parent=None, system_prompt="", default_model=""
    )
    tag = Tag.objects.get(name="T1")
    assert tag.created_at.isoformat() == TIME
    tags.update_tag(tag=tag, name="Kept", colour="blue")
    used = Conversation.objects.create(owner=owner)
    used.tags.add(Tag.objects.get(name="T2"))
    undo(done)
    assert set(Folder.objects.all()) == {mine, inner, made["F1"], made["F2"]}
    assert set(Tag.objects.values_list("name", flat=True)) == {"Kept", "T2"}


def test_limits_are_those_of_what_stores() -> None:
    assert (neutral.MAX_SOURCES, neutral.MAX_CALLS) == (parts.MAX_SOURCES, parts.MAX_TOOL_CALLS)
    assert neutral.MAX_TAGS == tags.MOST_PER_CHAT
    assert (parley.MAX_FOLDERS, parley.MAX_TAGS) == (folders.MOST_FOLDERS, tags.MOST_TAGS)


def test_what_is_told_of_a_conversation_is_bounded() -> None:
    huge = "x" * 1_000_000
    message = FoundMessage(id="a", author=huge, model=huge)
    message.parts = [{"type": "source", "url": f"u{n}", "quote": huge} for n in range(2_000)]
    message.parts += [{"type": "tool_call", "arguments": huge, "junk": huge}] * 2_000
    message.files = [FoundFile(huge) for _ in range(2_000)]
    message.facts = {"metadata": {huge + str(n): [[huge] * 100] for n in range(1_000)}}
    found = FoundConversation(id="c", title=huge, messages=[message], tags=[[huge, huge]] * 50)
    found.folder, found.facts = [huge] * 20, {"options": {str(n): huge for n in range(1_000)}}
    bounds.bound(found)
    assert len(found.title) == neutral.MAX_TITLE
    assert len(message.files) == neutral.MAX_FILES
    assert found.notes["files"] == 1_990
    assert found.notes["tags"] == 30
    assert found.notes["options"] == 950
    assert found.notes["parts"] == 4_000 - len(message.parts)
    assert len(json.dumps(found, default=neutral.as_json)) < 1_200_000


def test_files_past_the_tenth_are_not_told() -> None:
    told: list[str] = []
    attached = [{"file_name": f"{n}.txt", "extracted_content": "Hello"} for n in range(50)]
    said = {"uuid": "a", "sender": "human", "text": "Look", "attachments": attached}
    found = claude.read(
        {"uuid": "c", "chat_messages": [said]}, Files(tell=lambda key, _data: told.append(key))
    )
    bounds.bound(found)
    assert len(told) == neutral.MAX_FILES
    assert found.notes["files"] == 40


def test_files_within_json_leave_the_disk_once_stored(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleared: list[int] = []
    clear = call.Spool.clear

    def watched(self: call.Spool) -> None:
        clear(self)
        cleared.append(self._file.seek(0, 2))

    monkeypatch.setattr(call.Spool, "clear", watched)
    bring_in(owner, fixture("claude.json"))
    assert cleared == [0]


def seconds(work: Any) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@pytest.mark.parametrize(
    "text",
    [
        '<details type="reasoning">' * 16_000,
        "<details " + 'type="reasoning" ' * 100_000,
        '<details type="reasoning">' + "<summary>" * 100_000 + "</details>",
    ],
)
def test_texts_that_never_end_are_read_in_one_go(text: str) -> None:
    message = {"id": "a", "role": "assistant", "content": text}
    item = {"id": "c", "chat": {"messages": [message]}}
    # The fastest of other ways took half a minute.
    assert seconds(lambda: open_webui.read(item, Files())) < 5


def test_blocks_of_thoughts_are_told_from_the_text() -> None:
    text = (
        'One <details open type="reasoning" done="true"><summary>Thought</summary>\n> Why\n'
        '</details>\n two <details><summary>Kept</summary></details><details type="reasoning">'
    )
    item = {"id": "c", "chat": {"messages": [{"id": "a", "role": "assistant", "content": text}]}}
    (message,) = open_webui.read(item, Files()).messages
    assert message.reasoning == "Why"
    assert message.content == (
        'One two <details><summary>Kept</summary></details><details type="reasoning">'
    )


def test_ten_thousand_calls_find_their_results_in_one_go() -> None:
    ids = range(10_000)
    content = [{"type": "tool_use", "id": f"i{n}", "name": "n", "input": ""} for n in ids]
    content += [{"type": "tool_result", "tool_use_id": f"i{n}", "content": str(n)} for n in ids]
    said = {"uuid": "a", "sender": "assistant", "content": content}
    found = claude.read({"uuid": "c", "chat_messages": [said]}, Files())
    assert all(part["result"] == part["id"][1:] for part in found.messages[0].parts)
    nodes = [
        FoundMessage(id=f"{n}", parent=f"{n - 1}", is_kept=n == 150, parts=parts_of(n))
        for n in range(151)
    ]
    tree = FoundConversation(id="c", messages=nodes)
    assert seconds(lambda: arrange(tree)) < 5
    assert all("result" in part for part in tree.messages[0].parts)


def parts_of(node: int) -> list[dict[str, str]]:
    """Calls first, in later nodes their results."""
    if node < 75:
        return [{"type": "tool_call", "id": f"{node}-{n}"} for n in range(100)]
    return [{"type": "tool_result", "id": f"{node - 75}-{n}", "result": "r"} for n in range(100)]


def test_a_conversation_that_takes_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def spin(conversation: FoundConversation) -> None:
        while conversation.title.startswith("Slow"):
            pass

    monkeypatch.setattr(source, "STEP", 0.05)
    monkeypatch.setattr(source, "arrange", spin)
    few = io.BytesIO(as_json(chatgpt("Slow 1", "Good", "Slow 2")))
    found = list(source.Source(few).read())
    assert [getattr(each, "code", "") for each in found] == ["slow", "", "slow"]
    many = source.Source(io.BytesIO(as_json(chatgpt("Slow 1", "Slow 2", "Slow 3", "Good"))))
    with pytest.raises(source.SourceError, match="time"):
        list(many.read())


@pytest.mark.parametrize("name", ["SIGXCPU", "SIGALRM"])
def test_a_process_that_ran_out_of_time_is_not_started_again(
    owner: User, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    begun: list[Any] = []

    def dying(*_: Any) -> Any:
        number = int(getattr(signal, name))
        end = f"import os; os.kill(os.getpid(), {number})"
        begun.append(subprocess.Popen([sys.executable, "-c", end], stdout=subprocess.PIPE))
        return begun[-1]

    monkeypatch.setattr(call, "start", dying)
    transfer = upload(owner, as_json(chatgpt("Good")))
    assert "took too long" in transfer.error
    assert len(begun) == 1


def test_undo_tells_all_that_went_though_it_broke_off(owner: User) -> None:
    done = bring_in(owner, as_json(chatgpt("One", "Two", "Three")))
    assert imports.request_undo(transfer=done)
    Conversation.objects.filter(title="One").update(current_leaf=None)
    Conversation.objects.get(title="One").delete()
    worker.work()
    done.refresh_from_db()
    assert (done.report["gone"], done.report["kept"]) == (3, 0)


def test_what_nobody_dated_keeps_the_order_of_the_file(owner: User) -> None:
    said = [{"uuid": f"m{9 - n}", "sender": "human", "text": f"{n}"} for n in range(9)]
    for each in said:
        each["parent_message_uuid"] = "00000000-0000-4000-8000-000000000000"
    transfer = bring_in(owner, as_json([{"uuid": "c", "name": "One", "chat_messages": said}]))
    found = Message.objects.order_by("created_at").values_list("content", "created_at")
    assert [content for content, _when in found] == [f"{n}" for n in range(9)]
    assert max(when for _content, when in found) < transfer.created_at


def test_titles_do_not_turn_what_stands_around_them(owner: User) -> None:
    turning = {**chatgpt("a")[0], "title": "So\u202eup\u2066"}
    untitled = {**chatgpt("b\u202ec")[0], "title": ""}
    bring_in(owner, as_json([turning, untitled]))
    assert set(Conversation.objects.values_list("title", flat=True)) == {"Soup", "bc 0"}
