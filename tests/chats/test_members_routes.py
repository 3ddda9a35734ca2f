"""Every address of a chat and of its messages, by what somebody is to the chat.

Generated from the URL configuration: what is not named here is the owner's alone.
"""

from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from chats import members
from chats.access import Right
from chats.models import Attachment, Conversation, Membership, Message
from chats.urls import urlpatterns
from tests.chats.pages import HTMX, make_conversation, make_message, question_of, read, reply_of

RIGHTS = {
    "owner": Right.OWN,
    "writer": Right.WRITE,
    "reader": Right.READ,
    "stranger": 0,
    "removed": 0,
}
READ, WRITE = Right.READ, Right.WRITE
MEMBERS_MAY = {
    ("conversation", "get"): READ,
    ("messages", "get"): READ,
    ("messages", "post"): WRITE,
    ("seen", "post"): READ,
    ("people", "get"): READ,
    ("message", "get"): READ,
    ("footer", "get"): READ,
    ("raw", "get"): READ,
    ("more", "get"): READ,
    ("branch", "post"): READ,
    ("stop", "post"): WRITE,
    ("stop_all", "post"): WRITE,
    ("choose", "post"): WRITE,
    ("retry", "post"): WRITE,
    ("regenerate", "post"): WRITE,
    ("continue", "post"): WRITE,
    ("switch", "post"): WRITE,
}
MEMBERS_ALONE = {"leave"}
ROUTES = [
    str(route.name)
    for route in urlpatterns
    if {"conversation_id", "message_id"} & route.pattern.converters.keys()
]
BODY = {"content": "x", "title": "x", "who": "nobody", "role": "writer", "model": "demo/demo"}


@pytest.fixture
def chat(owner: User) -> Conversation:
    """A chat of the owner's."""
    return make_conversation(owner)


def become(role: str, person: User, chat: Conversation) -> None:
    """Make somebody what `role` says."""
    if role in {"reader", "writer", "removed"}:
        kind = "writer" if role == "removed" else role
        Membership.objects.create(conversation=chat, user=person, role=kind)
    if role == "removed":
        assert members.remove_member(conversation=chat, user_id=person.pk)


def address(name: str, chat: Conversation, message: Message | None = None) -> str:
    """Of a route, with ids of the chat's; others are of nothing."""
    route = next(route for route in urlpatterns if route.name == name)
    ids = dict.fromkeys(route.pattern.converters, uuid4())
    own = {"conversation_id": chat.id, "message_id": (message or reply_of(chat)).id}
    return reverse(f"chats:{name}", kwargs={key: own.get(key, ids[key]) for key in ids})


@pytest.mark.parametrize("role", RIGHTS)
@pytest.mark.parametrize("name", ROUTES)
def test_role_decides(
    role: str,
    name: str,
    *,
    owner_client: Client,
    stranger: User,
    stranger_client: Client,
    chat: Conversation,
) -> None:
    become(role, stranger, chat)
    client = owner_client if role == "owner" else stranger_client
    path = address(name, chat)
    allowed = owner_client.options(path)["Allow"].lower().split(", ")
    before = list(Message.objects.order_by("pk").values())
    for method in set(allowed) - {"head"}:
        needed = MEMBERS_MAY.get((name, method), Right.OWN)
        response = getattr(client, method)(path, BODY if method == "post" else None, headers=HTMX)
        read(response)
        assert response.status_code < 500
        if name in MEMBERS_ALONE:
            assert (response.status_code == 404) is (role not in {"reader", "writer"})
        elif RIGHTS[role] < needed:
            assert response.status_code == 404, (name, method)
            assert list(Message.objects.order_by("pk").values()) == before
        elif (name, method) in MEMBERS_MAY:
            assert response.status_code != 404, (name, method)


def test_all_that_members_may_is_there() -> None:
    assert {name for name, _method in MEMBERS_MAY} | MEMBERS_ALONE <= set(ROUTES)


@pytest.mark.parametrize("role", RIGHTS)
@pytest.mark.parametrize("name", ["edit", "delete_from"])
def test_writers_change_what_is_theirs(
    role: str,
    name: str,
    *,
    owner_client: Client,
    stranger: User,
    stranger_client: Client,
    chat: Conversation,
) -> None:
    theirs = make_message(chat, reply_of(chat), "user", "Theirs", author=stranger)
    become(role, stranger, chat)
    client = owner_client if role == "owner" else stranger_client
    status = client.post(address(name, chat, theirs), BODY, headers=HTMX).status_code
    assert (status == 200) is (RIGHTS[role] >= Right.WRITE)
    status = client.post(address(name, chat, question_of(chat)), BODY, headers=HTMX).status_code
    assert (status != 404) is (role == "owner")


@pytest.mark.parametrize("role", RIGHTS)
@pytest.mark.parametrize("name", ["attachment", "attachment_text", "attachment_state", "thumbnail"])
def test_files_of_messages_are_read_along(
    role: str,
    name: str,
    *,
    owner: User,
    owner_client: Client,
    stranger: User,
    stranger_client: Client,
    chat: Conversation,
) -> None:
    file = Attachment(owner=owner, name="a.png", media_type="image/png", size=3)
    file.file.save("a.png", ContentFile(b"png"))
    draft = Attachment(owner=owner, name="b.png", media_type="image/png", size=3)
    draft.file.save("b.png", ContentFile(b"png"))
    file.messages.add(question_of(chat))
    become(role, stranger, chat)
    client = owner_client if role == "owner" else stranger_client
    answer = client.get(reverse(f"chats:{name}", args=[file.id]))
    assert answer.status_code == (200 if RIGHTS[role] else 404)
    read(answer)
    answer = client.get(reverse(f"chats:{name}", args=[draft.id]))
    assert answer.status_code == (200 if role == "owner" else 404)
    read(answer)
    gone = client.post(reverse("chats:discard", args=[file.id])).status_code
    assert (gone == 404) is (role != "owner")


@pytest.mark.parametrize("role", ["writer", "reader"])
def test_deleted_chat_is_gone_for_members(
    role: str, owner_client: Client, stranger: User, stranger_client: Client, chat: Conversation
) -> None:
    become(role, stranger, chat)
    owner_client.post(reverse("chats:delete", args=[chat.id]))
    assert stranger_client.get(address("conversation", chat)).status_code == 404
    assert "A chat" not in stranger_client.get("/shared/").content.decode()


def test_deactivated_member_reads_nothing(
    stranger: User, stranger_client: Client, chat: Conversation
) -> None:
    become("writer", stranger, chat)
    assert stranger_client.get(address("conversation", chat)).status_code == 200
    stranger.is_active = False
    stranger.save()
    assert stranger_client.get(address("conversation", chat)).status_code == 302
