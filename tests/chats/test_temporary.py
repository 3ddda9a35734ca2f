"""Temporary chats: in no list, gone for good once they are left, ordinary once they are kept."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from chats import branches, conversations, listing, messages, temporary, titles
from chats.models import Attachment, Conversation, Message
from chats.picker import suggested_models
from config.databases import SQLITE_OPTIONS
from tests.chats.conftest import answer, exchange
from tests.chats.pages import HTMX, make_conversation
from tests.conftest import PASSWORD

Source = Conversation.TitleSource


def start(user: User, content: str = "My secret", **fields: object) -> Conversation:
    """A temporary chat with one answer."""
    posted = conversations.start_conversation(
        user=user, content=content, model="demo/demo", is_temporary=True
    )
    answer(posted.reply)
    finished(posted.reply)
    return Conversation.objects.get(id=posted.question.conversation_id)


def finished(reply: Message, *, ago: timedelta = timedelta(0)) -> None:
    """As long ago as the test wants."""
    Message.objects.filter(id=reply.id).update(finished_at=timezone.now() - ago)


def age(conversation: Conversation, by: timedelta) -> None:
    """Nobody has looked at it for so long."""
    then = timezone.now() - by
    Conversation.objects.filter(id=conversation.id).update(updated_at=then)
    conversation.messages.exclude(finished_at=None).update(finished_at=then)


def exists(conversation: Conversation) -> bool:
    """Whether there is a row."""
    return Conversation.objects.filter(id=conversation.id).exists()


def upload(user: User) -> Attachment:
    """A file with all that may be made of it."""
    made = Attachment(owner=user, name="secret.png", media_type="image/png", size=3)
    made.file.save("secret.png", ContentFile(b"png"), save=False)
    made.reduced.save("reduced.webp", ContentFile(b"red"), save=False)
    made.thumbnail.save("thumb.webp", ContentFile(b"thu"), save=False)
    made.save()
    return made


def attach(message: Message, user: User) -> Attachment:
    """Such a file with a message."""
    made = upload(user)
    made.messages.add(message)
    return made


def stored_files(attachment: Attachment) -> list[bool]:
    """Which of its files are there."""
    storage = attachment.file.storage
    fields = (attachment.file, attachment.reduced, attachment.thumbnail)
    return [storage.exists(str(field.name)) for field in fields]


# --- Started --------------------------------------------------------------------------------------


def test_the_first_form_makes_it_and_the_page_says_so(owner: User, owner_client: Client) -> None:
    body = {"content": "My secret", "model": "demo/demo", "temporary": "1"}
    page = owner_client.post("/c/", body, headers=HTMX).text
    conversation = Conversation.objects.get()
    assert conversation.is_temporary
    assert "<title>Temporary chat · Parley</title>" in page
    assert f'data-temporary="/c/{conversation.id}/"' in page
    assert "Keep this chat" in page
    reloaded = owner_client.get(f"/c/{conversation.id}/").text
    assert "deleted for good" in reloaded
    assert "A temporary chat: deleted once you leave it." in reloaded


def test_without_the_box_it_is_an_ordinary_one(owner_client: Client) -> None:
    page = owner_client.post("/c/", {"content": "Hi", "model": "demo/demo"}, headers=HTMX).text
    assert not Conversation.objects.get().is_temporary
    assert "data-temporary" not in page


@pytest.mark.parametrize(("query", "is_checked"), [("", False), ("?temporary=1", True)])
def test_an_address_presets_the_box(query: str, *, is_checked: bool, owner_client: Client) -> None:
    page = owner_client.get(f"/{query}").text
    (box,) = [line for line in page.splitlines() if 'name="temporary"' in line]
    assert ("checked" in box) == is_checked
    assert 'form="composer-form"' in box


def test_what_was_refused_keeps_the_box(owner_client: Client) -> None:
    page = owner_client.post("/c/", {"content": " ", "temporary": "1"}).text
    (box,) = [line for line in page.splitlines() if 'name="temporary"' in line]
    assert "checked" in box
    assert not Conversation.objects.exists()


def test_it_is_in_no_list(owner: User, owner_client: Client) -> None:
    conversation = start(owner)
    Conversation.objects.filter(id=conversation.id).update(model="only-here", is_pinned=True)
    assert listing.list_conversations(user=owner).days == []
    conversations.archive_conversation(conversation=conversation)
    assert listing.list_archived(user=owner).conversations == []
    assert Conversation.objects.for_user(owner).recent_models(10) == []
    assert "demo/only-here" not in suggested_models(owner)
    for path in ("/sidebar/", "/archive/", "/models/", "/"):
        page = owner_client.get(path).text
        assert "secret" not in page
        assert str(conversation.id) not in page


def test_its_words_are_no_title(owner: User) -> None:
    conversation = start(owner, "My secret")
    assert conversation.title == "Temporary chat"
    assert conversation.title_source == Source.WORDS


def test_no_model_is_asked_for_a_title(owner: User, settings: Settings) -> None:
    settings.TITLES = "model"
    conversation = start(owner)
    reply = conversation.current_leaf
    assert reply
    Message.objects.filter(id=reply.id).update(provider="openai", model="gpt-4o")
    assert titles.prepare(reply.id) is None
    assert not titles.store(conversation.id, "A secret")
    conversation.refresh_from_db()
    assert conversation.title == "Temporary chat"


def test_a_branch_of_it_is_temporary_too(owner: User) -> None:
    conversation = start(owner)
    assert conversation.current_leaf
    branch = branches.branch_off(message=conversation.current_leaf)
    assert branch.is_temporary
    assert branch.title == "Temporary chat"
    temporary.keep_conversation(conversation=branch)
    assert Conversation.objects.get(id=branch.id).title == "My secret"
    assert Conversation.objects.get(id=conversation.id).is_temporary


# --- Ended ----------------------------------------------------------------------------------------


def test_ending_leaves_no_row_and_no_file(
    owner: User,
    owner_client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    conversation = start(owner)
    attachment = attach(conversation.messages.get(parent=None), owner)
    exchange(conversation, "And more")
    assert stored_files(attachment) == [True, True, True]
    with django_capture_on_commit_callbacks(execute=True):
        answer = owner_client.post(f"/c/{conversation.id}/end/")
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()
    assert not Attachment.objects.exists()
    assert stored_files(attachment) == [False, False, False]
    for path in ("", "messages/", "settings/", "rename/"):
        assert owner_client.get(f"/c/{conversation.id}/{path}").status_code == 404
    assert owner_client.post(f"/c/{conversation.id}/restore/").status_code == 404


def test_files_of_another_chat_stay(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    conversation = start(owner)
    question = conversation.messages.get(parent=None)
    attachment = attach(question, owner)
    attachment.messages.add(make_conversation(owner).messages.get(parent=None))
    with django_capture_on_commit_callbacks(execute=True):
        assert temporary.end_conversation(conversation=conversation)
    assert stored_files(attachment) == [True, True, True]
    assert attachment.messages.count() == 1


def test_delete_is_for_good_and_offers_no_way_back(owner: User, owner_client: Client) -> None:
    conversation = start(owner)
    page = owner_client.post(f"/c/{conversation.id}/delete/", headers=HTMX)
    assert "Undo" not in page.text
    assert not exists(conversation)


def test_deleting_from_its_first_message_is_for_good(owner: User) -> None:
    conversation = start(owner)
    assert not branches.delete_from(message=conversation.messages.get(parent=None))
    assert not exists(conversation)


def test_a_running_reply_is_stopped(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    conversation = start(owner)
    messages.post_message(conversation=conversation, content="More")
    with django_capture_on_commit_callbacks(execute=True):
        assert temporary.end_conversation(conversation=conversation)
    assert not Message.objects.exists()


def test_an_ordinary_chat_is_never_ended(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    stale = Conversation(id=conversation.id, owner=owner, is_temporary=True)
    assert not temporary.end_conversation(conversation=stale)
    for verb in ("end", "keep", "stay"):
        assert owner_client.post(f"/c/{conversation.id}/{verb}/").status_code == 404
    age(conversation, timedelta(days=2))
    temporary.sweep()
    temporary.end_all(user=owner)
    assert exists(conversation)


def test_signing_out_ends_ones_own(owner: User, stranger: User) -> None:
    mine, theirs, ordinary = start(owner), start(stranger), make_conversation(owner)
    client = Client()
    client.login(username=owner.username, password=PASSWORD)
    client.post("/accounts/logout/")
    assert [exists(each) for each in (mine, theirs, ordinary)] == [False, True, True]


def test_signing_out_removes_what_was_not_sent(
    owner: User,
    stranger: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """Files that wait in a composer; those of messages stay, and other people's."""
    draft, sent, theirs = upload(owner), upload(owner), upload(stranger)
    sent.messages.add(make_conversation(owner).messages.get(parent=None))
    client = Client()
    client.login(username=owner.username, password=PASSWORD)
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/logout/")
    assert set(Attachment.objects.all()) == {sent, theirs}
    assert stored_files(draft) == [False, False, False]
    assert stored_files(sent) == [True, True, True]


