"""What members find of a chat, and what its owner keeps of it to themselves."""

import pytest
from django.utils import timezone

from accounts.models import User
from chats.indexing import index_conversations
from chats.models import Conversation, Membership
from chats.search import filters as search_filters
from chats.search import search
from tests.chats.pages import make_conversation
from tests.conftest import make_user


@pytest.fixture
def chat(owner: User) -> Conversation:
    """A chat of the owner's."""
    return make_conversation(owner, title="Plans")


@pytest.fixture
def ben(chat: Conversation) -> User:
    """A reader of it."""
    person = make_user("ben")
    Membership.objects.create(conversation=chat, user=person, role="reader")
    return person


def test_search_does_not_tell(chat: Conversation, owner: User, ben: User) -> None:
    Conversation.objects.filter(id=chat.id).update(archived_at=timezone.now(), is_pinned=True)
    index_conversations([chat.id])
    for text in ("is:archived", "is:pinned"):
        assert search(user=owner, text=text).count == 1
        assert search(user=ben, text=text).count == 0
        assert search(user=ben, text=f"Plans -{text}").count == 1


def test_search_says_where_it_did_not_look(
    chat: Conversation, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_conversations([chat.id])
    assert search(user=ben, text="Plans").notes == []
    Membership.objects.create(conversation=make_conversation(chat.owner), user=ben, role="reader")
    monkeypatch.setattr(search_filters, "MOST_PLACES", 1)
    (note,) = search(user=ben, text="Plans").notes
    assert note.startswith("Of chats of others, the last 1 ")
