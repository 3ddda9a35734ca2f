"""The pages as people use them: whole pages without script, parts with htmx."""

from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import User
from chats.models import Attachment, Conversation, Message
from tests.chats.pages import make_conversation, make_message, question_of, reply_of

HTMX = {"HX-Request": "true"}


def png(name: str = "cat.png") -> SimpleUploadedFile:
    """A small image."""
    file = BytesIO()
    Image.new("RGB", (4, 3), "red").save(file, "PNG")
    return SimpleUploadedFile(name, file.getvalue(), content_type="text/html")


# --- without script ---------------------------------------------------------------------------


def test_new_chat_has_the_composer_and_the_chosen_model(owner_client: Client) -> None:
    page = owner_client.get("/", {"model": "demo/demo"}).content.decode()
    assert '<textarea id="composer" name="content"' in page
    assert 'action="/c/"' in page
    assert '<option value="demo/demo" selected>' in page
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
    owner_client.post("/c/", {"content": "Look", "image": png("ca<t.png")})
    attachment = Attachment.objects.get(owner=owner)
    assert attachment.messages.get().content == "Look"
    conversation = Conversation.objects.get()
    page = owner_client.get(f"/c/{conversation.id}/").content.decode()
    assert f'src="/attachments/{attachment.id}/"' in page
    assert 'alt="ca&lt;t.png" width="4" height="3"' in page


def test_bad_image_keeps_the_text_and_stores_nothing(owner_client: Client) -> None:
    bad = SimpleUploadedFile("x.png", b"<svg onload=alert(1)>", content_type="image/png")
    response = owner_client.post("/c/", {"content": "Words", "image": [png(), bad]})
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


# --- parts for htmx ---------------------------------------------------------------------------


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
    response = owner_client.post("/attachments/", {"image": png()}, headers=HTMX)
    attachment = Attachment.objects.get(owner=owner)
    assert f'name="attachment" value="{attachment.id}"' in response.content.decode()
    owner_client.post("/c/", {"content": "", "attachment": [str(attachment.id), "x", str(uuid4())]})
    assert attachment.messages.count() == 1
    bad = SimpleUploadedFile("x.png", b"no image")
    assert owner_client.post("/attachments/", {"image": bad}, headers=HTMX).status_code == 422
    assert owner_client.post("/attachments/", headers=HTMX).status_code == 400


def test_draft_upload_can_be_taken_back(owner: User, owner_client: Client) -> None:
    owner_client.post("/attachments/", {"image": png()}, headers=HTMX)
    attachment = Attachment.objects.get()
    owner_client.post(f"/attachments/{attachment.id}/delete/", headers=HTMX)
    assert not Attachment.objects.exists()


def test_image_is_served_as_nothing_but_an_image(owner: User, owner_client: Client) -> None:
    owner_client.post("/attachments/", {"image": png('a"\r\nX: y.html')}, headers=HTMX)
    attachment = Attachment.objects.get()
    response = owner_client.get(f"/attachments/{attachment.id}/")
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"].startswith("inline;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"].startswith("private")
    assert "X" not in response
    response.close()


@pytest.mark.parametrize("media_type", ["image/svg+xml", "text/html", "application/pdf"])
def test_anything_else_is_only_downloaded(
    media_type: str, owner: User, owner_client: Client
) -> None:
    owner_client.post("/attachments/", {"image": png()}, headers=HTMX)
    attachment = Attachment.objects.get()
    Attachment.objects.update(media_type=media_type)
    response = owner_client.get(f"/attachments/{attachment.id}/")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment;")
    response.close()


# --- lists ------------------------------------------------------------------------------------


