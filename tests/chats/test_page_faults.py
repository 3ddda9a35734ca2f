"""What goes wrong with one thing takes nothing else along."""

import logging

import pytest
from django.test import Client

from accounts.models import User
from chats import rendering
from chats.models import Conversation
from tests.chats.pages import HTMX, make_conversation, make_message
from tests.markup import parse


def unsent(html: str) -> str:
    """What is given back to be copied."""
    (area,) = parse(html).by_tag("textarea")
    return area.text.strip()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "part"])
def test_text_that_cannot_be_rendered(
    owner: User,
    owner_client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
) -> None:
    """It is shown as it is, and said so; the others are as ever. The log holds none of it."""
    chat = make_conversation(owner, turns=1)
    make_message(chat, chat.current_leaf, "user", "And?")
    chat.current_leaf = make_message(chat, chat.current_leaf, "assistant", "<b>Bad</b> **one**")
    chat.save()

    def render(text: str) -> str:
        if "Bad" in text:
            raise RecursionError("too deep")
        return rendering.render(text)

    monkeypatch.setattr("chats.templatetags.chat_tags.render", render)
    address = f"/m/{chat.current_leaf.id}/" if headers else f"/c/{chat.id}/"
    with caplog.at_level(logging.ERROR):
        answer = owner_client.get(address, headers=headers)
    assert answer.status_code == 200
    bodies = parse(answer.content.decode()).by_class("message-body")
    assert "&lt;b&gt;Bad&lt;/b&gt; **one**" in bodies[-1].inner
    assert "could not be formatted" in bodies[-1].text
    if not headers:
        assert "<p>Answer 0</p>" in bodies[1].inner
    assert [r.getMessage() for r in caplog.records] == [
        "A text of 18 characters could not be rendered"
    ]


def test_form_after_the_session_ended(owner: User, owner_client: Client) -> None:
    """Without script: the text comes back, with the way to sign in and to the same chat."""
    chat = make_conversation(owner)
    owner_client.logout()
    answer = owner_client.post(f"/c/{chat.id}/messages/", {"content": "Dear <diary>"})
    page = parse(answer.content.decode())
    assert answer.status_code == 401
    assert "no-store" in answer["Cache-Control"]
    assert unsent(answer.content.decode()) == "Dear <diary>"
    (link,) = [a for a in page.by_tag("a") if "login" in a.attributes["href"]]
    assert link.attributes["href"] == f"/accounts/login/?next=%2Fc%2F{chat.id}%2F"
    assert chat.messages.count() == 2
    first = owner_client.post("/c/", {"content": "Hello"}).content.decode()
    assert unsent(first) == "Hello"


def test_form_with_a_token_of_before(owner: User) -> None:
    """The same for a page that was opened before somebody signed in again."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    answer = client.post("/c/", {"content": "Dear diary", "csrfmiddlewaretoken": "x" * 64})
    assert answer.status_code == 403
    assert unsent(answer.content.decode()) == "Dear diary"
    assert not Conversation.objects.exists()
