"""What a snapshot holds of a conversation, and what it does not."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chats import snapshots
from chats.models import Attachment, Conversation, Message
from chats.snapshots import Turn, take_snapshot
from tests.chats.pages import make_conversation, make_message, question_of, reply_of

SECRETS = {
    "system prompt": "secret-system-prompt",
    "error": "secret-error",
    "hidden branch": "secret-branch",
    "later turn": "secret-later",
    "reasoning": "secret-reasoning",
    "tool": "secret-tool",
    "fallback": "secret-fallback",
    "note": "secret-note",
    "system message": "secret-system-message",
    "connection": "my-secret-connection",
}


@pytest.fixture
def conversation(owner: User) -> Conversation:
    """A chat with something in every place that is nobody else's business."""
    made = make_conversation(owner, title="Shared")
    made.system_prompt = SECRETS["system prompt"]
    reply = reply_of(made)
    Message.objects.filter(id=reply.id).update(
        reasoning=SECRETS["reasoning"],
        reasoning_ms=1500,
        error={"detail": SECRETS["error"]},
        metadata={"fallback": {"detail": SECRETS["fallback"]}},
        rating_note=SECRETS["note"],
        provider=SECRETS["connection"],
        model="vendor/model-1",
        cost_micros=987654321,
        input_tokens=424242,
        parts=[
            {"type": "source", "url": "https://example.org/a", "title": "A source"},
            {"type": "tool_call", "id": "1", "name": SECRETS["tool"], "arguments": "{}"},
        ],
    )
    make_message(made, question_of(made), "assistant", SECRETS["hidden branch"])
    question = make_message(made, reply, "user", "More")
    made.current_leaf = make_message(made, question, "assistant", SECRETS["later turn"])
    made.save()
    return made


def turns(
    conversation: Conversation, last: Message | None = None, *, with_reasoning: bool = False
) -> list[Turn]:
    """All of a snapshot."""
    pages = take_snapshot(conversation, last_message=last, with_reasoning=with_reasoning)
    return [turn for page in pages for turn in page]


def first_reply(conversation: Conversation) -> Message:
    """The one with the secrets in it."""
    return conversation.messages.get(content="Answer 0")


def test_it_ends_with_the_message_and_knows_nothing_else(
    conversation: Conversation, owner: User
) -> None:
    found = turns(conversation, first_reply(conversation))
    assert [(turn["role"], turn["content"]) for turn in found] == [
        ("user", "Question 0"),
        ("assistant", "Answer 0"),
    ]
    text = json.dumps(found)
    for what, secret in SECRETS.items():
        assert secret not in text, what
    for private in (owner.email, owner.username, str(owner.id), "987654321", "424242"):
        assert private not in text
    assert found[1]["model"] == "vendor/model-1"
    assert "provider" not in found[1]
    assert [source["url"] for source in found[1]["sources"]] == ["https://example.org/a"]


def test_no_field_is_there_that_was_not_thought_of(conversation: Conversation) -> None:
    for turn in turns(conversation, with_reasoning=True):
        assert turn.keys() <= Turn.__annotations__.keys()


def test_all_of_it_is_the_path_that_the_conversation_shows(conversation: Conversation) -> None:
    shown = [turn["content"] for turn in turns(conversation)]
    assert shown == ["Question 0", "Answer 0", "More", SECRETS["later turn"]]


def test_reasoning_comes_only_when_it_is_asked_for(conversation: Conversation) -> None:
    assert "reasoning" not in turns(conversation)[1]
    reply = turns(conversation, with_reasoning=True)[1]
    assert (reply["reasoning"], reply["reasoning_ms"]) == (SECRETS["reasoning"], 1500)


def test_a_system_message_on_the_path_is_left_out(owner: User) -> None:
    conversation = make_conversation(owner, turns=0)
    root = make_message(conversation, None, "system", SECRETS["system message"])
    conversation.current_leaf = make_message(conversation, root, "user", "Hello")
    conversation.save()
    assert [turn["content"] for turn in turns(conversation)] == ["Hello"]


@pytest.mark.parametrize("status", Message.LIVE)
def test_a_live_reply_is_left_out(owner: User, status: str) -> None:
    conversation = make_conversation(owner)
    reply = reply_of(conversation)
    Message.objects.filter(id=reply.id).update(status=status)
    assert [turn["role"] for turn in turns(conversation)] == ["user"]
    assert [turn["role"] for turn in turns(conversation, reply)] == ["user"]


def test_a_message_of_another_conversation_gives_nothing(owner: User, stranger: User) -> None:
    theirs = make_conversation(stranger)
    assert turns(make_conversation(owner), reply_of(theirs)) == []


def test_files_have_names_and_kinds(owner: User) -> None:
    conversation = make_conversation(owner)
    file = Attachment.objects.create(
        owner=owner, name="plan.pdf", media_type="application/pdf", size=7, file="x/hidden-path.pdf"
    )
    file.messages.add(question_of(conversation))
    (found,) = turns(conversation)[0]["files"]
    assert found == {
        "id": str(file.id), "name": "plan.pdf", "media_type": "application/pdf", "size": 7
    }  # fmt: skip


def test_pages_are_bounded_by_turns_and_by_length(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "PAGE_TURNS", 3)
    conversation = make_conversation(owner, turns=4)
    assert [len(page) for page in take_snapshot(conversation)] == [3, 3, 2]
    monkeypatch.setattr(snapshots, "PAGE_LENGTH", 5)
    assert [len(page) for page in take_snapshot(conversation)] == [1] * 8


def test_queries_grow_with_batches_not_with_messages(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    small, large = make_conversation(owner), make_conversation(owner, turns=12)
    for conversation in (small, large):
        with django_assert_num_queries(3):
            list(take_snapshot(conversation))


def test_the_digest_tells_one_snapshot_from_another(conversation: Conversation) -> None:
    before = snapshots.digest_of(take_snapshot(conversation))
    assert snapshots.digest_of(take_snapshot(conversation)) == before
    Message.objects.filter(content="More").update(
        created_at=timezone.now() - timedelta(days=1), content="Less"
    )
    assert snapshots.digest_of(take_snapshot(conversation)) != before


def test_plain_values_only(conversation: Conversation) -> None:
    pages = list(take_snapshot(conversation, with_reasoning=True))
    assert json.loads(json.dumps(pages)) == pages