def test_sqlite_overwrites_what_is_deleted_whatever_it_was_built_with() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("PRAGMA secure_delete=OFF")
        database.executescript(SQLITE_OPTIONS["init_command"])
        assert database.execute("PRAGMA secure_delete").fetchone() == (1,)


# --- Swept ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "is_gone"), [(59, False), (61, True)])
def test_it_is_swept_after_an_hour(minutes: int, *, is_gone: bool, owner: User) -> None:
    conversation = start(owner)
    age(conversation, timedelta(minutes=minutes))
    assert temporary.sweep() == int(is_gone)
    assert exists(conversation) != is_gone


def test_not_while_a_reply_is_written_or_has_just_ended(owner: User) -> None:
    conversation = start(owner)
    reply = messages.post_message(conversation=conversation, content="More").reply
    age(conversation, timedelta(hours=3))
    assert temporary.sweep() == 0
    answer(reply)
    finished(reply, ago=timedelta(minutes=30))
    assert temporary.sweep() == 0
    finished(reply, ago=timedelta(minutes=61))
    assert temporary.sweep() == 1


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("post", "stay/")])
def test_an_open_page_keeps_it(method: str, path: str, owner: User, owner_client: Client) -> None:
    conversation = start(owner)
    age(conversation, timedelta(hours=3))
    assert getattr(owner_client, method)(f"/c/{conversation.id}/{path}").status_code in {200, 204}
    assert temporary.sweep() == 0
    assert exists(conversation)


