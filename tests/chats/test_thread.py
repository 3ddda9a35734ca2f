"""What a page loads of a conversation, and what that costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chats.models import Conversation, Message
from chats.thread import load_thread
from tests.chats.conftest import exchange


def lengthen(conversation: Conversation, count: int) -> None:
    """Append `count` messages to the path, quickly."""
    parent = conversation.current_leaf_id
    rows = []
    for number in range(count):
        role = Message.Role.ASSISTANT if number % 2 else Message.Role.USER
        message = Message(
            conversation=conversation, parent_id=parent, role=role, content=f"m{number}"
        )
        parent = message.id
        rows.append(message)
    Message.objects.bulk_create(rows)
    conversation.current_leaf_id = parent
    conversation.save(update_fields=["current_leaf"])


def test_newest_part_first_then_older_ones_without_gap(conversation: Conversation) -> None:
    lengthen(conversation, 100)
    thread = load_thread(conversation)
    seen = [turn.message.content for turn in thread.turns]
    while thread.older_before:
        thread = load_thread(conversation, before=thread.older_before)
        seen = [turn.message.content for turn in thread.turns] + seen
    assert seen == ["Hello there", "An answer."] + [f"m{n}" for n in range(100)]


def test_queries_do_not_grow_with_the_conversation(conversation: Conversation) -> None:
    exchange(conversation, "one more")
    conversation.refresh_from_db()
    with CaptureQueriesContext(connection) as short:
        load_thread(conversation)
    lengthen(conversation, 1_000)
    with CaptureQueriesContext(connection) as long:
        load_thread(conversation)
    assert len(long) == len(short) <= 4


def test_before_a_message_of_another_conversation_shows_nothing(
    conversation: Conversation,
) -> None:
    other = Conversation.objects.create(owner=conversation.owner, title="Other")
    leaf = conversation.current_leaf_id
    assert leaf is not None
    assert load_thread(other, before=leaf).turns == []


def test_empty_conversation(owner: User) -> None:
    conversation = Conversation.objects.create(owner=owner, title="Empty")
    assert load_thread(conversation).turns == []


@pytest.mark.parametrize("count", [33_000])
def test_a_whole_path_may_be_longer_than_a_query_has_parameters(
    conversation: Conversation, count: int
) -> None:
    lengthen(conversation, count)
    leaf = conversation.current_leaf_id
    assert leaf is not None
    assert len(Message.objects.path_to(leaf)) == count + 2
