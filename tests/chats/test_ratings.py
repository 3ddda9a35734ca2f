"""Thumbs up and down under replies, with a note."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from chats.models import Conversation, Message
from tests.chats.pages import HTMX, make_conversation, make_message, question_of, read, reply_of


@pytest.fixture
def conversation(owner: User) -> Conversation:
    """One question and its answer."""
    return make_conversation(owner)


def rate(client: Client, message: Message, **form: str) -> tuple[int, str]:
    """Post a rating as the page does; status and markup of the answer."""
    response = client.post(reverse("chats:rate", args=[message.id]), form, headers=HTMX)
    message.refresh_from_db()
    return response.status_code, read(response).decode()


def test_a_thumb_is_kept_turned_and_taken_away(
    owner_client: Client, conversation: Conversation
) -> None:
    reply = reply_of(conversation)
    for thumb in (Message.Rating.GOOD, Message.Rating.BAD):
        status, html = rate(owner_client, reply, rating=str(thumb.value))
        assert (status, reply.rating) == (200, thumb)
        assert html.count('aria-pressed="true"') == 1
        assert "<details" in html
        assert " open>" in html
    status, html = rate(owner_client, reply, rating="")
    assert (status, reply.rating) == (200, None)
    assert 'aria-pressed="true"' not in html
    assert "rating-note" not in html


def test_a_note_stays_with_its_thumb(owner_client: Client, conversation: Conversation) -> None:
    reply = reply_of(conversation)
    _status, html = rate(owner_client, reply, rating="-1", note=" Wrong <b>date</b>\r\nin it ")
    assert reply.rating_note == "Wrong <b>date</b>\nin it"
    assert "Wrong &lt;b&gt;date&lt;/b&gt;" in html
    assert " open>" not in html
    rate(owner_client, reply, rating="1")
    assert reply.rating_note == "Wrong <b>date</b>\nin it"
    rate(owner_client, reply, rating="")
    assert reply.rating_note == ""


@pytest.mark.parametrize("rating", ["2", "-2", "0", "good", "1.0", "9" * 5000, "٣٣"])
def test_an_unknown_rating_is_refused(
    owner_client: Client, conversation: Conversation, rating: str
) -> None:
    reply = reply_of(conversation)
    status, html = rate(owner_client, reply, rating=rating)
    assert (status, reply.rating) == (422, None)
    assert "good or bad" in html


def test_too_long_a_note_is_refused(owner_client: Client, conversation: Conversation) -> None:
    reply = reply_of(conversation)
    status, html = rate(owner_client, reply, rating="1", note="x" * 1001)
    assert (status, reply.rating, reply.rating_note) == (422, None, "")
    assert "at most 1000 characters" in html
    rate(owner_client, reply, rating="1", note="x" * 1000)
    assert len(reply.rating_note) == 1000


def test_only_ended_replies_are_rated(owner_client: Client, conversation: Conversation) -> None:
    live = make_message(
        conversation, question_of(conversation), "assistant", "…", status="streaming"
    )
    for message in (question_of(conversation), live):
        status, _html = rate(owner_client, message, rating="1")
        assert (status, message.rating) == (422, None)


def test_without_script_the_page_comes_back(
    owner_client: Client, conversation: Conversation
) -> None:
    reply = reply_of(conversation)
    response = owner_client.post(reverse("chats:rate", args=[reply.id]), {"rating": "1"})
    assert response.status_code == 303
    page = read(owner_client.get(response["Location"])).decode()
    assert 'aria-pressed="true"' in page
    assert "Add a note" in page