def test_sidebar_names_days_and_goes_on_where_it_ended(owner: User, owner_client: Client) -> None:
    now = timezone.now()
    for number in range(40):
        Conversation.objects.create(
            owner=owner, title=f"Chat-{number:02}", updated_at=now - timedelta(days=number)
        )
    page = owner_client.get("/").content.decode()
    assert page.index("Today") < page.index("Chat-00") < page.index("Yesterday")
    assert page.index("Yesterday") < page.index("Chat-01") < page.index("Previous 7 days")
    assert page.count('class="conversation"') == 30
    last = Conversation.objects.get(title="Chat-29")
    assert f'href="/sidebar/?before={last.id}"' in page
    part = owner_client.get("/sidebar/", {"before": str(last.id)}, headers=HTMX).content.decode()
    assert part.count('class="conversation"') == 10
    assert "Chat-30" in part
    assert "Older chats" not in part
    whole = owner_client.get("/sidebar/", {"before": str(last.id)}).content.decode()
    assert "Chat-39" in whole
    assert "<html" in whole


def test_sidebar_marks_the_open_conversation(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    headers = HTMX | {"HX-Current-URL": f"http://testserver/c/{conversation.id}/"}
    assert 'aria-current="page"' in owner_client.get("/sidebar/", headers=headers).content.decode()
    assert "aria-current" not in owner_client.get("/sidebar/", headers=HTMX).content.decode()


def test_older_messages_load_on_demand(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner, turns=20)
    page = owner_client.get(f"/c/{conversation.id}/").content.decode()
    assert page.count("<article") == 30
    assert "Question 5<" in page
    assert "Answer 4" not in page
    oldest = Message.objects.get(content="Question 5")
    path = f"/c/{conversation.id}/messages/?before={oldest.id}"
    assert f'hx-get="{path}"' in page
    for headers in ({}, HTMX):
        part = owner_client.get(path, headers=headers).content.decode()
        assert part.count("<article") == 10
        assert "Answer 4" in part
        assert "?before=" not in part.replace("/sidebar/?before=", "")


@pytest.mark.parametrize(
    ("show", "count"), [("", 30), ("2", 30), ("38", 38), ("9999999", 40), ("-5", 30), ("x", 30)]
)
def test_a_thread_fetched_anew_holds_what_the_page_shows(
    show: str, count: int, owner: User, owner_client: Client
) -> None:
    conversation = make_conversation(owner, turns=20)
    headers = HTMX | {"HX-Target": "thread"}
    answer = owner_client.get(f"/c/{conversation.id}/?show={show}", headers=headers)
    assert answer.content.decode().count("<article") == count


@pytest.mark.parametrize("before", ["", "nonsense", "'; DROP TABLE"])
def test_nonsense_in_the_query_is_harmless(before: str, owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    for path in ("/sidebar/", f"/c/{conversation.id}/messages/"):
        assert owner_client.get(path, {"before": before}).status_code == 200
    assert owner_client.get(f"/c/{conversation.id}/", {"refresh": before}).status_code == 200


def test_queries_do_not_grow_with_the_rows(
    owner: User, owner_client: Client, django_assert_max_num_queries: object
) -> None:
    def count(path: str) -> int:
        with django_assert_max_num_queries(30) as captured:  # type: ignore[operator]
            assert owner_client.get(path).status_code == 200
        return len(captured)

    small = make_conversation(owner, turns=2)
    few = [count("/"), count("/sidebar/"), count(f"/c/{small.id}/")]
    for _ in range(29):
        make_conversation(owner)
    large = make_conversation(owner, turns=14)
    question = make_message(large, reply_of(large), "user", "Last")
    for _ in range(3):
        large.current_leaf = make_message(large, question, "assistant", "One of three")
    large.save()
    many = [count("/"), count("/sidebar/"), count(f"/c/{large.id}/")]
    assert many == few


# --- appearance -------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark", "system"])
def test_theme_of_the_user(theme: str, owner: User, owner_client: Client) -> None:
    get_user_model().objects.update(theme=theme)
    page = owner_client.get("/").content.decode()
    assert (f'data-theme="{theme}"' in page) == (theme != "system")


def test_administration_is_offered_to_staff_only(owner: User, owner_client: Client) -> None:
    assert "/admin/" not in owner_client.get("/").content.decode()
    get_user_model().objects.update(is_staff=True)
    assert 'href="/admin/"' in owner_client.get("/").content.decode()


def test_error_pages_are_in_the_sites_own_look(owner_client: Client) -> None:
    response = owner_client.get("/nowhere/")
    assert response.status_code == 404
    assert 'class="plain-card' in response.content.decode()
