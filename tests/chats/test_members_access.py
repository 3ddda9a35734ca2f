"""The gate, asked by owner, writer, reader and stranger."""

from collections.abc import Callable

import pytest
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from chats.access import (
    Right,
    attachment_or_404,
    changeable_message_or_404,
    conversation_or_404,
    message_or_404,
    right_of,
)
from chats.models import Attachment, Conversation, Membership
from tests.chats.pages import make_conversation, make_message, question_of, reply_of

Role = Membership.Role
RIGHTS = {"owner": Right.OWN, "writer": Right.WRITE, "reader": Right.READ, "stranger": None}


@pytest.fixture
def shared(owner: User) -> Conversation:
    """A chat of the owner's."""
    return make_conversation(owner)


@pytest.fixture(params=RIGHTS)
def role(request: pytest.FixtureRequest) -> str:
    """What somebody is to it."""
    return str(request.param)


@pytest.fixture
def person(role: str, owner: User, stranger: User, shared: Conversation) -> User:
    """Who that is."""
    if role in Role.values:
        Membership.objects.create(conversation=shared, user=stranger, role=role)
    return owner if role == "owner" else stranger


def may(open_it: Callable[[], object]) -> bool:
    """Whether the gate lets through."""
    try:
        open_it()
    except Http404:
        return False
    return True


@pytest.mark.parametrize("right", Right)
def test_gate_opens_for_the_rights_of_a_role(
    role: str, person: User, shared: Conversation, right: Right
) -> None:
    granted = (RIGHTS[role] or 0) >= right
    message = reply_of(shared)
    assert may(lambda: conversation_or_404(person, shared.id, right)) is granted
    assert may(lambda: message_or_404(person, message.id, right)) is granted
    assert right_of(person, shared) == RIGHTS[role]


def test_who_names_no_right_gets_the_owners(role: str, person: User, shared: Conversation) -> None:
    is_owner = role == "owner"
    assert may(lambda: conversation_or_404(person, shared.id)) is is_owner
    assert may(lambda: message_or_404(person, reply_of(shared).id)) is is_owner
    assert Conversation.objects.for_user(person).exists() is is_owner


def test_a_deleted_chat_is_nobodys(person: User, shared: Conversation) -> None:
    shared.deleted_at = timezone.now()
    shared.save()
    assert right_of(person, shared) is None
    assert not may(lambda: conversation_or_404(person, shared.id, Right.READ))
    assert not may(lambda: message_or_404(person, reply_of(shared).id, Right.READ))


def test_a_temporary_chat_is_its_owners_alone(
    role: str, person: User, shared: Conversation
) -> None:
    shared.is_temporary = True
    shared.save()
    granted = role == "owner"
    assert may(lambda: conversation_or_404(person, shared.id, Right.READ)) is granted
    assert may(lambda: message_or_404(person, reply_of(shared).id, Right.READ)) is granted


def test_nobody_writes_at_the_expense_of_a_locked_owner(
    role: str, person: User, owner: User, shared: Conversation
) -> None:
    owner.is_active = False
    owner.save()
    granted = role == "owner"
    assert may(lambda: conversation_or_404(person, shared.id, Right.WRITE)) is granted
    assert may(lambda: conversation_or_404(person, shared.id, Right.READ)) is (role != "stranger")


def test_writers_change_only_messages_of_their_own(
    role: str, person: User, owner: User, shared: Conversation
) -> None:
    of_owner = question_of(shared)
    own = make_message(shared, reply_of(shared), "user", "Mine", author=person)
    assert may(lambda: changeable_message_or_404(person, of_owner.id)) is (role == "owner")
    assert may(lambda: changeable_message_or_404(person, own.id)) is (role in {"owner", "writer"})


def test_files_are_read_by_those_who_read_their_message(
    role: str, person: User, owner: User, shared: Conversation
) -> None:
    file = Attachment.objects.create(owner=owner, name="a.txt", media_type="text/plain", size=1)
    assert may(lambda: attachment_or_404(person, file.id, Right.READ)) is (role == "owner")
    file.messages.add(question_of(shared))
    assert may(lambda: attachment_or_404(person, file.id, Right.READ)) is (role != "stranger")
    assert may(lambda: attachment_or_404(person, file.id)) is (role == "owner")
