"""Exports over HTTP: what is downloaded, by whom, and how far it is."""

import io
import json
import zipfile
from uuid import UUID, uuid4

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http.response import HttpResponseBase
from django.test import Client

from accounts.models import User
from chats import conversations
from chats.exporting import exports
from chats.models import Conversation, Membership, Tag, Transfer
from chats.views.exporting import ExportResponse
from tests.chats.exports import pieces
from tests.chats.pages import make_conversation

PAGE = "/settings/data/"


def download(response: HttpResponseBase) -> bytes:
    """All of it, made in the thread of the test."""
    assert isinstance(response, ExportResponse), response.content  # type: ignore[attr-defined]
    return b"".join(pieces(response.export))


def test_all_of_it_in_a_zip_file(owner: User, stranger: User, owner_client: Client) -> None:
    make_conversation(owner)
    make_conversation(stranger, title="Theirs")
    response = owner_client.post("/export/", {"all": "1", "format": "json", "form": "zip"})
    row = Transfer.objects.get()
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{row.name}"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, no-store"
    packed = zipfile.ZipFile(io.BytesIO(download(response)))
    assert packed.namelist() == ["conversations/00001-a-chat.json", "manifest.json"]


def test_one_chat(owner: User, owner_client: Client) -> None:
    chat = make_conversation(owner, title="日本 “x”\r\nSet-Cookie: a")
    address = f"/c/{chat.id}/export/"
    page = owner_client.get(address).text
    assert f'action="{address}"' in page
    response = owner_client.get(address, {"format": "json"})
    assert "filename*=utf-8''%E6%97%A5" in response.headers["Content-Disposition"]
    (found,) = json.loads(download(response))["conversations"]
    assert found["id"] == str(chat.id)
    response = owner_client.get(address, {"format": "markdown", "reasoning": "1"})
    assert response.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert download(response).startswith(b"---\n")


def test_a_selection(owner: User, owner_client: Client) -> None:
    chats = [make_conversation(owner, title=f"Chat {n}") for n in range(3)]
    body = {"conversation": [str(chat.id) for chat in chats[:2]], "format": "json"}
    found = json.loads(download(owner_client.post("/export/", body)))
    assert [chat["title"] for chat in found["conversations"]] == ["Chat 0", "Chat 1"]
    tag = Tag.objects.create(owner=owner, name="a")
    chats[2].tags.add(tag)
    body = {"every": "1", "tag": str(tag.id), "format": "json"}
    found = json.loads(download(owner_client.post("/export/", body)))
    assert [chat["title"] for chat in found["conversations"]] == ["Chat 2"]


@pytest.mark.parametrize("kind", ["another's", "unknown", "deleted", "temporary", "no id"])
def test_what_is_not_ones_own_is_not_there(
    kind: str, owner: User, stranger: User, owner_client: Client
) -> None:
    mine = make_conversation(owner)
    other = make_conversation(stranger if kind == "another's" else owner)
    if kind == "another's":
        Membership.objects.create(conversation=other, user=owner, role="writer")
    elif kind == "deleted":
        conversations.delete_conversation(conversation=other)
    elif kind == "temporary":
        Conversation.objects.filter(id=other.id).update(is_temporary=True)
    named = {"unknown": str(uuid4()), "no id": "../x"}.get(kind, str(other.id))
    body = {"conversation": [str(mine.id), named], "format": "json"}
    assert owner_client.post("/export/", body).status_code == 404
    if kind != "no id":
        assert owner_client.get(f"/c/{named}/export/?format=json").status_code == 404
    assert not Transfer.objects.exists()


def test_nothing_selected(owner_client: Client) -> None:
    answer = owner_client.post("/export/", {"format": "json"})
    assert (answer.status_code, "No chat is selected." in answer.text) == (422, True)


@pytest.mark.parametrize("body", [{"format": "exe"}, {"form": "../x"}, {"format": ""}])
def test_kinds_that_there_are_not(owner: User, owner_client: Client, body: dict[str, str]) -> None:
    assert owner_client.post("/export/", {"all": "1", **body}).status_code == 400
    assert not Transfer.objects.exists()


def test_too_many_at_once(owner: User, owner_client: Client) -> None:
    make_conversation(owner)
    for _number in range(exports.AT_ONCE):
        owner_client.post("/export/", {"all": "1"})
    answer = owner_client.post("/export/", {"all": "1"})
    assert answer.status_code == 429
    assert "3 exports of yours are running." in answer.text


def test_a_page_knows_its_export(
    owner: User, stranger_client: Client, owner_client: Client
) -> None:
    make_conversation(owner)
    key = uuid4()
    address = f"/export/{key}/"
    assert owner_client.get(address).status_code == 404
    response = owner_client.post("/export/", {"all": "1", "transfer": str(key)})
    page = owner_client.get(address).text
    assert "data-running" in page
    assert "0 of 1 chat is in your download." in page
    assert stranger_client.get(address).status_code == 404
    download(response)
    page = owner_client.get(address).text
    assert "is complete: 1 chat." in page
    assert "data-running" not in page
    # Whoever names another's key gets one of their own.
    stranger_client.post("/export/", {"all": "1", "transfer": str(key)})
    assert Transfer.objects.get(id=key).owner == owner
    assert Transfer.objects.count() == 2


def test_leaving_ends_it(owner: User, owner_client: Client) -> None:
    make_conversation(owner)
    key: UUID = uuid4()
    response = owner_client.post("/export/", {"all": "1", "transfer": str(key)})
    # The end of a request would close the connection of the test.
    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)
    assert "The download was cancelled or broke off." in owner_client.get(f"/export/{key}/").text


def test_it_is_offered_where_there_is_something(owner: User, owner_client: Client) -> None:
    assert "There is no chat to export." in owner_client.get(PAGE).text
    make_conversation(owner)
    page = owner_client.get(PAGE).text
    assert 'action="/export/"' in page
    assert "There is no chat to export." not in page
