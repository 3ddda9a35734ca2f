"""What stays and what goes when a chat is deleted, or the account of somebody who took part."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts import notifications
from accounts.models import Notification, User
from chats import bulk, conversations, members, messages, sharing, unread
from chats.models import Conversation, Membership
from tests.chats.conftest import answer
from tests.chats.pages import make_conversation
from tests.conftest import make_user


@pytest.fixture
def chat(owner: User) -> Conversation:
    """A chat of the owner's."""
    return make_conversation(owner, title="Secret plans")


@pytest.fixture
def ben() -> User:
    """Somebody else."""
    return make_user("ben")


@pytest.mark.parametrize("how", ["one", "many", "for good"])
def test_deleting_a_chat_takes_back_what_people_were_told(
    how: str, chat: Conversation, owner: User, ben: User
) -> None:
    amy = make_user("amy")
    members.add_member(conversation=chat, who="ben", role="reader", by=owner)
    sharing.create_link(owner=owner, conversation=chat, audience="people", people=[amy])
    other = make_conversation(owner, title="Another")
    members.add_member(conversation=other, who="ben", role="reader", by=owner)
    if how == "one":
        conversations.delete_conversation(conversation=chat)
    elif how == "many":
        chats = Conversation.objects.for_user(owner).filter(id=chat.id)
        bulk.delete_chats(user=owner, chats=chats)
    else:
        conversations.delete_conversation(conversation=chat)
        # A reply that ended at the same moment.
        path = reverse("chats:conversation", args=[chat.id])
        notifications.notify_shared(user_id=ben.pk, title=str(chat), path=path)
        conversations.purge_deleted(older_than=timedelta(0))
    assert not Notification.objects.filter(user=amy).exists()
    (left,) = notifications.list_notifications(user=ben).entries
    assert "Another" in left.sentence.text


def test_who_asked_for_more_is_who_members_are_told_of(
    chat: Conversation, owner: User, ben: User
) -> None:
    Membership.objects.create(conversation=chat, user=ben, role="writer")
    amy = make_user("amy")
    Membership.objects.create(conversation=chat, user=amy, role="reader")
    reply = messages.post_message(conversation=chat, content="Hi").reply
    type(reply).objects.filter(id=reply.id).update(status="stopped", content="Half")
    reply.refresh_from_db()
    messages.continue_reply(message=reply, author=ben)
    unread.mark_unread(answer(reply).id)
    (told,) = notifications.list_notifications(user=amy).entries
    assert told.sentence.text.startswith("ben answered in")
