"""Whole pages, as people without script use them."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from chats.models import Attachment, Conversation, Message
from chats.tags import create_tag
from tests.chats.pages import (
    make_conversation,
    png,
    question_of,
    reply_of,
)


def test_new_chat_has_the_composer_and_the_chosen_model(owner_client: Client) -> None:
    page = owner_client.get("/", {"model": "demo/demo"}).content.decode()
    assert '<textarea id="composer" name="content"' in page
    assert 'action="/c/"' in page
    assert (
        '<input id="model" type="hidden" name="model" value="demo/demo" form="composer-form">'
        in page
    )
    assert "/settings/providers/" in page


def test_first_message_leads_to_its_conversation(owner: User, owner_client: Client) -> None:
    response = owner_client.post("/c/", {"content": "Hello <b>there</b>"})
    conversation = Conversation.objects.get(owner=owner)
    assert response.status_code == 303
    assert response["Location"] == f"/c/{conversation.id}/"
    page = owner_client.get(response["Location"]).content.decode()
    assert "Hello &lt;b&gt;there&lt;/b&gt;" in page
    assert 'data-role="user"' in page
    assert 'data-role="assistant" data-status="pending"' in page
    assert '<noscript><meta http-equiv="refresh" content="2; url=' in page
    assert 'data-action="stop"' in page


def test_page_of_an_ended_reply_does_not_refresh(owner: User, owner_client: Client) -> None:
    page = owner_client.get(f"/c/{make_conversation(owner).id}/").content.decode()
    assert "http-equiv" not in page
    assert 'data-action="stop"' not in page
    assert "3 in, 5 out" in page


def test_next_message_stands_under_the_last_reply(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    leaf = reply_of(conversation)
    response = owner_client.post(
        f"/c/{conversation.id}/messages/", {"content": "More", "parent": str(leaf.id)}
    )
    question = Message.objects.get(content="More")
    assert question.parent == leaf
    reply = question.children.get()
    assert response.status_code == 303
    assert response["Location"] == f"/c/{conversation.id}/#message-{reply.id}"


@pytest.mark.parametrize("where", ["new", "conversation"])
def test_refused_message_is_given_back(where: str, owner: User, owner_client: Client) -> None:
    path = "/c/" if where == "new" else f"/c/{make_conversation(owner).id}/messages/"
    text = "  \n" if where == "new" else "x" * 200_001
    response = owner_client.post(path, {"content": text})
    assert response.status_code == 422
    page = response.content.decode()
    assert 'role="alert"><p class="notice notice-danger composer-error">' in page
    assert text in page


def test_unknown_model_is_refused_and_the_text_kept(owner_client: Client) -> None:
    response = owner_client.post("/c/", {"content": "My words", "model": "nobody/nothing"})
    assert response.status_code == 422
    assert "My words</textarea>" in response.content.decode()
    assert not Conversation.objects.exists()


def test_image_in_the_form_is_shown_above_the_message(owner: User, owner_client: Client) -> None:
    owner_client.post("/c/", {"content": "Look", "file": png("ca<t.png")})
    attachment = Attachment.objects.get(owner=owner)
    assert attachment.messages.get().content == "Look"
    conversation = Conversation.objects.get()
    page = owner_client.get(f"/c/{conversation.id}/").content.decode()
    assert f'src="/attachments/{attachment.id}/"' in page
    assert 'alt="ca&lt;t.png"' in page


def test_bad_image_keeps_the_text_and_stores_nothing(owner_client: Client) -> None:
    bad = SimpleUploadedFile("x.png", b"\x89PNG\r\n\x1a\nrubbish", content_type="image/png")
    response = owner_client.post("/c/", {"content": "Words", "file": [png(), bad]})
    assert response.status_code == 422
    assert "Words</textarea>" in response.content.decode()
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("action", ["regenerate", "retry", "continue"])
def test_reply_can_be_made_again_by_a_form(action: str, owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    reply = reply_of(conversation)
    Message.objects.filter(id=reply.id).update(status="interrupted")
    response = owner_client.post(f"/m/{reply.id}/{action}/")
    conversation.refresh_from_db()
    leaf = reply_of(conversation)
    assert leaf.status == "pending"
    assert (leaf.id == reply.id) == (action == "continue")
    assert response.status_code == 303
    assert response["Location"] == f"/c/{conversation.id}/#message-{leaf.id}"


def test_edited_message_becomes_a_branch_to_switch_from(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    first = question_of(conversation)
    assert "Question 0</textarea>" in owner_client.get(f"/m/{first.id}/edit/").content.decode()
    owner_client.post(f"/m/{first.id}/edit/", {"content": "In other words"})
    page = owner_client.get(f"/c/{conversation.id}/").content.decode()
    assert "In other words" in page
    assert "Question 0" not in page
    assert '<span class="branch-count">2/2</span>' in page
    owner_client.post(f"/m/{first.id}/switch/")
    page = owner_client.get(f"/c/{conversation.id}/").content.decode()
    assert "Question 0" in page
    assert '<span class="branch-count">1/2</span>' in page


def test_empty_edit_gives_the_form_back(owner: User, owner_client: Client) -> None:
    first = question_of(make_conversation(owner))
    response = owner_client.post(f"/m/{first.id}/edit/", {"content": " "})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()


def test_stop_by_a_form(owner: User, owner_client: Client) -> None:
    owner_client.post("/c/", {"content": "Hello"})
    reply = Message.objects.get(role="assistant")
    response = owner_client.post(f"/m/{reply.id}/stop/")
    assert response.status_code == 303
    reply.refresh_from_db()
    assert reply.status == "stopped"
    page = owner_client.get(f"/c/{reply.conversation_id}/").content.decode()
    assert "You stopped this reply." in page


def test_refused_action_says_why_on_the_next_page(owner: User, owner_client: Client) -> None:
    owner_client.post("/c/", {"content": "Hello"})
    reply = Message.objects.get(role="assistant")
    page = owner_client.post(f"/m/{reply.id}/regenerate/", follow=True).content.decode()
    assert "This reply is still being written." in page


def test_rename_by_a_page_of_its_own(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner, title="Before")
    assert 'value="Before"' in owner_client.get(f"/c/{conversation.id}/rename/").content.decode()
    assert owner_client.post(f"/c/{conversation.id}/rename/", {"title": ""}).status_code == 422
    response = owner_client.post(f"/c/{conversation.id}/rename/", {"title": "After"})
    assert response.status_code == 303
    assert "After" in owner_client.get("/").content.decode()


def test_deleted_conversation_comes_back(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner, title="Dear to me")
    page = owner_client.post(f"/c/{conversation.id}/delete/", follow=True).content.decode()
    assert f'action="/c/{conversation.id}/restore/"' in page
    assert owner_client.get(f"/c/{conversation.id}/").status_code == 404
    owner_client.post(f"/c/{conversation.id}/restore/")
    assert owner_client.get(f"/c/{conversation.id}/").status_code == 200


def test_settings_of_a_conversation(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    path = f"/c/{conversation.id}/settings/"
    values = {"system_prompt": "Be brief.", "temperature": "0.3", "top_p": "", "max_tokens": "99"}
    assert owner_client.post(path, values).status_code == 303
    conversation.refresh_from_db()
    assert (conversation.system_prompt, conversation.temperature) == ("Be brief.", 0.3)
    assert (conversation.top_p, conversation.max_tokens) == (None, 99)
    response = owner_client.post(path, values | {"temperature": "9", "top_p": "x"})
    assert response.status_code == 422
    page = response.content.decode()
    assert page.count('class="field-error"') == 1
    assert 'value="9"' in page


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1e999", "9" * 40])
def test_wild_parameters_are_refused(value: str, owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    for name in ("temperature", "top_p", "max_tokens"):
        response = owner_client.post(f"/c/{conversation.id}/settings/", {name: value})
        assert response.status_code == 422, name


def test_model_of_a_conversation(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    path = f"/c/{conversation.id}/model/"
    page = owner_client.post(path, {"model": "nobody/<b>"}, follow=True).content.decode()
    assert "“nobody/&lt;b&gt;” is not available" in page
    assert owner_client.post(path, {"model": "demo/demo"}).status_code == 303


def test_message_as_it_was_written(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    Message.objects.filter(id=reply_of(conversation).id).update(content="**<b>** & so")
    response = owner_client.get(f"/m/{reply_of(conversation).id}/raw/")
    assert response.content == b"**<b>** & so"
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_pages_are_not_kept_by_caches(owner: User, owner_client: Client) -> None:
    response = owner_client.get(f"/c/{make_conversation(owner).id}/")
    assert response["Cache-Control"] == "private, no-store"
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("address", ["pin/", "archive/"])
def test_what_is_only_sent_says_so_to_who_looks(
    owner: User, owner_client: Client, address: str
) -> None:
    answer = owner_client.get(f"/c/{make_conversation(owner).id}/{address}")
    assert answer.status_code == 405
    assert "This is no page to look at" in answer.content.decode()


def test_looking_at_the_export_leads_to_its_form(owner_client: Client) -> None:
    answer = owner_client.get("/export/", follow=True)
    assert answer.redirect_chain == [("/settings/data/#export", 302)]


def test_the_first_wrong_field_is_where_one_goes_on(owner: User, owner_client: Client) -> None:
    path = f"/c/{make_conversation(owner, turns=1).id}"
    wrong = {
        "/folders/new/": ({"name": ""}, "name"),
        f"{path}/people/": ({"who": "nobody", "role": "writer"}, "who"),
        f"{path}/share/": ({"title": "A", "audience": "public", "expiry": "date"}, "expires_on"),
        f"{path}/tags/": ({"name": "x" * 60}, "name"),
        "/tags/": ({"name": ""}, "name"),
    }
    for address, (values, field) in wrong.items():
        answer = owner_client.post(address, values)
        assert answer.status_code == 422
        focused = re.findall(r"<[^>]* autofocus[^>]*>", answer.content.decode())
        assert len(focused) == 1, address
        assert f'name="{field}"' in focused[0]


def test_the_page_of_a_chats_tags_has_their_rules(owner: User, owner_client: Client) -> None:
    create_tag(user=owner, name="Urgent")
    shown = owner_client.get(f"/c/{make_conversation(owner).id}/tags/").content.decode()
    assert re.search(r'<link rel="stylesheet" href="[^"]*css/folders[^"]*"', shown)
