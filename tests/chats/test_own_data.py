"""All that a person has: how much it is, archived, deleted and brought back at once."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chats import conversations, listing, messages, own_data
from chats.models import Attachment, Conversation
from chats.own_data import Amounts
from tests.chats.pages import make_conversation

PAGE = "/settings/data/"


def upload(owner: User, size: int) -> None:
    """A file of some size, as its row says."""
    made = Attachment(owner=owner, name="a.png", media_type="image/png", size=size)
    made.file.save("a.png", ContentFile(b"x"))


def some(user: User, count: int = 3) -> list[Conversation]:
    """Chats, the first of them archived."""
    made = [make_conversation(user, title=f"Chat-{n}") for n in range(count)]
    conversations.archive_conversation(conversation=made[0])
    return made


def open_chats(user: User) -> int:
    """How many can be opened."""
    return Conversation.objects.for_user(user).count()


def test_the_page_says_how_much_there_is(owner: User, stranger: User, owner_client: Client) -> None:
    some(owner)
    some(stranger, 5)
    upload(owner, 1_500_000)
    upload(owner, 500_000)
    upload(stranger, 7)
    conversations.delete_conversation(conversation=make_conversation(owner))
    conversations.start_conversation(
        user=owner, content="Secret", model="demo/demo", is_temporary=True
    )
    assert own_data.count_data(user=owner) == Amounts(3, 1, 6, 2, 2_000_000)
    page = owner_client.get(PAGE).text
    assert "(1 of them archived)" in page
    assert "(1.9\xa0MB)" in page


def test_somebody_new_has_nothing(owner: User, owner_client: Client) -> None:
    assert own_data.count_data(user=owner) == Amounts(0, 0, 0, 0, 0)
    page = owner_client.get(PAGE).text
    assert "Deleted lately" not in page
    assert "There is no chat to delete." in page
    assert f'action="{PAGE}' not in page
    assert 'action="/export/"' not in page
    for verb in ("archive", "delete-archived"):
        assert owner_client.post(f"{PAGE}{verb}/").status_code == 303


def test_only_what_can_be_done_is_offered(owner: User, owner_client: Client) -> None:
    def offered() -> list[bool]:
        page = owner_client.get(PAGE).text
        return [f"{PAGE}{verb}/" in page for verb in ("archive", "delete-archived", "delete")]

    chat = make_conversation(owner)
    assert offered() == [True, False, True]
    conversations.archive_conversation(conversation=chat)
    assert offered() == [False, True, True]


def test_the_figures_cost_the_same_whatever_there_is(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    some(owner, 12)
    with django_assert_num_queries(4):
        own_data.count_data(user=owner)
        own_data.list_deletions(user=owner)


def test_archiving_all(owner: User, stranger: User, owner_client: Client) -> None:
    some(owner)
    some(stranger)
    answer = owner_client.post(f"{PAGE}archive/", follow=True)
    assert "2 chats were archived." in answer.text
    assert listing.list_conversations(user=owner).days == []
    assert len(listing.list_archived(user=owner).conversations) == 3
    assert len(listing.list_archived(user=stranger).conversations) == 1


def test_deleting_the_archived_leaves_the_others(owner: User, owner_client: Client) -> None:
    some(owner)
    answer = owner_client.post(f"{PAGE}delete-archived/", follow=True)
    assert "1 chat was deleted." in answer.text
    titles = Conversation.objects.for_user(owner).values_list("title", flat=True)
    assert set(titles) == {"Chat-1", "Chat-2"}


@pytest.mark.parametrize("typed", ["", "delete", "olivi", "olivia2", "sam", "%"])
def test_all_are_deleted_only_by_name(
    typed: str, owner: User, stranger: User, owner_client: Client
) -> None:
    some(owner)
    answer = owner_client.post(f"{PAGE}delete/", {"username": typed})
    assert answer.status_code == 422
    assert "Type your username, olivia, to delete all chats." in answer.text
    assert open_chats(owner) == 3


def test_all_are_deleted_and_come_back_together(
    owner: User, stranger: User, owner_client: Client
) -> None:
    made = some(owner)
    some(stranger)
    conversations.delete_conversation(conversation=made[2])
    answer = owner_client.post(f"{PAGE}delete/", {"username": " Olivia "}, follow=True)
    assert "2 chats were deleted." in answer.text
    assert (open_chats(owner), open_chats(stranger)) == (0, 3)
    both, single = own_data.list_deletions(user=owner)
    assert (both.count, single.count) == (2, 1)
    answer = owner_client.post(
        f"{PAGE}restore/", {"deleted_at": both.deleted_at.isoformat()}, follow=True
    )
    assert "2 chats are back." in answer.text
    # What was deleted by itself before is no part of it, and the archived one is archived.
    assert open_chats(owner) == 2
    assert [c.title for c in listing.list_archived(user=owner).conversations] == ["Chat-0"]


def test_temporary_chats_are_gone_at_once(owner: User) -> None:
    started = conversations.start_conversation(
        user=owner, content="Secret", model="demo/demo", is_temporary=True
    )
    assert own_data.delete_all(user=owner) == 0
    assert not Conversation.objects.filter(id=started.question.conversation_id).exists()


def test_running_replies_are_stopped(owner: User, stranger: User) -> None:
    mine, theirs = make_conversation(owner), make_conversation(stranger)
    replies = [messages.post_message(conversation=c, content="More").reply for c in (mine, theirs)]
    own_data.delete_all(user=owner)
    for reply in replies:
        reply.refresh_from_db()
    assert [reply.stop_requested for reply in replies] == [True, False]


def test_after_an_hour_nothing_comes_back(owner: User, owner_client: Client) -> None:
    some(owner)
    own_data.delete_all(user=owner)
    late = timezone.now() - conversations.UNDO_PERIOD - timedelta(seconds=1)
    Conversation.objects.update(deleted_at=late)
    assert own_data.list_deletions(user=owner) == []
    assert own_data.restore_deletion(user=owner, deleted_at=late) == 0
    conversations.purge_deleted()
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    "moment",
    [
        "",
        "now",
        "9999-99-99",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59",
        "9999-12-31T23:59:59-14:00",
        "2026-01-01T00:00:00+99:00",
        "\x00",
    ],
)
def test_a_moment_that_is_none_restores_nothing(
    moment: str, owner: User, owner_client: Client
) -> None:
    some(owner)
    own_data.delete_all(user=owner)
    assert owner_client.post(f"{PAGE}restore/", {"deleted_at": moment}).status_code == 303
    assert open_chats(owner) == 0


def test_a_strangers_moment_restores_nothing(owner: User, stranger_client: Client) -> None:
    some(owner)
    own_data.delete_all(user=owner)
    (deletion,) = own_data.list_deletions(user=owner)
    stranger_client.post(f"{PAGE}restore/", {"deleted_at": deletion.deleted_at.isoformat()})
    assert open_chats(owner) == 0


def test_it_is_in_the_list_of_settings(owner_client: Client) -> None:
    assert 'href="/settings/data/"' in owner_client.get("/settings/").text
    assert 'href="/settings/data/" aria-current="page"' in owner_client.get(PAGE).text
