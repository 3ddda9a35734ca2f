"""Files of shared links, and copies that people make of what these show."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from chats import attachments, conversations, copies, sharing
from chats.models import Attachment, Conversation, Message, SharedLink
from tests.chats.pages import (
    make_conversation,
    png,
    question_of,
    read,
    reply_of,
)
from tests.chats.shares import (
    delete_chat,
    delete_owner,
    is_open,
    make_shared,
    path,
)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """Where uploads of this test are kept."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def link(owner: User) -> SharedLink:
    """A public one, of the first turn."""
    return make_shared(owner)


@pytest.fixture
def conversation(link: SharedLink) -> Conversation:
    """What it is a link to."""
    return link.conversation


def test_only_files_of_the_snapshot_are_served(
    client: Client, owner: User, link: SharedLink, conversation: Conversation
) -> None:
    later = attachments.store_upload(user=owner, upload=png("later.png"))
    conversation.messages.get(content="Question 1").attachments.add(later)
    assert client.get(f"{path(link)}files/{later.id}/").status_code == 404
    assert client.get(f"{path(link)}files/{later.id}/thumbnail/").status_code == 404


def test_files_that_are_no_pictures_are_only_downloaded(
    client: Client, owner: User, link: SharedLink, conversation: Conversation
) -> None:
    page = png("evil.html")
    page.file.seek(0)  # type: ignore[union-attr]
    evil = attachments.store_upload(user=owner, upload=page)
    Attachment.objects.filter(id=evil.id).update(media_type="text/html")
    question_of(conversation).attachments.add(evil)
    sharing.refresh_snapshot(link=link)
    answer = client.get(f"{path(link)}files/{evil.id}/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert "sandbox" in answer["Content-Security-Policy"]
    read(answer)
    assert client.get(f"{path(link)}files/{evil.id}/thumbnail/").status_code == 404


def test_files_live_as_long_as_a_snapshot_uses_them(
    client: Client,
    link: SharedLink,
    media: Path,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    Message.objects.filter(conversation=link.conversation).delete()
    Attachment.objects.update(created_at=timezone.now() - timedelta(days=3))
    assert attachments.discard_drafts(user=link.owner) == 0
    attachments.discard_attachments(Attachment.objects.all())
    assert attachments.delete_abandoned() == 0
    assert is_open(client, link)
    other = sharing.create_link(
        owner=link.owner, conversation=make_conversation(link.owner, turns=1)
    )
    other.attachments.set(link.attachments.all())
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        sharing.revoke_link(link=link)
    assert Attachment.objects.count() == 1
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        sharing.revoke_link(link=other)
    assert not Attachment.objects.exists()
    assert not [each for each in media.rglob("*") if each.is_file()]


def test_files_go_with_the_snapshot_that_is_taken_anew(link: SharedLink) -> None:
    question_of(link.conversation).attachments.clear()
    assert Attachment.objects.count() == 1
    sharing.refresh_snapshot(link=link)
    assert not Attachment.objects.exists()


def test_files_go_with_the_chat_that_only_its_link_used(link: SharedLink) -> None:
    Message.objects.filter(conversation=link.conversation).delete()
    delete_chat(link)
    conversations.purge_deleted(older_than=timedelta(0))
    assert not SharedLink.objects.exists()
    assert not Attachment.objects.exists()


def test_a_copy_is_the_viewers_own(
    stranger_client: Client, stranger: User, link: SharedLink, client: Client
) -> None:
    answer = client.get(f"{path(link)}continue/")
    assert answer["Location"] == f"/accounts/login/?next={path(link)}continue/"
    asked = stranger_client.get(f"{path(link)}continue/")
    assert "Holiday plans" in asked.content.decode()
    assert not Conversation.objects.filter(owner=stranger).exists()
    stranger_client.post(f"{path(link)}continue/")
    copy = Conversation.objects.get(owner=stranger)
    assert (copy.title, copy.model_name) == ("Holiday plans", "demo/demo")
    found = Message.objects.path_to(reply_of(copy).id)
    assert [each.content for each in found] == ["Question 0", "Answer 0"]
    (file,) = found[0].attachments.all()
    assert file.owner == stranger
    assert file.file.name != link.attachments.get().file.name
    sharing.revoke_link(link=link)
    delete_owner(link)
    page = stranger_client.get(f"/c/{copy.id}/").content.decode()
    assert "Answer 0" in page
    assert read(stranger_client.get(f"/attachments/{file.id}/")).startswith(b"\x89PNG")


def copies_of(user: User) -> int:
    """How many chats somebody has."""
    return Conversation.objects.for_user(user).count()


def test_the_same_is_copied_once_in_a_minute(
    stranger_client: Client, stranger: User, link: SharedLink
) -> None:
    address = f"{path(link)}continue/"
    first = stranger_client.post(address)
    assert stranger_client.post(address)["Location"] == first["Location"]
    assert (copies_of(stranger), Attachment.objects.filter(owner=stranger).count()) == (1, 1)
    conversations.delete_conversation(conversation=Conversation.objects.get(owner=stranger))
    assert stranger_client.post(address)["Location"] != first["Location"]
    sharing.update_link(
        link=link,
        audience=link.audience,
        people=(),
        expires_at=None,
        title="Other",
        shows_reasoning=False,
        shows_name=False,
    )
    question = question_of(link.conversation)
    Message.objects.filter(id=question.id).update(content="Other words", finished_at=timezone.now())
    sharing.refresh_snapshot(link=link)
    stranger_client.post(address)
    assert copies_of(stranger) == 2


def test_a_form_makes_one_copy(stranger_client: Client, stranger: User, link: SharedLink) -> None:
    """Also when it comes again much later."""
    address = f"{path(link)}continue/"
    page = stranger_client.get(address).content.decode()
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    first = stranger_client.post(address, {"key": found[1]})
    cache.clear()
    assert stranger_client.post(address, {"key": found[1]})["Location"] == first["Location"]
    assert (copies_of(stranger), Attachment.objects.filter(owner=stranger).count()) == (1, 1)
    cache.clear()
    stranger_client.post(address)
    assert copies_of(stranger) == 2


def test_a_copy_that_is_being_made_is_not_made_twice(
    stranger_client: Client, stranger: User, link: SharedLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{path(link)}continue/"
    said: list[str] = []

    def slowly(**values: Any) -> Attachment | None:
        page = Client()
        page.force_login(stranger)
        said.append(page.post(address, follow=True).content.decode())
        return attachments.copy_attachment(**values)

    monkeypatch.setattr("chats.copies.copy_attachment", slowly)
    stranger_client.post(address)
    assert ["Your copy is being made" in page for page in said] == [True]
    assert copies_of(stranger) == 1


def test_a_copy_that_failed_can_be_made_again(
    stranger: User, link: SharedLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(copies, "_copied_files", None)
        with pytest.raises(TypeError):
            copies.copy_shared(link=link, user=stranger)
    assert copies.copy_shared(link=link, user=stranger).conversation.owner == stranger


def test_a_copy_answers_with_a_model_that_its_owner_has(
    owner: User, stranger: User, stranger_client: Client
) -> None:
    conversation = make_conversation(owner)
    Message.objects.filter(role="assistant").update(provider="openai", model="gpt-secret")
    link = sharing.create_link(owner=owner, conversation=conversation)
    stranger_client.post(f"{path(link)}continue/")
    copy = Conversation.objects.get(owner=stranger)
    assert copy.model_name == conversations.preferred_model(stranger)
    assert reply_of(copy).model_name == "openai/gpt-secret"
