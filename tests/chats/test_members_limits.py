"""What writers and readers cannot do to the owner's chat, nor learn of the owner by it."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from chats import comparing, members, messages
from chats.models import Conversation, Membership, Message
from tests.chats.conftest import answer
from tests.chats.pages import make_conversation, make_message, question_of, reply_of
from tests.conftest import make_user


@pytest.fixture
def chat(owner: User) -> Conversation:
    """A chat of the owner's."""
    return make_conversation(owner, title="Plans")


@pytest.fixture
def ben(chat: Conversation) -> User:
    """A writer in it."""
    person = make_user("ben")
    Membership.objects.create(conversation=chat, user=person, role="writer")
    return person


@pytest.fixture
def bens(ben: User, client: Client) -> Client:
    """Ben's browser."""
    client.force_login(ben)
    return client


def page_of(client: Client, chat: Conversation, **query: Any) -> str:
    """The chat's page."""
    return client.get(reverse("chats:conversation", args=[chat.id]), query).content.decode()


class TestModels:
    """Writers ask what the chat shows them, and leave the choice to the owner."""

    def test_choosing_a_reply_leaves_the_owners_model(
        self, chat: Conversation, owner_client: Client, bens: Client
    ) -> None:
        two = ["demo/demo", "demo/other"]
        posted = messages.post_message(conversation=chat, content="x", models=two)
        replies = list(posted.question.children.order_by("comparison_order"))
        for reply in replies:
            answer(reply)
        path = reverse("chats:choose", args=[replies[1].id])
        assert bens.post(path).status_code == 303
        chat.refresh_from_db()
        assert (chat.model_name, chat.current_leaf) == ("demo/demo", replies[1])
        assert not Message.objects.filter(comparison__isnull=False).exists()

    def test_owner_chooses_the_model_with_the_reply(
        self, chat: Conversation, owner_client: Client
    ) -> None:
        two = ["demo/demo", "demo/other"]
        posted = messages.post_message(conversation=chat, content="x", models=two)
        second = answer(posted.question.children.get(comparison_order=1))
        owner_client.post(reverse("chats:choose", args=[second.id]))
        chat.refresh_from_db()
        assert chat.model_name == "demo/other"

    def test_writers_ask_only_what_answered_here(self, chat: Conversation, bens: Client) -> None:
        compare = reverse("chats:messages", args=[chat.id])
        again = reverse("chats:regenerate", args=[reply_of(chat).id])
        said = set()
        for model in ("demo/other", "nowhere/other"):
            for path, form in (
                (compare, {"content": "x", "compare": ["demo/demo", model]}),
                (again, {"model": model}),
            ):
                refused = bens.post(path, form, headers={"HX-Request": "true"})
                assert refused.status_code == 422
                assert f"“{model}” is not available" in refused.content.decode()
            page = page_of(bens, chat, compare=["demo/demo", model])
            said.add(page.count("is not available"))
        assert said == {1}
        make_message(chat, question_of(chat), "assistant", "x", model="other")
        assert bens.post(again, {"model": "demo/other"}).status_code == 303
        assert bens.post(compare, {"content": "x", "compare": ["demo/demo", "demo/other"]})

    def test_no_model_breaks_the_question(self, chat: Conversation, ben: User) -> None:
        for model in ("\0/\0", "", "/", "x" * 5000):
            with pytest.raises(ValidationError, match="is not available"):
                comparing.checked_model_in(chat, model, user=ben)

    def test_readers_are_not_told_which_models_there_are(
        self, chat: Conversation, bens: Client
    ) -> None:
        Membership.objects.update(role="reader")
        found = page_of(bens, chat, compare=["demo/demo", "demo/other"])
        for page in (found, page_of(bens, chat, compare=["demo/demo", "nowhere/x"])):
            assert "is not available" not in page
            assert "demo/other" not in page

    def test_costs_and_connections_are_the_owners(
        self, chat: Conversation, owner_client: Client, bens: Client
    ) -> None:
        Message.objects.filter(id=reply_of(chat).id).update(
            provider="my-secret-key", model="m", cost_micros=1_230_000,
            metadata={"fallback": {"from": "my-secret-key/a", "reason": "No.", "detail": "Org 7"}},
        )  # fmt: skip
        Conversation.objects.filter(id=chat.id).update(provider="my-secret-key")
        mine = page_of(owner_client, chat)
        for secret in ("my-secret-key", "Org 7", "1.23"):
            assert secret in mine
        footer = reverse("chats:footer", args=[reply_of(chat).id])
        more = reverse("chats:more", args=[reply_of(chat).id])
        theirs = page_of(bens, chat)
        for path in (footer, more):
            theirs += bens.get(path, headers={"HX-Request": "true"}).content.decode()
        for secret in ("my-secret-key", "Org 7", "1.23"):
            assert secret not in theirs
        assert "3 in, 5 out" in theirs


class TestArchive:
    """The owner's order is the owner's."""

    @pytest.fixture
    def archived(self, chat: Conversation) -> Conversation:
        chat.archived_at = timezone.now()
        chat.save()
        return chat

    def test_a_writer_brings_nothing_back(self, archived: Conversation, ben: User) -> None:
        posted = messages.post_message(conversation=archived, content="Hi", author=ben)
        messages.regenerate_reply(message=answer(posted.reply), author=ben)
        two = ["demo/demo", "demo/other"]
        messages.post_message(
            conversation=archived, content="Hi", author=ben, models=two, parent_id=posted.reply.id
        )
        archived.refresh_from_db()
        assert archived.archived_at
        messages.post_message(conversation=archived, content="Hi", parent_id=posted.reply.id)
        archived.refresh_from_db()
        assert archived.archived_at is None


class TestRemoval:
    """Who is removed between the gate and the lock does nothing any more."""

    @pytest.mark.parametrize("role", ["", "reader"])
    def test_is_seen_under_the_lock(self, role: str, chat: Conversation, ben: User) -> None:
        posted = messages.post_message(conversation=chat, content="Hi", author=ben)
        reply = answer(posted.reply)
        Message.objects.filter(id=reply.id).update(status="stopped")
        reply.refresh_from_db()
        if role:
            members.change_role(membership=chat.memberships.get(), role=role)
        else:
            members.remove_member(conversation=chat, user_id=ben.pk)
        before = Message.objects.count()
        for ask in (
            lambda: messages.post_message(conversation=chat, content="x", author=ben),
            lambda: messages.edit_message(message=posted.question, content="x", author=ben),
            lambda: messages.regenerate_reply(message=reply, author=ben),
            lambda: messages.continue_reply(message=reply, author=ben),
        ):
            with pytest.raises(ValidationError, match="no more"):
                ask()
        assert Message.objects.count() == before
        reply.refresh_from_db()
        assert reply.status == "stopped"


def test_replies_say_who_asked(
    chat: Conversation, ben: User, owner_client: Client, bens: Client
) -> None:
    reply = messages.regenerate_reply(message=reply_of(chat), author=ben)
    answer(reply)
    footer = reverse("chats:footer", args=[reply.id])
    said = "asked by <bdi>ben</bdi>"
    assert said in page_of(owner_client, chat)
    assert said in owner_client.get(footer, headers={"HX-Request": "true"}).content.decode()
    assert said not in page_of(bens, chat)
