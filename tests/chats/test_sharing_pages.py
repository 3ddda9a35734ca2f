"""The owner's pages of shared links; who is told, what is counted and what is logged."""

import logging
import re
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import people
from accounts.models import Notification, User
from chats import sharing
from chats.members import add_member
from chats.models import Conversation, SharedLink
from config.logs import LineFormatter
from tests.chats.pages import (
    HTMX,
    make_conversation,
    make_message,
    reply_of,
)
from tests.chats.shares import (
    BROWSER,
    Audience,
    change,
    make_shared,
    path,
)
from tests.conftest import make_user


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
def conversation(owner: User) -> Conversation:
    """A chat that has no link yet."""
    return make_conversation(owner, title="Holiday plans", turns=2)


@pytest.fixture
def friend(db: None) -> User:
    """Whom the owner names."""
    return make_user("fred")


@pytest.fixture
def friend_client(friend: User) -> Client:
    """A browser of theirs."""
    client = Client()
    client.force_login(friend)
    return client


def test_the_owners_pages(
    owner_client: Client, owner: User, conversation: Conversation, friend: User
) -> None:
    address = reverse("chats:share", args=[conversation.id])
    last = conversation.messages.get(content="Answer 0")
    preview = owner_client.get(address, {"message": str(last.id)}).content.decode()
    assert "Answer 0" in preview
    assert "Answer 1" not in preview
    whole = owner_client.get(
        address, {"message": str(last.id), "scope": "whole", "shows_name": "on"}, headers=HTMX
    ).content.decode()
    assert "Answer 1" in whole
    assert "Shared by" in whole
    assert "<html" not in whole
    form = {
        "title": "For Fred",
        "message": str(last.id),
        "scope": "message",
        "audience": "people",
        "people": "nobody, FRED",
        "expiry": "7",
    }
    wrong = owner_client.post(address, form)
    assert wrong.status_code == 422
    assert "Nobody can be found by “nobody”" in wrong.content.decode()
    made = owner_client.post(address, form | {"people": "fred@example.org"})
    link = SharedLink.objects.get()
    assert made["Location"] == reverse("chats:share_link", args=[conversation.id, link.id])
    assert (link.title, link.audience, link.is_whole) == ("For Fred", "people", False)
    assert list(link.people.all()) == [friend]
    page = owner_client.get(made["Location"]).content.decode()
    assert f"http://testserver/s/{link.token}/" in page
    assert 'value="fred@example.org"' in page
    assert "For Fred" in owner_client.get("/settings/shares/").content.decode()
    owner_client.post(made["Location"], {"title": "All", "audience": "public", "expiry": "never"})
    link.refresh_from_db()
    assert (link.title, link.audience, link.expires_at) == ("All", "public", None)
    owner_client.post(f"{made['Location']}revoke/", {"from": "shares"})
    assert not SharedLink.objects.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"expiry": "date"}, "Choose the day"),
        ({"expiry": "date", "expires_on": "2020-01-01"}, "still to come"),
        ({"expiry": "date", "expires_on": "x"}, "valid date"),
        ({"expiry": "date", "expires_on": "9999-12-31"}, ""),
        ({"audience": "everybody"}, "valid choice"),
        ({"audience": "people", "people": ""}, "at least one person"),
        ({"audience": "people", "people": "x\0y"}, "Null characters"),
        ({"title": "\u200b" * 300}, "200 characters"),
        ({"title": " "}, "required"),
        ({"title": "\u200b"}, "at least one character"),
    ],
)
def test_odd_settings_get_a_sentence(
    owner_client: Client, conversation: Conversation, fields: dict[str, str], said: str
) -> None:
    address = reverse("chats:share", args=[conversation.id])
    form = {"title": "T", "audience": "public", "expiry": "never", **fields}
    answer = owner_client.post(address, form)
    assert answer.status_code == (422 if said else 303)
    assert said in answer.content.decode()


