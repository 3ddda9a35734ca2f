"""Who spent what in a chat of several: sums that nobody who asked can make smaller."""

from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chats import generation, messages, spending
from chats.branches import branch_off
from chats.models import Conversation, Membership, Message, Spending
from providers.types import Usage
from tests.chats.pages import make_conversation, make_message, question_of, reply_of
from tests.conftest import make_user

Row = tuple[str, bool, int, int, int, int]


@pytest.fixture
def chat(owner: User) -> Conversation:
    """A chat of the owner's, which has cost nothing yet."""
    return make_conversation(owner, title="Plans")


@pytest.fixture
def ben(chat: Conversation) -> User:
    """A writer in it."""
    person = make_user("ben")
    Membership.objects.create(conversation=chat, user=person, role="writer")
    return person


def end(reply: Message, *, cost: int | None, status: str = "complete", text: str = "x") -> Message:
    """Make a pending reply, or more of one, at that cost: 10 tokens read, 3 written."""
    job = generation.claim(reply.id, runner="a")
    assert job is not None
    progress = generation.Progress(reply.id, text, "", None, changed=True)
    outcome = generation.Outcome(
        status, usage=Usage(input_tokens=10, output_tokens=3), run_cost_micros=cost
    )
    outcome.cost_micros = cost
    assert generation.finish(progress, outcome, runner="a")
    reply.refresh_from_db()
    return reply


def spent(chat: Conversation) -> list[Row]:
    """All rows, read anew."""
    found = spending.spending_of(Conversation.objects.get(id=chat.id))
    return [
        (s.name, s.is_owner, s.replies, s.priced, s.output_tokens, s.cost_micros) for s in found
    ]


def test_added_up_by_who_asked(
    chat: Conversation, ben: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for author, cost in ((ben, 700), (ben, None), (None, 50)):
        reply = messages.post_message(conversation=chat, content="Hi", author=author).reply
        end(reply, cost=cost)
        chat.refresh_from_db()
    assert spent(chat) == [
        ("ben", False, 2, 1, 6, 700),
        (chat.owner.username, True, 1, 1, 3, 50),
    ]
    with django_assert_num_queries(1):
        spending.spending_of(chat)


def test_a_reply_that_used_nothing_costs_nothing(chat: Conversation, ben: User) -> None:
    reply = messages.post_message(conversation=chat, content="Hi", author=ben).reply
    assert generation.claim(reply.id, runner="a")
    progress = generation.Progress(reply.id, "", "", None, changed=True)
    assert generation.finish(progress, generation.Outcome("failed"), runner="a")
    assert spent(chat) == []


def test_deleting_what_was_asked_leaves_what_it_cost(
    chat: Conversation, ben: User, client: Client
) -> None:
    posted = messages.post_message(conversation=chat, content="Hi", author=ben)
    end(posted.reply, cost=700)
    client.force_login(ben)
    path = reverse("chats:delete_from", args=[posted.question.id])
    assert client.post(path).status_code == 303
    assert not Message.objects.filter(id=posted.reply.id).exists()
    assert spent(chat) == [("ben", False, 1, 1, 3, 700)]


def test_so_does_deleting_the_account(chat: Conversation, ben: User) -> None:
    end(messages.post_message(conversation=chat, content="Hi", author=ben).reply, cost=700)
    ben.delete()
    chat.refresh_from_db()
    end(messages.post_message(conversation=chat, content="Hi").reply, cost=50)
    assert spent(chat) == [
        ("ben", False, 1, 1, 3, 700),
        (chat.owner.username, True, 1, 1, 3, 50),
    ]


@pytest.mark.parametrize(
    ("name", "status", "text"), [("continue", "stopped", "Half"), ("retry", "failed", "")]
)
def test_going_on_with_the_owners_reply_costs_who_asked(
    chat: Conversation, ben: User, client: Client, *, name: str, status: str, text: str
) -> None:
    reply = messages.post_message(conversation=chat, content="Hi").reply
    end(reply, cost=900, status=status, text=text)
    client.force_login(ben)
    assert client.post(reverse(f"chats:{name}", args=[reply.id])).status_code == 303
    end(reply, cost=5)
    owner = chat.owner.username
    assert spent(chat) == [(owner, True, 1, 1, 3, 900), ("ben", False, 1, 1, 3, 5)]
    # It is still the owner's: who went on with it cannot delete it.
    assert client.post(reverse("chats:delete_from", args=[reply.id])).status_code == 404


def test_a_copy_costs_nothing(chat: Conversation, ben: User) -> None:
    reply = end(messages.post_message(conversation=chat, content="Hi").reply, cost=9)
    for user in (chat.owner, ben):
        assert spent(branch_off(message=reply, user=user)) == []


def test_page_is_the_owners(
    chat: Conversation, ben: User, owner_client: Client, client: Client
) -> None:
    end(messages.post_message(conversation=chat, content="Hi", author=ben).reply, cost=700)
    path = reverse("chats:people", args=[chat.id])
    page = owner_client.get(path).content.decode()
    assert "Who spent what" in page
    assert '<th scope="row"><bdi>ben</bdi></th>' in page
    client.force_login(ben)
    page = client.get(path).content.decode()
    assert "Who spent what" not in page
    assert "Invite somebody" not in page
    # The table outlasts the membership.
    chat.memberships.all().delete()
    end(
        messages.post_message(
            conversation=Conversation.objects.get(id=chat.id), content="Hi"
        ).reply,
        cost=1,
    )
    assert "Who spent what" in owner_client.get(path).content.decode()


def test_migration_adds_up_what_is_there(chat: Conversation, ben: User) -> None:
    asked = question_of(chat)
    make_message(chat, asked, "assistant", "x", author=ben, cost_micros=700)
    make_message(chat, asked, "assistant", "x", author=ben)
    make_message(chat, asked, "assistant", "x", cost_micros=50)
    copy = branch_off(message=reply_of(chat), user=chat.owner)
    Spending.objects.all().delete()
    add_up: Callable[..., None] = import_module("chats.migrations.0016_spending_so_far").add_up
    add_up(apps, None)
    assert spent(chat) == [
        ("ben", False, 2, 1, 10, 700),
        (chat.owner.username, True, 2, 1, 10, 50),
    ]
    assert spent(copy) == []
