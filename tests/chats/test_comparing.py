"""One message to several models: what is stored, refused, chosen, and left behind."""

from collections.abc import Sequence

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.models import User
from chats import attachments, branches, comparing, conversations, messages
from chats.models import Conversation, Message
from chats.thread import load_thread, load_turn
from providers.types import ModelInfo
from tests.chats.conftest import answer, exchange
from tests.chats.pages import png

Status = Message.Status
TWO = ("demo/demo", "demo/other")
FOUR = ("demo/demo", "demo/b", "demo/c", "demo/d")


def compare(
    conversation: Conversation, models: Sequence[str] = TWO, *, done: bool = True
) -> list[Message]:
    """Replies side by side, complete ones where they are `done`."""
    posted = messages.post_message(conversation=conversation, content="Which?", models=models)
    replies = list(posted.question.children.order_by("comparison_order"))
    if done:
        for reply in replies:
            answer(reply, f"By {reply.model}")
    conversation.refresh_from_db()
    return replies


def columns(conversation: Conversation) -> list[str]:
    """The models that the end of the page shows side by side."""
    conversation.refresh_from_db()
    return [turn.message.model for turn in load_thread(conversation).turns[-1].columns]


# --- Asking -----------------------------------------------------------------------------------


def test_one_question_and_a_reply_by_each(conversation: Conversation) -> None:
    replies = compare(conversation, FOUR, done=False)
    assert [reply.model_name for reply in replies] == list(FOUR)
    assert {reply.status for reply in replies} == {Status.PENDING}
    assert len({reply.comparison for reply in replies}) == 1
    assert conversation.current_leaf_id == replies[0].id
    assert columns(conversation) == ["demo", "b", "c", "d"]
    assert load_thread(conversation).live


