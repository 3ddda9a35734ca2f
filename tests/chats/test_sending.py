"""A form that comes again is taken once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chats import conversations, messages
from chats.models import Conversation, Message, Sending
from chats.sending import prune_sendings, send_once
from tests.chats.conftest import answer
from tests.chats.pages import HTMX, make_conversation, reply_of
from tests.markup import parse


def articles(html: str) -> list[str]:
    """Ids of the messages in an answer."""
    return [a.attributes["id"] for a in parse(html).by_tag("article")]


def test_first_message_sent_again(owner: User) -> None:
    key = uuid4()
    first = conversations.start_conversation(user=owner, content="Hello", key=key)
    again = conversations.start_conversation(user=owner, content="Hello", key=key)
    assert again == first
    assert Conversation.objects.count() == 1


def test_next_message_sent_again(conversation: Conversation) -> None:
    """Also when its reply is still being written, and when it has ended."""
    key = uuid4()
    first = messages.post_message(conversation=conversation, content="More", key=key)
    assert messages.post_message(conversation=conversation, content="More", key=key) == first
    answer(first.reply)
    assert messages.post_message(conversation=conversation, content="More", key=key) == first
    assert conversation.messages.count() == 4


def test_other_words_are_another_message(conversation: Conversation) -> None:
    """A page that the browser restored may hold the key of a message that was sent."""
    key = uuid4()
    first = messages.post_message(conversation=conversation, content="More", key=key)
    answer(first.reply)
    other = messages.post_message(conversation=conversation, content="Still more", key=key)
    assert other.question.id != first.question.id
    started = conversations.start_conversation(
        user=conversation.owner, content="More", model="demo/demo", key=key
    )
    assert started.question.conversation_id != conversation.id


def test_other_words_sent_again(conversation: Conversation) -> None:
    """The key stands for the newer words from then on."""
    key = uuid4()
    first = messages.post_message(conversation=conversation, content="More", key=key)
    answer(first.reply)
    other = messages.post_message(conversation=conversation, content="Still more", key=key)
    answer(other.reply)
    again = messages.post_message(conversation=conversation, content="Still more", key=key)
    assert again.question == other.question
    assert conversation.messages.filter(content="Still more").count() == 1


def test_sent_again_after_its_chat_was_deleted(conversation: Conversation) -> None:
    """The key may be one of a chat that can still be brought back."""
    key, owner = uuid4(), conversation.owner
    first = conversations.start_conversation(user=owner, content="Hello", key=key)
    conversations.delete_conversation(conversation=first.question.conversation)
    other = conversations.start_conversation(user=owner, content="Hello", key=key)
    assert other.question != first.question
    assert conversations.start_conversation(user=owner, content="Hello", key=key) == other


def test_other_words_of_two_at_once(conversation: Conversation) -> None:
    """Both saw the older message; what the first made is what the second is given."""
    key = uuid4()
    first = messages.post_message(conversation=conversation, content="More", key=key).question
    other = Message.objects.create(conversation=conversation, role="user", content="Other")

    def make() -> tuple[Message, Message]:
        Sending.objects.filter(key=key).update(message=other)
        lost = Message.objects.create(conversation=conversation, role="user", content="Lost")
        return lost, lost

    def restore(message: Message) -> Message | None:
        return message if message.content == "Other" else None

    with pytest.raises(IntegrityError, match="meanwhile"):
        send_once(owner_id=conversation.owner_id, key=key, make=make, restore=restore)
    assert Sending.objects.get().message == first
    assert not conversation.messages.filter(content="Lost").exists()


def test_edit_and_regenerate_sent_again(conversation: Conversation) -> None:
    question = conversation.messages.get(parent=None)
    key = uuid4()
    edited = messages.edit_message(message=question, content="Hi", key=key)
    assert messages.edit_message(message=question, content="Hi", key=key) == edited
    reply = answer(edited.reply)
    key = uuid4()
    other = messages.regenerate_reply(message=reply, key=key)
    assert messages.regenerate_reply(message=reply, key=key) == other
    assert conversation.messages.count() == 5


def test_equal_keys_of_two_people(owner: User, stranger: User) -> None:
    key = uuid4()
    mine = conversations.start_conversation(user=owner, content="Hello", key=key)
    theirs = conversations.start_conversation(user=stranger, content="Hello", key=key)
    assert mine.question.id != theirs.question.id


def test_what_was_refused_is_not_remembered(conversation: Conversation) -> None:
    key = uuid4()
    live = messages.post_message(conversation=conversation, content="One")
    with pytest.raises(ValidationError, match="still being written"):
        messages.post_message(conversation=conversation, content="Two", key=key)
    answer(live.reply)
    assert messages.post_message(conversation=conversation, content="Two", key=key)


def test_sent_again_after_its_reply_was_deleted(conversation: Conversation) -> None:
    key = uuid4()
    posted = messages.post_message(conversation=conversation, content="More", key=key)
    Conversation.objects.update(current_leaf=posted.question)
    posted.reply.delete()
    with pytest.raises(ValidationError, match="was deleted"):
        messages.post_message(conversation=conversation, content="More", key=key)


def test_the_other_request_wins(owner: User, conversation: Conversation) -> None:
    """Between the look and the write of one request the same form was taken by another."""
    key = uuid4()
    winner = messages.post_message(conversation=conversation, content="More")

    def make() -> tuple[Message, str]:
        Sending.objects.create(owner=owner, key=key, message=winner.question)
        Message.objects.create(conversation=conversation, role="user", content="Lost")
        return winner.question, "made"

    restored = send_once(
        owner_id=owner.id, key=uuid4(), make=lambda: (winner.question, "x"), restore=lambda _m: None
    )
    assert restored == "x"
    with pytest.raises(Exception, match=r"(?i)unique"):
        send_once(owner_id=owner.id, key=key, make=make, restore=lambda _message: None)
    assert not conversation.messages.filter(content="Lost").exists()


def test_keys_are_kept_for_a_day(conversation: Conversation) -> None:
    messages.post_message(conversation=conversation, content="More", key=uuid4())
    assert prune_sendings() == 0
    Sending.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert prune_sendings() == 1
    assert conversation.messages.count() == 4


def test_costs_two_queries(
    conversation: Conversation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with CaptureQueriesContext(connection) as without:
        first = messages.post_message(conversation=conversation, content="More")
    answer(first.reply)
    with django_assert_num_queries(len(without) + 2):
        messages.post_message(conversation=conversation, content="More", key=uuid4())


@pytest.mark.parametrize("key", ["", "x", "0" * 400, "\x00", "None"])
def test_what_is_no_key_is_none(owner_client: Client, owner: User, key: str) -> None:
    chat = make_conversation(owner)
    address = f"/c/{chat.id}/messages/"
    for count in (1, 2):
        sent = owner_client.post(address, {"content": "More", "key": key}, headers=HTMX)
        assert sent.status_code == 200
        assert chat.messages.filter(content="More").count() == count
        chat.refresh_from_db()
        answer(reply_of(chat))
    assert not Sending.objects.exists()


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["script", "plain"])
def test_page_gets_the_same_answer_again(
    owner_client: Client, owner: User, headers: dict[str, str]
) -> None:
    def post(path: str, **fields: Any) -> tuple[int, list[str], str]:
        sent = owner_client.post(path, {"key": str(key), **fields}, headers=headers)
        where = sent.headers.get("Location") or sent.headers.get("HX-Push-Url", "")
        return sent.status_code, articles(sent.content.decode()), where

    key = uuid4()
    first = post("/c/", content="Hello", model="demo/demo")
    assert post("/c/", content="Hello", model="demo/demo") == first
    chat = Conversation.objects.get()
    reply = answer(reply_of(chat))
    key = uuid4()
    path = f"/c/{chat.id}/messages/"
    first = post(path, content="More", parent=reply.id)
    assert post(path, content="More", parent=reply.id) == first
    assert chat.messages.count() == 4
    chat.refresh_from_db()
    reply = answer(reply_of(chat))
    for verb, fields in {"regenerate": {}, "edit": {"content": "Else"}}.items():
        key = uuid4()
        target = reply.id if verb == "regenerate" else reply.parent_id
        first = post(f"/m/{target}/{verb}/", **fields)
        count = chat.messages.count()
        assert post(f"/m/{target}/{verb}/", **fields) == first
        assert chat.messages.count() == count


def test_every_form_has_a_key_of_its_own(owner_client: Client, owner: User) -> None:
    chat = make_conversation(owner, turns=2)
    keys = []
    for _visit in range(2):
        page = parse(owner_client.get(f"/c/{chat.id}/").content.decode())
        keys += [
            e.attributes["value"] for e in page.all(lambda e: e.attributes.get("name") == "key")
        ]
    assert len(keys) == len(set(keys)) == 6