def names_form(names: list[str]) -> dict[str, str]:
    """A link for people who are named so."""
    return {"title": "T", "audience": "people", "people": ", ".join(names), "expiry": "never"}


def test_so_many_names_and_no_more(
    owner_client: Client, owner: User, conversation: Conversation, friend: User
) -> None:
    """Of links and invitations together, or there would be a list of who is here."""
    address = reverse("chats:share", args=[conversation.id])
    most = people.NAMES
    refused = owner_client.post(address, names_form([f"no{i}" for i in range(most + 1)]))
    assert f"up to {most} new ones" in refused.content.decode()
    names = [f"no{i}" for i in range(most - 1)]
    owner_client.post(address, names_form(names))
    with pytest.raises(ValidationError, match="can be found"):
        add_member(conversation=conversation, who="no-one", role="reader", by=owner)
    for name in ("fred", "fred@example.org", "nobody"):
        answer = owner_client.post(address, names_form([name]))
        assert answer.status_code == 422
        assert "Too many names" in answer.content.decode()
        with pytest.raises(ValidationError, match="Too many names"):
            add_member(conversation=conversation, who=name, role="reader", by=owner)
    again = owner_client.post(address, names_form(names)).content.decode()
    assert "Nobody can be found by" in again


def test_people_stay_as_they_were_written(
    owner_client: Client, owner: User, conversation: Conversation, friend: User
) -> None:
    """Nobody learns by an address what its owner is called; and no name is looked for twice."""
    address = reverse("chats:share", args=[conversation.id])
    at = owner_client.post(address, names_form(["Fred@example.org"]))["Location"]
    page = owner_client.get(at).content.decode()
    assert 'value="Fred@example.org"' in page
    assert 'value="fred' not in page
    cache.clear()
    for number in range(people.NAMES):
        with pytest.raises(ValidationError):
            add_member(conversation=conversation, who=f"no{number}", role="reader", by=owner)
    User.objects.filter(id=friend.id).update(email="new@example.org")
    assert owner_client.post(at, names_form(["Fred@example.org"])).status_code == 303
    assert owner_client.post(at, names_form(["fred"])).status_code == 422
    assert list(SharedLink.objects.get().people.all()) == [friend]


def test_a_form_makes_one_link(owner_client: Client, conversation: Conversation) -> None:
    address = reverse("chats:share", args=[conversation.id])
    found = re.search(r'name="key" value="([^"]+)"', owner_client.get(address).content.decode())
    assert found
    form = {"title": "T", "audience": "public", "expiry": "never", "key": found[1]}
    first = owner_client.post(address, form)
    assert owner_client.post(address, form)["Location"] == first["Location"]
    assert SharedLink.objects.count() == 1
    other = owner_client.post(address, form | {"title": "Other"})
    assert other["Location"] != first["Location"]
    SharedLink.objects.all().delete()
    assert owner_client.post(address, form).status_code == 303
    assert SharedLink.objects.count() == 1


def test_another_chats_message_is_not_found(
    owner_client: Client, conversation: Conversation, stranger: User
) -> None:
    theirs = reply_of(make_conversation(stranger))
    address = reverse("chats:share", args=[conversation.id])
    for message in (str(theirs.id), "x"):
        assert owner_client.get(address, {"message": message}).status_code == 404
        assert owner_client.post(address, {"message": message}).status_code == 404


@pytest.mark.parametrize(
    ("headers", "counted"),
    [
        (BROWSER, 1),
        ({}, 0),
        ({"User-Agent": "curl/8.9"}, 0),
        ({"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://google.com/bot.html)"}, 0),
        ({"User-Agent": "WhatsApp/2.23"}, 0),
        (BROWSER | {"Sec-Purpose": "prefetch;prerender"}, 0),
    ],
)
def test_views_of_people_count(
    client: Client, link: SharedLink, headers: dict[str, str], counted: int
) -> None:
    for _ in range(3):
        client.head(path(link), headers=headers)
        client.get(path(link), headers=headers)
    link.refresh_from_db()
    assert link.views == counted


