"""Tags on rows and on their pages, and chats that are marked with them."""

from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chats import tags
from chats.models import Conversation, Tag
from chats.tags import create_tag
from tests.chats.pages import HTMX, make_conversation


def body(client: Client, path: str, **headers: str) -> str:
    """Of the answer, which is no error."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_rows_say_their_tags_in_words(owner: User, owner_client: Client) -> None:
    chat = make_conversation(owner)
    made = [create_tag(user=owner, name=name) for name in ("work", "home", "art", "zoo")]
    tags.set_tags(conversation=chat, tags=made)
    page = body(owner_client, "/")
    assert "Tags: art, home, work, zoo" in page
    assert page.count('class="tag-mark ') == 3


def test_making_changing_and_deleting(owner: User, owner_client: Client) -> None:
    assert owner_client.post("/tags/", {"name": "Work"}).status_code == 303
    tag = Tag.objects.get()
    answer = owner_client.post("/tags/", {"name": "wORK"})
    assert answer.status_code == 422
    assert "by that name" in answer.content.decode()
    path = f"/tags/{tag.id}/settings/"
    assert owner_client.post(path, {"name": "Home", "colour": "pink"}).status_code == 303
    tag.refresh_from_db()
    assert (tag.name, tag.colour) == ("Home", "pink")
    for form in ({"name": "", "colour": "pink"}, {"name": "A", "colour": "mauve"}, {"name": "A"}):
        assert owner_client.post(path, form).status_code == 422
    chat = make_conversation(owner, title="Marked")
    tags.set_tags(conversation=chat, tags=[tag])
    assert "Marked" in body(owner_client, f"/tags/{tag.id}/")
    assert owner_client.post(f"/tags/{tag.id}/delete/").status_code == 303
    assert Conversation.objects.filter(id=chat.id).exists()
    assert not Tag.objects.exists()


def test_the_chats_of_a_tag_come_in_parts(
    owner: User,
    owner_client: Client,
    stranger: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    tag = create_tag(user=owner, name="A")
    path = f"/tags/{tag.id}/"
    made = [make_conversation(owner, title=f"Chat-{n:02}") for n in range(2)]
    tags.tag_conversations(user=owner, conversation_ids=[c.id for c in made], tag=tag, add=True)
    with django_assert_max_num_queries(20) as few:
        body(owner_client, path)
    more = Conversation.objects.bulk_create(
        Conversation(owner=owner, title=f"Chat-{n:02}") for n in range(2, 40)
    )
    ids = [c.id for c in more]
    tags.tag_conversations(user=owner, conversation_ids=ids, tag=tag, add=True)
    with django_assert_max_num_queries(len(few)):
        page = body(owner_client, path)
    assert page.count('class="chat-row"') == 30
    older = page.split(f'hx-get="{path}?before=')[1][:36]
    assert body(owner_client, f"{path}?before={older}", **HTMX).count('class="chat-row"') == 10


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_the_tags_of_a_chat(headers: dict[str, str], owner: User, owner_client: Client) -> None:
    chat = make_conversation(owner)
    kept, gone = create_tag(user=owner, name="Kept"), create_tag(user=owner, name="Gone")
    tags.set_tags(conversation=chat, tags=[gone])
    path = f"/c/{chat.id}/tags/"
    assert f'value="{gone.id}" checked' in body(owner_client, path, **headers)
    form = {"tag": [str(kept.id), str(kept.id)], "name": "New"}
    answer = owner_client.post(path, form, headers=headers)
    assert answer.status_code == (200 if headers else 303)
    assert sorted(chat.tags.values_list("name", flat=True)) == ["Kept", "New"]
    answer = owner_client.post(path, form, headers=headers)
    assert answer.status_code == 422
    assert "by that name" in answer.content.decode()
    owner_client.post(path, {}, headers=headers)
    assert not chat.tags.exists()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_not_with_somebody_elses(
    headers: dict[str, str], owner: User, owner_client: Client, stranger: User
) -> None:
    chat, theirs = make_conversation(owner), create_tag(user=stranger, name="Theirs")
    mine = create_tag(user=owner, name="Mine")
    for named in (str(theirs.id), str(uuid4()), "nonsense"):
        form = {"tag": [str(mine.id), named]}
        answer = owner_client.post(f"/c/{chat.id}/tags/", form, headers=headers)
        assert answer.status_code == 422
        assert "Theirs" not in answer.content.decode()
    assert not chat.tags.exists()


def test_nothing_is_kept_of_a_form_that_is_refused(owner: User, owner_client: Client) -> None:
    chat, tag = make_conversation(owner), create_tag(user=owner, name="A")
    form = {"tag": [str(tag.id)], "name": "x" * 51}
    assert owner_client.post(f"/c/{chat.id}/tags/", form).status_code == 422
    assert not chat.tags.exists()