def test_a_chat_can_begin_with_a_comparison(owner: User) -> None:
    posted = conversations.start_conversation(user=owner, content="Which?", models=TWO)
    made = posted.question.conversation
    assert made.model_name == TWO[0]
    assert columns(made) == ["demo", "other"]


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (["demo/demo"], "at least two"),
        (["demo/demo", "demo/b", "demo/c", "demo/d", "demo/e"], "Up to 4 models .* 5 were"),
        (["demo/demo", "demo/b", "demo/demo"], "“demo/demo” was chosen twice"),
        (["demo/demo", "nowhere/x"], "“nowhere/x” is not available"),
        (["demo/demo", ""], "is not available"),
        (["demo/demo", "demo/" + "x" * 5000], "is not available"),
    ],
)
def test_what_cannot_be_compared(owner: User, models: list[str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        comparing.checked_models(models, user=owner)


def test_nothing_is_named_and_nothing_compared(owner: User) -> None:
    assert comparing.checked_models([], user=owner) == []


def test_the_same_form_twice_is_one_comparison(conversation: Conversation) -> None:
    key = conversation.id
    first = messages.post_message(conversation=conversation, content="x", models=TWO, key=key)
    again = messages.post_message(conversation=conversation, content="x", models=TWO, key=key)
    assert again == first
    assert first.question.children.count() == 2


def test_images_are_refused_by_the_model_that_takes_none(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def model_info(_source: object, name: str) -> ModelInfo:
        return ModelInfo(id=name, accepts_images=name != "other")

    monkeypatch.setattr("chats.attachments.catalogue.model_info", model_info)
    image = attachments.store_upload(user=conversation.owner, upload=png())
    before = Message.objects.count()
    with pytest.raises(ValidationError, match="other does not take images"):
        messages.post_message(
            conversation=conversation, content="look", attachments=[image], models=TWO
        )
    assert Message.objects.count() == before
    messages.post_message(conversation=conversation, content="look", attachments=[image])


# --- Too many at once -------------------------------------------------------------------------


def test_what_does_not_fit_has_failed_and_can_be_tried_again(
    conversation: Conversation, settings: Settings
) -> None:
    settings.MAX_LIVE_REPLIES = 2
    replies = compare(conversation, FOUR[:3], done=False)
    assert [reply.status for reply in replies] == [Status.PENDING, Status.PENDING, Status.FAILED]
    assert replies[2].error
    assert replies[2].error["message"] == "This model was not asked."
    assert "2 replies of yours are still being written" in replies[2].error["hint"]
    with pytest.raises(ValidationError, match="2 replies of yours"):
        messages.retry_reply(message=replies[2])
    answer(replies[0])
    again = messages.retry_reply(message=replies[2])
    assert (again.id, again.status, again.error) == (replies[2].id, Status.PENDING, None)
    assert columns(conversation) == ["demo", "b", "c"]


def test_nothing_is_stored_when_none_fits(conversation: Conversation, settings: Settings) -> None:
    settings.MAX_LIVE_REPLIES = 1
    conversations.start_conversation(user=conversation.owner, content="x", model="demo/demo")
    before = Message.objects.count()
    with pytest.raises(ValidationError, match="1 reply of yours"):
        compare(conversation)
    assert Message.objects.count() == before


# --- Going on ---------------------------------------------------------------------------------


def test_choosing_makes_versions_of_the_others(conversation: Conversation) -> None:
    first, second = compare(conversation)
    comparing.choose_reply(message=second)
    conversation.refresh_from_db()
    assert conversation.current_leaf_id == second.id
    assert conversation.model_name == "demo/other"
    assert not conversation.messages.filter(comparison__isnull=False).exists()
    turn = load_thread(conversation).turns[-1]
    assert (turn.columns, turn.position, turn.count, turn.previous_id) == ((), 2, 2, first.id)
    comparing.choose_reply(message=first)
    conversation.refresh_from_db()
    assert conversation.current_leaf_id == first.id
    assert conversation.model_name == "demo/other", "the choice was made before"


def test_what_cannot_be_asked_any_more_is_still_gone_on_with(conversation: Conversation) -> None:
    replies = compare(conversation)
    Message.objects.filter(id=replies[1].id).update(provider="gone")
    replies[1].refresh_from_db()
    comparing.choose_reply(message=replies[1])
    conversation.refresh_from_db()
    assert conversation.current_leaf_id == replies[1].id
    assert conversation.model_name == "demo/demo"


def test_choosing_one_lets_the_others_be_written(conversation: Conversation) -> None:
    first, second = compare(conversation, done=False)
    comparing.choose_reply(message=answer(second))
    first.refresh_from_db()
    assert first.status == Status.PENDING


def test_questions_and_deleted_replies_cannot_be_chosen(conversation: Conversation) -> None:
    first, _second = compare(conversation)
    assert first.parent is not None
    with pytest.raises(ValidationError, match="Only replies"):
        comparing.choose_reply(message=first.parent)
    branches.delete_from(message=first)
    with pytest.raises(ValidationError, match="was deleted"):
        comparing.choose_reply(message=first)


def test_a_message_goes_on_with_the_one_shown(conversation: Conversation) -> None:
    first, second = compare(conversation)
    posted = messages.post_message(conversation=conversation, content="And then?")
    assert posted.question.parent_id == first.id
    second.refresh_from_db()
    assert second.comparison is None
    assert [turn.columns for turn in load_thread(posted.reply.conversation).turns] == [()] * 6


def test_a_message_can_answer_another_of_them(conversation: Conversation) -> None:
    _first, second = compare(conversation)
    posted = messages.post_message(
        conversation=conversation, content="And then?", parent_id=second.id
    )
    assert posted.question.parent_id == second.id
    assert not conversation.messages.filter(comparison__isnull=False).exists()


def test_comparisons_one_after_the_other(conversation: Conversation) -> None:
    compare(conversation)
    compare(conversation, FOUR)
    turns = load_thread(conversation).turns
    assert [len(turn.columns) for turn in turns] == [0, 0, 0, 0, 0, 4]


# --- Changing what is side by side ------------------------------------------------------------


def test_editing_the_question_asks_the_same_models(conversation: Conversation) -> None:
    replies = compare(conversation, FOUR[:3])
    assert replies[0].parent is not None
    posted = messages.edit_message(message=replies[0].parent, content="Which, then?")
    assert columns(conversation) == ["demo", "b", "c"]
    assert posted.reply.comparison != replies[0].comparison
    messages.switch_branch(message=replies[0].parent)
    assert columns(conversation) == ["demo", "b", "c"]


def test_editing_after_the_choice_asks_the_chat_s_model(conversation: Conversation) -> None:
    replies = compare(conversation)
    comparing.choose_reply(message=replies[1])
    assert replies[0].parent is not None
    posted = messages.edit_message(message=replies[0].parent, content="Which, then?")
    assert posted.question.children.count() == 1


def test_regenerating_keeps_the_place_and_the_model(conversation: Conversation) -> None:
    replies = compare(conversation, FOUR[:3])
    new = messages.regenerate_reply(message=replies[1])
    assert new.model == "b"
    assert columns(conversation) == ["demo", "b", "c"]
    assert conversation.current_leaf_id == new.id
    replies[1].refresh_from_db()
    assert replies[1].comparison is None
    comparing.choose_reply(message=answer(new))
    assert load_turn(new).count == 4


def test_regenerating_with_another_model_takes_the_place(conversation: Conversation) -> None:
    replies = compare(conversation)
    messages.regenerate_reply(message=replies[0], model="demo/new")
    assert columns(conversation) == ["new", "other"]


def test_regenerating_what_was_chosen_meanwhile_compares_nothing(
    conversation: Conversation,
) -> None:
    first, second = compare(conversation)
    comparing.choose_reply(message=second)
    new = messages.regenerate_reply(message=first)
    assert new.comparison is None


def test_the_model_that_was_asked_first_is_asked_again(conversation: Conversation) -> None:
    first, _second = compare(conversation)
    Message.objects.filter(id=first.id).update(
        model="stand-in", metadata={"fallback": {"from": "demo/demo"}}
    )
    first.refresh_from_db()
    assert messages.regenerate_reply(message=first).model == "demo"


def test_deleting_one_leaves_the_others_side_by_side(conversation: Conversation) -> None:
    replies = compare(conversation, FOUR[:3])
    exchange_before = messages.regenerate_reply(message=replies[0])
    answer(exchange_before)
    branches.delete_from(message=exchange_before)
    assert columns(conversation) == ["b", "c"]
    assert conversation.current_leaf_id == replies[1].id
    branches.delete_from(message=replies[1])
    assert columns(conversation) == []
    assert conversation.current_leaf_id == replies[2].id
    replies[2].refresh_from_db()
    assert replies[2].comparison is None


def test_a_branch_holds_one_of_them_alone(conversation: Conversation) -> None:
    _first, second = compare(conversation)
    branch = branches.branch_off(message=second)
    assert [turn.message.content for turn in load_thread(branch).turns][-1] == "By other"
    assert not branch.messages.filter(comparison__isnull=False).exists()
    assert columns(conversation) == ["demo", "other"]


def test_stopping_all_of_them_and_only_them(conversation: Conversation) -> None:
    elsewhere = conversations.start_conversation(user=conversation.owner, content="x").reply
    replies = compare(conversation, FOUR[:3], done=False)
    answer(replies[1])
    comparing.stop_replies(message=replies[1])
    comparing.stop_replies(message=replies[1])
    for reply in (*replies, elsewhere):
        reply.refresh_from_db()
    assert [reply.status for reply in replies] == [Status.STOPPED, Status.COMPLETE, Status.STOPPED]
    assert elsewhere.status == Status.PENDING
    comparing.stop_replies(message=elsewhere)
    elsewhere.refresh_from_db()
    assert elsewhere.status == Status.STOPPED


def test_one_that_is_left_alone_is_shown_as_any_other(conversation: Conversation) -> None:
    first, second = compare(conversation)
    Message.objects.filter(id=second.id).update(comparison=None)
    turn = load_thread(conversation).turns[-1]
    assert (turn.message.id, turn.columns, turn.count) == (first.id, (), 2)


# --- What a page costs ------------------------------------------------------------------------


def test_queries_do_not_grow_with_the_columns(conversation: Conversation) -> None:
    compare(conversation)
    with CaptureQueriesContext(connection) as two:
        leaves = [turn.leaf_id for turn in load_thread(conversation).turns]
    exchange(conversation, "more")
    compare(conversation, FOUR)
    with CaptureQueriesContext(connection) as four:
        leaves = [turn.leaf_id for turn in load_thread(conversation).turns]
    assert len(four) == len(two) == 4
    assert leaves[-1] == conversation.current_leaf_id