def test_views_of_the_owner_do_not_count(
    owner_client: Client, stranger_client: Client, link: SharedLink
) -> None:
    owner_client.get(path(link), headers=BROWSER)
    stranger_client.get(path(link), headers=BROWSER)
    link.refresh_from_db()
    assert link.views == 1


def test_long_chats_are_paged_and_each_page_costs_the_same(
    client: Client, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    conversation = make_conversation(owner, turns=60)
    link = sharing.create_link(owner=owner, conversation=conversation)
    for number, first in ((1, "Question 0<"), (2, "Question 25<"), (3, "Question 50<")):
        with django_assert_num_queries(3):
            page = client.get(f"{path(link)}?page={number}").content.decode()
        assert first in page
        assert page.count("<article") <= 50
    for wrong in ("0", "4", "-1", "x", "9" * 400, "²"):
        assert client.get(path(link), {"page": wrong}).status_code == 404


def test_people_are_told_once_and_no_more_when_it_is_over(
    link: SharedLink, friend: User, friend_client: Client
) -> None:
    change(link, audience=Audience.PEOPLE, people=[friend])
    change(link, audience=Audience.PEOPLE, people=[friend], title="Holiday plans")
    (told,) = Notification.objects.filter(user=friend)
    page = friend_client.get("/notifications/").content.decode()
    assert "“Holiday plans” was shared with you." in page
    assert told.data["path"] == path(link)
    sharing.revoke_link(link=link)
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    "address", ["/s/%s/", "/s/%s/continue/", "/accounts/login/?next=%%2Fs%%2F%s%%2F"]
)
def test_addresses_are_not_logged(link: SharedLink, address: str) -> None:
    path = address % link.token
    record = logging.LogRecord("django.request", 30, "", 0, "Not Found: %s", (path,), None)
    line = LineFormatter("%(message)s").format(record)
    assert link.token not in line
    assert line == "Not Found: " + address % "…"


def test_an_update_is_looked_at_before(
    owner_client: Client, owner: User, conversation: Conversation
) -> None:
    link = sharing.create_link(owner=owner, conversation=conversation, title="Plans", key=None)
    page = reverse("chats:share_link", args=[conversation.id, link.id])
    assert "shared-preview" not in owner_client.get(page, {"preview": "1"}).content.decode()
    leaf = make_message(conversation, reply_of(conversation), "user", "Another question")
    Conversation.objects.filter(id=conversation.id).update(current_leaf=leaf)
    before = owner_client.get(page).content.decode()
    assert '"?preview=1#preview-title"' in before
    assert "Another question" not in before
    seen = owner_client.get(page, {"preview": "1"}).content.decode()
    assert "Another question" in seen
    assert 'shared-title" dir="auto">Plans' in seen
    assert f"/s/{link.token}/" in seen
    link.refresh_from_db()
    assert link.turn_count == 4


def test_lists_of_links_cost_the_same(
    owner_client: Client, link: SharedLink, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(4):
        sharing.create_link(owner=link.owner, conversation=link.conversation)
    with django_assert_max_num_queries(5):
        page = owner_client.get("/settings/shares/").content.decode()
    assert page.count('class="share-row ') == 5


def test_who_goes_on_signed_out_is_told_why_to_sign_in(link: SharedLink) -> None:
    answer = Client().get(f"{path(link)}continue/", follow=True)
    assert "Sign in to go on with the chat in one of your own." in answer.content.decode()


def test_a_link_to_a_part_speaks_of_that_part(owner_client: Client, link: SharedLink) -> None:
    shown = owner_client.get(f"/c/{link.conversation_id}/share/{link.id}/").content.decode()
    assert "Nothing up to there has changed." in shown
    assert "The chat has not changed since." not in shown
