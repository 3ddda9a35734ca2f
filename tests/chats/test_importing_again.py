"""Importing again: what grew is completed, what was deleted here stays away; and undo."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chats import conversations, messages
from chats.importing import imports, worker
from chats.importing.undo import undo_import
from chats.models import Attachment, Conversation, Message, SearchEntry, Transfer
from tests.chats.conftest import answer
from tests.chats.imports import (
    as_json,
    bring_in,
    chat,
    chatgpt,
    fixture,
    run,
    tree,
    undo,
    upload,
)
from tests.chats.pages import make_message

pytestmark = pytest.mark.django_db


def test_a_conversation_that_grew_gets_its_new_messages(owner: User) -> None:
    bring_in(owner, as_json([chat("Soup", ["a", "b"])]))
    soup = Conversation.objects.get()
    again = bring_in(owner, as_json([chat("Soup", ["a", "b", "c", "d"])]))
    assert (again.report["grown"], again.report["new"]) == (1, 0)
    assert tree(soup) == [["a", ["b", ["c", ["d"]]]]]
    soup.refresh_from_db()
    assert soup.current_leaf
    assert soup.current_leaf.content == "d"
    assert bring_in(owner, as_json([chat("Soup", ["a", "b", "c", "d"])])).report["here"] == 1


def test_what_was_said_here_stays_on_the_page_when_it_grew_there(owner: User) -> None:
    bring_in(owner, as_json([chat("Soup", ["a", "b"])]))
    soup = Conversation.objects.get()
    posted = messages.post_message(conversation=soup, content="Mine")
    answer(posted.reply, "Yours")
    bring_in(owner, as_json([chat("Soup", ["a", "b", "c", "d"])]))
    assert tree(soup) == [["a", ["b", ["c", ["d"]], ["Mine", ["Yours"]]]]]
    soup.refresh_from_db()
    assert soup.current_leaf == posted.reply


def test_what_was_deleted_here_does_not_come_back(owner: User) -> None:
    data = as_json([chat("Soup", ["a", "b", "c", "d"])])
    bring_in(owner, data)
    Message.objects.filter(content__in="cd").update(parent=None)
    Conversation.objects.update(current_leaf=None)
    Message.objects.filter(content__in="cd").delete()
    assert bring_in(owner, data).report["here"] == 1
    assert tree(Conversation.objects.get()) == [["a", ["b"]]]
    longer = as_json([chat("Soup", ["a", "b", "c", "d", "e"])])
    transfer = bring_in(owner, longer)
    assert [each["code"] for each in transfer.report["problems"]] == ["changed"]
    assert tree(Conversation.objects.get()) == [["a", ["b"]]]


def test_a_chat_that_was_deleted_can_be_imported_anew(owner: User) -> None:
    data = as_json(chatgpt("Soup"))
    bring_in(owner, data)
    first = Conversation.objects.get()
    conversations.delete_conversation(conversation=first)
    assert bring_in(owner, data).report["new"] == 1
    assert Conversation.objects.filter(deleted_at=None).count() == 1


def test_undo_takes_all_of_it_back_with_its_files(
    owner: User, stranger: User, django_capture_on_commit_callbacks: Any
) -> None:
    bring_in(stranger, fixture("claude.json"))
    kept = set(Conversation.objects.values_list("id", flat=True))
    transfer = bring_in(owner, fixture("claude.json"))
    (file,) = Attachment.objects.filter(owner=owner)
    storage, name = file.file.storage, file.file.name
    assert name
    assert storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        done = undo(transfer)
    assert (done.state, done.report["gone"], done.report["kept"]) == ("undone", 1, 0)
    assert set(Conversation.objects.values_list("id", flat=True)) == kept
    assert not storage.exists(name)
    assert bring_in(owner, fixture("claude.json")).report["new"] == 1


def test_undo_keeps_and_names_what_was_written_in_since(owner: User) -> None:
    transfer = bring_in(owner, as_json(chatgpt("Soup", "Salad")))
    soup = Conversation.objects.get(title="Soup")
    answer(messages.post_message(conversation=soup, content="More").reply)
    done = undo(transfer)
    assert (done.report["gone"], done.report["kept"]) == (1, 1)
    assert done.report["kept_titles"] == ["Soup"]
    assert list(Conversation.objects.all()) == [soup]
    assert not imports.request_undo(transfer=done)


def test_an_import_that_broke_off_goes_on_without_doing_anything_twice(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = upload(owner, as_json(chatgpt("One", "Two", "Three")))
    assert imports.start_import(transfer=transfer, into_archive=False, into_folder=False)
    take = worker._Run.take

    def die(self: Any, taken: Any, keeper: Any) -> None:
        if taken.conversation.title == "Two":
            worker.close_worker()
            raise InterruptedError
        take(self, taken, keeper)

    with monkeypatch.context() as patched:
        patched.setattr(worker._Run, "take", die)
        worker.work()
    assert Conversation.objects.get().title == "One"
    assert Transfer.objects.get().state == "running"
    worker.open_worker()
    worker.work()
    transfer.refresh_from_db()
    assert (transfer.state, transfer.report["new"]) == ("done", 3)
    assert Message.objects.count() == 6


def test_stopping_a_running_import_keeps_what_is_in_and_can_be_undone(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = upload(owner, as_json(chatgpt("One", "Two", "Three")))
    take = worker._Run.take

    def stop(self: Any, taken: Any, keeper: Any) -> None:
        take(self, taken, keeper)
        self._progress._noted = float("-inf")
        imports.cancel_import(transfer=Transfer.objects.get())

    monkeypatch.setattr(worker._Run, "take", stop)
    done = run(transfer)
    assert (done.state, done.report["is_partial"], bool(done.file)) == ("done", True, False)
    assert Conversation.objects.count() == 1
    assert undo(done).report["gone"] == 1


def test_uploads_that_nobody_started_go_after_a_day(owner: User) -> None:
    transfer = upload(owner, as_json(chatgpt("One")))
    storage, name = transfer.file.storage, transfer.file.name
    assert worker.prune() == 0
    transfer.created_at -= worker.KEPT_FOR
    transfer.save(update_fields=["created_at"])
    assert worker.prune() == 1
    transfer.refresh_from_db()
    assert "within a day" in transfer.error
    assert name
    assert not storage.exists(name)


def test_known_models_are_asked_next_and_others_replaced_by_the_users_own(owner: User) -> None:
    data = as_json([{**chatgpt("One")[0], "default_model_slug": "gpt-4o"}])
    bring_in(owner, data)
    one = Conversation.objects.get()
    assert one.model_name == "demo/demo"
    reply = one.messages.get(role="assistant")
    assert reply.model_name == "openai/gpt-4o"
    posted = messages.post_message(conversation=one, content="And now?")
    assert posted.reply.model_name == "demo/demo"


def test_words_of_an_import_are_found(owner: User) -> None:
    bring_in(owner, as_json(chatgpt("Soup")))
    assert SearchEntry.objects.filter(conversation__title="Soup").count() == 3


def test_storing_takes_as_many_queries_for_many_messages_as_for_few(
    owner: User, django_assert_max_num_queries: Any
) -> None:
    few = upload(owner, as_json(chatgpt("Few", count=2)))
    assert imports.start_import(transfer=few, into_archive=False, into_folder=False)
    with django_assert_max_num_queries(60) as asked:
        worker.work()
    many = upload(owner, as_json(chatgpt("Many", count=60)))
    assert imports.start_import(transfer=many, into_archive=False, into_folder=False)
    with django_assert_max_num_queries(len(asked) + 4):
        worker.work()


def test_undo_goes_lot_by_lot_and_says_how_far_it_is(owner: User) -> None:
    bring_in(owner, as_json([chat(f"Chat {n}", ["Hello"]) for n in range(60)]))
    transfer = Transfer.objects.get()
    written_in = Conversation.objects.get(title="Chat 30")
    make_message(written_in, written_in.current_leaf, "user", "Written here")
    said: list[tuple[int, int]] = []

    def goes_on(done: int, total: int) -> bool:
        said.append((done, total))
        return True

    with CaptureQueriesContext(connection) as queries:
        assert undo_import(transfer=transfer, goes_on=goes_on) == (59, 1, ["Chat 30"])
    assert said == [(0, 60), (25, 60), (50, 60)]
    assert len(queries) < 3 * 40
    assert Conversation.objects.get() == written_in
    assert not SearchEntry.objects.exclude(conversation=written_in).exists()


def test_undo_that_is_interrupted_does_the_rest_later(owner: User) -> None:
    transfer = bring_in(owner, as_json([chat(f"Chat {n}", ["Hello"]) for n in range(30)]))
    with pytest.raises(InterruptedError):
        undo_import(transfer=transfer, goes_on=lambda done, _total: not done)
    assert Conversation.objects.count() == 5
    assert undo_import(transfer=transfer, goes_on=lambda *_: True) == (5, 0, [])
