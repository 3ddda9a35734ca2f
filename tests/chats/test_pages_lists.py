"""The sidebar, earlier messages, what they cost, and how pages look."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chats.models import Conversation, Message
from tests.chats.pages import (
    HTMX,
    make_conversation,
    make_message,
    reply_of,
)


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
