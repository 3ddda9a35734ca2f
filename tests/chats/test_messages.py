"""The message tree: posting, branches, retrying, continuing, stopping."""

import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings

from accounts.models import User
from chats import conversations, messages
from chats.models import Conversation, Message
from chats.thread import load_thread
from tests.chats.conftest import answer, exchange

Status = Message.Status


def path(conversation: Conversation) -> list[str]:
    """Texts on the page, oldest first."""
    conversation.refresh_from_db()
    return [turn.message.content for turn in load_thread(conversation).turns]


def test_start_stores_question_and_pending_reply(owner: User) -> None:
    posted = conversations.start_conversation(user=owner, content=" Why is\r\nthe sky blue? ")
    conversation = posted.question.conversation
    assert conversation.title == "Why is the sky blue?"
    assert posted.question.content == " Why is\nthe sky blue? "
    assert posted.reply.status == Status.PENDING
    assert posted.reply.parent_id == posted.question.id
    assert conversation.current_leaf_id == posted.reply.id


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "\x00"])
def test_empty_text_stores_nothing(owner: User, text: str) -> None:
    with pytest.raises(ValidationError, match="Write something"):
        conversations.start_conversation(user=owner, content=text)
    assert not Conversation.objects.exists()


def test_a_megabyte_is_refused_with_the_limit(conversation: Conversation) -> None:
    with pytest.raises(ValidationError, match="1000000 characters; up to"):
        messages.post_message(conversation=conversation, content="x" * 1_000_000)
    assert conversation.messages.count() == 2


@pytest.mark.parametrize("model", ["nobody/gpt", "demo", "/", "demo/", "../x/y"])
def test_unknown_model_stores_nothing(owner: User, model: str) -> None:
    with pytest.raises(ValidationError, match="not available"):
        conversations.start_conversation(user=owner, content="Hi", model=model)
    assert not Conversation.objects.exists()


def test_nul_and_lone_surrogates_are_stored_harmlessly(conversation: Conversation) -> None:
    posted = messages.post_message(conversation=conversation, content="a\x00b\ud800c")
    posted.question.refresh_from_db()
    assert posted.question.content == "ab\ufffdc"


def test_answering_a_live_reply_is_refused(conversation: Conversation) -> None:
    messages.post_message(conversation=conversation, content="one")
    with pytest.raises(ValidationError, match="still being written"):
        messages.post_message(conversation=conversation, content="two")


def test_two_pages_answering_one_message_make_two_branches(conversation: Conversation) -> None:
    leaf = conversation.current_leaf_id
    first = messages.post_message(conversation=conversation, content="one", parent_id=leaf)
    second = messages.post_message(conversation=conversation, content="two", parent_id=leaf)
    assert first.question.parent_id == second.question.parent_id == leaf
    assert path(conversation) == ["Hello there", "An answer.", "two", ""]


def test_parent_in_another_conversation_is_refused(owner: User, conversation: Conversation) -> None:
    other = conversations.start_conversation(user=owner, content="Other", model="demo/demo")
    with pytest.raises(ValidationError, match="not in this chat"):
        messages.post_message(
            conversation=conversation, content="x", parent_id=answer(other.reply).id
        )


def test_edit_makes_a_branch_and_switching_shows_either(conversation: Conversation) -> None:
    exchange(conversation, "second", "answer two")
    conversation.refresh_from_db()
    first = load_thread(conversation).turns[0].message
    edited = messages.edit_message(message=first, content="Hello again")
    answer(edited.reply, "new answer")
    assert path(conversation) == ["Hello again", "new answer"]
    turn = load_thread(conversation).turns[0]
    assert (turn.position, turn.count, turn.previous_id) == (2, 2, first.id)
    messages.switch_branch(message=first)
    assert path(conversation) == ["Hello there", "An answer.", "second", "answer two"]


def test_regenerate_keeps_both_answers(conversation: Conversation) -> None:
    old = load_thread(conversation).turns[1].message
    new = messages.regenerate_reply(message=old, model="demo/demo")
    assert new.parent_id == old.parent_id
    assert load_thread(conversation).turns[1].count == 2


def test_retry_of_an_empty_failure_happens_in_place(conversation: Conversation) -> None:
    reply = messages.post_message(conversation=conversation, content="x").reply
    Message.objects.filter(id=reply.id).update(status=Status.FAILED, error={"kind": "network"})
    reply.refresh_from_db()
    assert messages.retry_reply(message=reply).id == reply.id
    reply.refresh_from_db()
    assert (reply.status, reply.error) == (Status.PENDING, None)


def test_retry_of_a_failure_in_the_middle_hides_nothing(conversation: Conversation) -> None:
    reply = messages.post_message(conversation=conversation, content="x").reply
    Message.objects.filter(id=reply.id).update(status=Status.FAILED)
    later = exchange(conversation, "never mind")
    reply.refresh_from_db()
    again = messages.retry_reply(message=reply)
    assert again.id != reply.id
    turns = load_thread(Conversation.objects.get(id=conversation.id)).turns
    assert (turns[-1].message.id, turns[-1].previous_id) == (again.id, reply.id)
    messages.switch_branch(message=reply)
    assert Conversation.objects.get(id=conversation.id).current_leaf_id == later.id


def test_retry_with_text_loses_nothing(conversation: Conversation) -> None:
    reply = exchange(conversation, "x", "half an ans")
    Message.objects.filter(id=reply.id).update(status=Status.INTERRUPTED)
    reply.refresh_from_db()
    assert messages.retry_reply(message=reply).id != reply.id
    reply.refresh_from_db()
    assert reply.content == "half an ans"


def test_continue_reopens_the_same_message(conversation: Conversation) -> None:
    reply = exchange(conversation, "x", "half an ans")
    Message.objects.filter(id=reply.id).update(status=Status.INTERRUPTED, runner="dead")
    reply.refresh_from_db()
    again = messages.continue_reply(message=reply)
    assert (again.id, again.status, again.content) == (reply.id, Status.PENDING, "half an ans")
    with pytest.raises(ValidationError, match="already being written"):
        messages.continue_reply(message=reply)


def test_one_account_may_not_have_everything_written_at_once(
    owner: User, stranger: User, settings: Settings
) -> None:
    settings.MAX_LIVE_REPLIES = 2
    for _number in range(2):
        conversations.start_conversation(user=owner, content="x", model="demo/demo")
    with pytest.raises(ValidationError, match="2 replies of yours"):
        conversations.start_conversation(user=owner, content="x", model="demo/demo")
    assert Conversation.objects.count() == 2
    conversations.start_conversation(user=stranger, content="x", model="demo/demo")


def test_stop_before_anyone_claimed_it(conversation: Conversation) -> None:
    reply = messages.post_message(conversation=conversation, content="x").reply
    messages.stop_reply(message=reply)
    messages.stop_reply(message=reply)
    reply.refresh_from_db()
    assert reply.status == Status.STOPPED


def test_stop_of_a_claimed_reply_asks_its_runner(conversation: Conversation) -> None:
    reply = messages.post_message(conversation=conversation, content="x").reply
    Message.objects.filter(id=reply.id).update(status=Status.STREAMING, runner="somewhere")
    messages.stop_reply(message=reply)
    reply.refresh_from_db()
    assert (reply.status, reply.stop_requested) == (Status.STREAMING, True)
