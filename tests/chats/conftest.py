"""Fixtures for chats: a short conversation of the owner's, made by the documented functions."""

from threading import Event

import pytest

from accounts.models import User
from chats import conversations, messages, reading
from chats.importing import worker
from chats.models import Conversation, Message


@pytest.fixture(autouse=True)
def readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runner that a test ends closes them, and the worker of imports, for the whole process."""
    monkeypatch.setattr(reading, "_is_open", Event())
    monkeypatch.setattr(reading, "_is_closing", Event())
    monkeypatch.setattr(worker, "_is_closing", Event())


def answer(reply: Message, text: str = "An answer.") -> Message:
    """Complete a pending reply, as its runner would."""
    Message.objects.filter(id=reply.id).update(status=Message.Status.COMPLETE, content=text)
    reply.refresh_from_db()
    return reply


def exchange(conversation: Conversation, content: str, text: str = "An answer.") -> Message:
    """Post a message and complete its reply; returns the reply."""
    return answer(messages.post_message(conversation=conversation, content=content).reply, text)


@pytest.fixture
def conversation(owner: User) -> Conversation:
    """One question and its complete answer."""
    posted = conversations.start_conversation(user=owner, content="Hello there", model="demo/demo")
    answer(posted.reply)
    return Conversation.objects.get(id=posted.question.conversation_id)