def test_a_strangers_page_does_not(owner: User, stranger_client: Client) -> None:
    conversation = start(owner)
    age(conversation, timedelta(hours=3))
    for verb in ("stay", "keep", "end"):
        assert stranger_client.post(f"/c/{conversation.id}/{verb}/").status_code == 404
    assert temporary.sweep() == 1


def test_the_sweep_asks_once_when_there_is_nothing(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        start(owner)
    with django_assert_num_queries(1):
        assert temporary.sweep() == 0


# --- Kept -----------------------------------------------------------------------------------------


def test_kept_it_is_an_ordinary_chat(owner: User, owner_client: Client) -> None:
    conversation = start(owner, "A walk by the sea")
    answer = owner_client.post(f"/c/{conversation.id}/keep/")
    assert answer["Location"] == f"/c/{conversation.id}/"
    page = owner_client.get(f"/c/{conversation.id}/").text
    assert "<title>A walk by the sea · Parley</title>" in page
    assert "data-temporary" not in page
    assert f'id="link-{conversation.id}"' in page
    age(conversation, timedelta(days=1))
    assert temporary.sweep() == 0
    # A page that came in its place says that it was left.
    assert owner_client.post(f"/c/{conversation.id}/end/", headers=HTMX).status_code == 404
    assert exists(conversation)


def test_a_title_of_ones_own_stays(owner: User) -> None:
    conversation = start(owner)
    conversations.rename_conversation(conversation=conversation, title="Mine")
    temporary.keep_conversation(conversation=conversation)
    assert Conversation.objects.get().title == "Mine"


def test_the_model_is_asked_for_a_title_then(
    owner: User,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.TITLES = "model"
    settings.PROVIDER_ENVIRONMENT = settings.PROVIDER_ENVIRONMENT | {
        "openai": {"api_key": "sk-test", "base_url": "http://127.0.0.1:9/v1"}
    }
    conversation = start(owner)
    first = conversation.current_leaf
    assert first
    finished(exchange(conversation, "And more"))
    Message.objects.filter(role="assistant").update(provider="openai", model="gpt-4o")
    asked: list[object] = []
    monkeypatch.setattr("chats.events._make_title", asked.append)
    with django_capture_on_commit_callbacks(execute=True):
        temporary.keep_conversation(conversation=conversation)
    assert asked == [first.id]
    assert titles.prepare(first.id) is not None
    settings.TITLES = "words"
    assert titles.prepare(first.id) is None


def test_keeping_twice_does_no_harm(owner: User) -> None:
    conversation = start(owner)
    again = Conversation.objects.get(id=conversation.id)
    temporary.keep_conversation(conversation=conversation)
    conversations.rename_conversation(conversation=conversation, title="Mine")
    temporary.keep_conversation(conversation=again)
    assert Conversation.objects.get().title == "Mine"
