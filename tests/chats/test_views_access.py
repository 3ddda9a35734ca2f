"""Every address of the pages, asked by everybody: generated from the URL configuration."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import URLPattern, reverse

from accounts.models import User
from chats import sharing, urls
from chats.models import (
    Attachment,
    Conversation,
    Folder,
    Membership,
    Message,
    Preset,
    PromptTemplate,
    SharedLink,
    SharedPage,
    Tag,
    Transfer,
)
from tests.chats.pages import HTMX, make_conversation, question_of, read, reply_of
from tests.conftest import make_user

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
ROUTES: list[URLPattern] = urls.urlpatterns


def names() -> Iterator[str]:
    """Names of all routes; a new one is covered by itself."""
    for route in ROUTES:
        assert route.name
        yield route.name


ALL = list(names())
WITH_OBJECT = [route.name for route in ROUTES if route.pattern.converters]


@pytest.fixture
def conversation(owner: User) -> Conversation:
    """The owner's, shared with one person; a template and a preset of the owner's beside it."""
    PromptTemplate.objects.create(owner=owner, name="Private template", content="Private {{a}}")
    Preset.objects.create(owner=owner, name="Private preset", model="demo/demo")
    Folder.objects.create(owner=owner, name="Private folder")
    Tag.objects.create(owner=owner, name="Private tag")
    for kind in Transfer.Kind:
        Transfer.objects.create(owner=owner, kind=kind, state="done", name="Private name")
    made, fred = make_conversation(owner, title="Private title"), make_user("fred")
    Membership.objects.create(conversation=made, user=fred)
    sharing.create_link(owner=owner, conversation=made, audience="people", people=[fred])
    return made


@pytest.fixture
def attachment(owner: User) -> Attachment:
    """A file of the owner's."""
    made = Attachment(owner=owner, name="private.png", media_type="image/png", size=3)
    made.file.save("private.png", ContentFile(b"png"))
    return made


def address(name: str, conversation: Conversation, attachment: Attachment) -> str:
    """The route's address for the owner's objects."""
    route = next(r for r in ROUTES if r.name == name)
    ids = {
        "conversation_id": conversation.id,
        "user_id": conversation.memberships.get().user_id,
        "message_id": reply_of(conversation).id,
        "attachment_id": attachment.id,
        "template_id": PromptTemplate.objects.get(owner=conversation.owner).id,
        "preset_id": Preset.objects.get(owner=conversation.owner).id,
        "folder_id": Folder.objects.get(owner=conversation.owner).id,
        "tag_id": Tag.objects.get(owner=conversation.owner).id,
        "link_id": conversation.shared_links.get().id,
        "token": conversation.shared_links.get().token,
        "transfer_id": Transfer.objects.get(owner=conversation.owner, kind="export").id,
        "import_id": Transfer.objects.get(owner=conversation.owner, kind="import").id,
    }
    wanted = {key: ids[key] for key in route.pattern.converters}
    return reverse(f"chats:{name}", kwargs=wanted)


def everything() -> list[object]:
    """All rows of the app, to see that nothing changed."""
    models = (
        *(Conversation, Message, Attachment, PromptTemplate, Preset, Folder, Tag),
        *(Membership, SharedLink, SharedPage, SharedLink.people.through),
    )
    return [list(model._default_manager.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", WITH_OBJECT)
def test_stranger_finds_nothing_and_changes_nothing(
    name: str,
    method: str,
    *,
    headers: dict[str, str],
    stranger_client: Client,
    conversation: Conversation,
    attachment: Attachment,
) -> None:
    before = everything()
    body = {"content": "x", "title": "x", "name": "x", "model": "demo/demo"}
    data = body if method == "post" else None
    response = getattr(stranger_client, method)(
        address(name, conversation, attachment), data, headers=headers
    )
    assert response.status_code in {404, 405}
    assert "Private" not in response.content.decode()
    assert everything() == before


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ALL)
def test_signed_out_visitor_is_sent_to_sign_in(
    name: str, method: str, client: Client, conversation: Conversation, attachment: Attachment
) -> None:
    before = everything()
    path = address(name, conversation, attachment)
    response = getattr(client, method)(path)
    assert response.status_code in {302, 401, 405}
    if response.status_code == 302:
        assert response["Location"].startswith("/accounts/login/?next=")
    if response.status_code == 401:
        assert method == "post"
        assert b"/accounts/login/?next=" in response.content
    if response.status_code != 405:
        assert getattr(client, method)(path, headers=HTMX).status_code == 401
    assert everything() == before


@pytest.mark.parametrize("name", ALL)
def test_owner_gets_an_answer_to_one_method_at_least(
    name: str, owner_client: Client, conversation: Conversation, attachment: Attachment
) -> None:
    path = address(name, conversation, attachment)
    allowed = owner_client.options(path)["Allow"].split(", ")
    assert allowed
    for method in allowed:
        response = getattr(owner_client, method.lower())(path)
        assert response.status_code != 405
        assert response.status_code < 500
        read(response)
    for method in set(METHODS) - {m.lower() for m in allowed}:
        assert getattr(owner_client, method)(path).status_code == 405


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("name", ALL)
def test_unsafe_request_without_a_token_is_refused(
    name: str,
    *,
    headers: dict[str, str],
    owner: User,
    owner_client: Client,
    conversation: Conversation,
    attachment: Attachment,
) -> None:
    path = address(name, conversation, attachment)
    if "POST" not in owner_client.options(path)["Allow"]:
        assert owner_client.post(path).status_code == 405
        return
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(owner)
    before = everything()
    response = careful.post(path, {"content": "x", "title": "x"}, headers=headers)
    assert response.status_code == 403
    assert everything() == before


@pytest.mark.parametrize("name", WITH_OBJECT)
def test_unknown_id_is_not_found(name: str, owner_client: Client) -> None:
    route = next(r for r in ROUTES if r.name == name)
    path = reverse(f"chats:{name}", kwargs=dict.fromkeys(route.pattern.converters, uuid4()))
    for method in owner_client.options(path)["Allow"].split(", "):
        assert getattr(owner_client, method.lower())(path).status_code == 404


def test_nobody_answers_with_somebody_elses_upload(
    stranger: User,
    stranger_client: Client,
    conversation: Conversation,
    attachment: Attachment,
) -> None:
    mine = make_conversation(stranger)
    path = reverse("chats:messages", args=[mine.id])
    stranger_client.post(path, {"content": "look", "attachment": str(attachment.id)})
    assert not attachment.messages.exists()


def test_nobody_answers_a_message_of_another_conversation(
    stranger: User, stranger_client: Client, conversation: Conversation
) -> None:
    mine = make_conversation(stranger)
    path = reverse("chats:messages", args=[mine.id])
    response = stranger_client.post(
        path, {"content": "in", "parent": str(question_of(conversation).id)}
    )
    assert response.status_code == 422
    assert conversation.messages.count() == 2


def test_older_part_starts_nowhere_but_in_the_conversation(
    stranger: User, stranger_client: Client, conversation: Conversation
) -> None:
    mine = make_conversation(stranger)
    path = reverse("chats:messages", args=[mine.id])
    response = stranger_client.get(path, {"before": str(reply_of(conversation).id)})
    assert "Question" not in response.content.decode()


def test_sidebar_shows_only_ones_own(
    stranger: User, stranger_client: Client, conversation: Conversation
) -> None:
    make_conversation(stranger, title="Mine")
    assert "Private title" not in stranger_client.get("/").content.decode()
    page = stranger_client.get("/sidebar/", {"before": str(conversation.id)})
    assert "Private title" not in page.content.decode()
