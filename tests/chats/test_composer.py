"""What the composer is told: how much of the context is used, and whether images are taken."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from chats import attachments, conversations, messages
from chats.models import Attachment, Conversation, Message
from chats.thread import load_thread
from providers.types import ModelInfo
from tests.chats.pages import HTMX, make_conversation, make_message, png, question_of, reply_of

LETTERS = "abcd" * 100


def tokens_on(page: str) -> int | None:
    """What the page's state says."""
    found = re.search(r'id="composer-state"[^>]*data-tokens="(\d+)"', page)
    return int(found[1]) if found else None


def count(reply: Message, tokens: int | None) -> None:
    """As the reply's run would have entered it."""
    reply.metadata = {"context": {"tokens": tokens}} if tokens else {}
    reply.input_tokens = reply.output_tokens = None
    reply.save()


def test_counts_as_the_last_reply_did(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner, turns=40)
    count(reply_of(conversation), 12_345)
    assert tokens_on(owner_client.get(f"/c/{conversation.id}/").text) == 12_345
    footer = owner_client.get(f"/m/{reply_of(conversation).id}/footer/", headers=HTMX).text
    assert tokens_on(footer) == 12_345


def test_adds_what_came_after_it(owner: User) -> None:
    conversation = make_conversation(owner, turns=2)
    count(reply_of(conversation), 1000)
    question = make_message(conversation, reply_of(conversation), "user", LETTERS)
    failed = make_message(conversation, question, "assistant", "", status="failed")
    count(failed, None)
    conversation.current_leaf = failed
    assert load_thread(conversation).tokens == 1000 + 104 + 4


def test_estimates_where_nothing_was_counted(owner: User) -> None:
    conversation = make_conversation(owner)
    conversation.system_prompt = LETTERS
    count(reply_of(conversation), None)
    assert load_thread(conversation).tokens == 104 + (4 + 3) + (4 + 2)


def test_knows_nothing_of_a_part_that_was_not_counted(owner: User, owner_client: Client) -> None:
    """It would have to load all of a long chat."""
    conversation = make_conversation(owner, turns=40)
    Message.objects.update(input_tokens=None, output_tokens=None)
    assert load_thread(conversation).tokens is None
    assert tokens_on(owner_client.get(f"/c/{conversation.id}/").text) is None
    posted = owner_client.post(f"/c/{conversation.id}/messages/", {"content": "x"}, headers=HTMX)
    assert tokens_on(posted.text) is None


def test_a_reply_of_an_older_version_tells_its_tokens(owner: User) -> None:
    assert load_thread(make_conversation(owner, turns=20)).tokens == 8


# --- Images ----------------------------------------------------------------------------------


@pytest.fixture
def takes(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No images."""
    info = ModelInfo(id="demo", name="Plain", accepts_images=False)
    monkeypatch.setattr("chats.attachments.catalogue.model_info", lambda *_a, **_o: info)
    return monkeypatch


def upload(owner: User) -> Attachment:
    return attachments.store_upload(user=owner, upload=png())


def test_images_are_refused_in_words_and_nothing_is_stored(
    owner: User, takes: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValidationError, match="Plain does not take images"):
        conversations.start_conversation(
            user=owner, content="Look", model="demo/demo", attachments=[upload(owner)]
        )
    assert not Conversation.objects.exists()
    conversation = make_conversation(owner)
    with pytest.raises(ValidationError, match="Plain does not take images"):
        messages.post_message(
            conversation=conversation, content="Look", attachments=[upload(owner)]
        )
    question = question_of(conversation)
    question.attachments.add(upload(owner))
    with pytest.raises(ValidationError, match="Plain does not take images"):
        messages.edit_message(message=question, content="Look")
    assert Message.objects.count() == 2
    messages.post_message(conversation=conversation, content="No image")


@pytest.mark.parametrize("accepts", [True, None])
def test_images_are_taken_where_nobody_knows_better(
    accepts: bool | None, owner: User, takes: pytest.MonkeyPatch
) -> None:
    info = ModelInfo(id="demo", accepts_images=accepts)
    takes.setattr("chats.attachments.catalogue.model_info", lambda *_a, **_o: info)
    conversation = make_conversation(owner)
    posted = messages.post_message(
        conversation=conversation, content="Look", attachments=[upload(owner)]
    )
    assert posted.question.attachments.count() == 1


def test_without_script_the_page_says_so(
    owner: User, owner_client: Client, takes: pytest.MonkeyPatch
) -> None:
    conversation = make_conversation(owner)
    answer = owner_client.post(
        f"/c/{conversation.id}/messages/", {"content": "Look", "file": png()}
    )
    assert answer.status_code == 422
    assert "Plain does not take images." in answer.text
    assert ">\nLook</textarea>" in answer.text
