"""Parts of pages, as htmx asks for them, and attached files."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chats.models import Attachment, Conversation, Message
from tests.chats.pages import (
    HTMX,
    make_conversation,
    png,
    question_of,
    read,
    reply_of,
)


def test_first_message_swaps_the_page_and_names_its_address(
    owner: User, owner_client: Client
) -> None:
    response = owner_client.post("/c/", {"content": "Hello"}, headers=HTMX)
    conversation = Conversation.objects.get()
    assert response["HX-Push-Url"] == f"/c/{conversation.id}/"
    body = response.content.decode()
    assert "<html" not in body
    assert f'data-socket="/ws/c/{conversation.id}/"' in body
    assert "parley:started" in response["HX-Trigger-After-Swap"]
    assert "conversation-link" not in body, "the list of chats would hold up the first words"
    here = {"HX-Current-URL": f"http://testserver/c/{conversation.id}/"}
    listed = owner_client.get("/sidebar/", headers=HTMX | here).content.decode()
    assert 'aria-current="page"' in listed


def test_next_message_adds_only_itself(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner, turns=3)
    response = owner_client.post(
        f"/c/{conversation.id}/messages/", {"content": "More"}, headers=HTMX
    )
    body = response.content.decode()
    assert body.count("<article") == 2
    reply = Message.objects.get(status="pending")
    assert f'name="parent" value="{reply.id}"' in body
    assert 'data-action="stop"' in body


def test_refused_message_answers_with_the_sentence_alone(owner_client: Client) -> None:
    response = owner_client.post("/c/", {"content": " "}, headers=HTMX)
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#composer-errors"
    assert "Write something first." in response.content.decode()
    assert "<textarea" not in response.content.decode()


def test_live_message_is_polled_until_it_ends(owner: User, owner_client: Client) -> None:
    owner_client.post("/c/", {"content": "Hello"})
    reply = Message.objects.get(role="assistant")
    live = owner_client.get(f"/m/{reply.id}/", headers=HTMX).content.decode()
    assert f'data-poll="/m/{reply.id}/"' in live
    assert "composer-state" not in live
    Message.objects.filter(id=reply.id).update(status="complete", content="**Done**")
    ended = owner_client.get(f"/m/{reply.id}/", headers=HTMX).content.decode()
    assert "data-poll" not in ended
    assert "<strong>Done</strong>" in ended
    assert 'id="composer-state"' in ended
    footer = owner_client.get(f"/m/{reply.id}/footer/", headers=HTMX).content.decode()
    assert footer.count("<footer") == 1
    assert "<article" not in footer


def test_failed_reply_shows_the_providers_words(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    error = {
        "message": "The provider asks for a pause.",
        "hint": "Try again in a moment.",
        "detail": "Slow down, <b>please</b>",
        "retry_after": 20.0,
    }
    Message.objects.filter(id=reply_of(conversation).id).update(
        status="failed", error=error, content="", finished_at=timezone.now()
    )
    page = owner_client.get(f"/c/{conversation.id}/").content.decode()
    assert "The provider asks for a pause." in page
    assert "Slow down, &lt;b&gt;please&lt;/b&gt;" in page
    assert 'data-countdown="20.0"' in page
    assert f'hx-post="/m/{reply_of(conversation).id}/retry/"' in page
    assert "/continue/" not in page


@pytest.mark.parametrize("action", ["regenerate", "edit", "switch"])
def test_changed_path_answers_with_the_thread(
    action: str, owner: User, owner_client: Client
) -> None:
    conversation = make_conversation(owner)
    which = reply_of(conversation) if action == "regenerate" else question_of(conversation)
    response = owner_client.post(f"/m/{which.id}/{action}/", {"content": "Anew"}, headers=HTMX)
    body = response.content.decode()
    assert body.count("<article") == 2
    assert 'id="thread"' in body
    assert 'id="composer-state"' in body
    assert "parley:" in response["HX-Trigger-After-Swap"]


def test_refused_action_is_a_toast(owner: User, owner_client: Client) -> None:
    owner_client.post("/c/", {"content": "Hello"})
    reply = Message.objects.get(role="assistant")
    response = owner_client.post(f"/m/{reply.id}/regenerate/", headers=HTMX)
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#toasts"
    assert 'class="toast toast-danger"' in response.content.decode()


def test_deleting_the_open_conversation_leaves_it(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    headers = HTMX | {"HX-Current-URL": f"http://testserver/c/{conversation.id}/"}
    response = owner_client.post(f"/c/{conversation.id}/delete/", headers=headers)
    assert response["HX-Redirect"] == "/"
    assert "/restore/" in owner_client.get("/").content.decode()


def test_deleting_another_conversation_offers_undo(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    response = owner_client.post(f"/c/{conversation.id}/delete/", headers=HTMX)
    assert 'hx-swap-oob="beforeend:#toasts"' in response.content.decode()
    assert f"/c/{conversation.id}/restore/" in response.content.decode()
    restored = owner_client.post(f"/c/{conversation.id}/restore/", headers=HTMX)
    assert f'href="/c/{conversation.id}/"' in restored.content.decode()


def test_upload_answers_with_a_preview(owner: User, owner_client: Client) -> None:
    response = owner_client.post("/attachments/", {"file": png()}, headers=HTMX)
    attachment = Attachment.objects.get(owner=owner)
    assert f'name="attachment" value="{attachment.id}"' in response.content.decode()
    owner_client.post("/c/", {"content": "", "attachment": [str(attachment.id), "x"]})
    assert attachment.messages.count() == 1
    bad = SimpleUploadedFile("x.png", b"\x00\x01 no file")
    assert owner_client.post("/attachments/", {"file": bad}, headers=HTMX).status_code == 422
    assert owner_client.post("/attachments/", headers=HTMX).status_code == 400


def test_draft_upload_can_be_taken_back(owner: User, owner_client: Client) -> None:
    owner_client.post("/attachments/", {"file": png()}, headers=HTMX)
    attachment = Attachment.objects.get()
    owner_client.post(f"/attachments/{attachment.id}/delete/", headers=HTMX)
    assert not Attachment.objects.exists()


def test_image_is_served_as_nothing_but_an_image(owner: User, owner_client: Client) -> None:
    owner_client.post("/attachments/", {"file": png('a"\r\nX: y.html')}, headers=HTMX)
    attachment = Attachment.objects.get()
    response = owner_client.get(f"/attachments/{attachment.id}/")
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"].startswith("inline;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"].startswith("private")
    assert "X" not in response
    assert read(response)


@pytest.mark.parametrize("media_type", ["image/svg+xml", "text/html", "application/pdf"])
def test_anything_else_is_only_downloaded(
    media_type: str, owner: User, owner_client: Client
) -> None:
    owner_client.post("/attachments/", {"file": png()}, headers=HTMX)
    attachment = Attachment.objects.get()
    Attachment.objects.update(media_type=media_type)
    response = owner_client.get(f"/attachments/{attachment.id}/")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment;")
    response.close()
