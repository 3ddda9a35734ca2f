"""Shared links: what opens them, what closes them, and what goes with them."""

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.access import deactivate_users
from accounts.models import Notification, User
from chats import attachments, conversations, sharing
from chats.models import Attachment, Conversation, Message, SharedLink
from config.logs import LineFormatter
from tests.chats.pages import (
    HTMX,
    make_conversation,
    make_message,
    png,
    question_of,
    read,
    reply_of,
)
from tests.conftest import make_user

Audience = SharedLink.Audience
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
SOON = timedelta(hours=1)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """Where uploads of this test are kept."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def conversation(owner: User) -> Conversation:
    """A chat with a picture."""
    made = make_conversation(owner, title="Holiday plans", turns=2)
    question_of(made).attachments.add(attachments.store_upload(user=owner, upload=png()))
    return made


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


@pytest.fixture
def link(owner: User, conversation: Conversation) -> SharedLink:
    """A public one, of the first turn."""
    last = conversation.messages.get(content="Answer 0")
    return sharing.create_link(owner=owner, conversation=conversation, last_message=last)


def path(link: SharedLink) -> str:
    """Its page."""
    return f"/s/{link.token}/"


def addresses(link: SharedLink) -> list[str]:
    """Its page and all that hangs on it."""
    (file,) = Attachment.objects.filter(owner=link.owner)
    files = f"{path(link)}files/{file.id}/"
    return [path(link), files, f"{files}thumbnail/"]


def is_open(client: Client, link: SharedLink) -> bool:
    """Whether everything of it can be had; else nothing can."""
    answers = [client.get(address) for address in addresses(link)]
    for answer in answers:
        read(answer)
    statuses = {answer.status_code for answer in answers}
    assert len(statuses) == 1
    return statuses == {200}


def change(link: SharedLink, **fields: object) -> None:
    """With the given settings, all else as it is."""
    settings = {
        "audience": link.audience,
        "people": list(link.people.all()),
        "expires_at": link.expires_at,
        "title": link.title,
        "shows_reasoning": link.shows_reasoning,
        "shows_name": link.shows_name,
    }
    sharing.update_link(link=link, **(settings | fields))  # type: ignore[arg-type]


def test_a_stranger_without_a_cookie_sees_the_snapshot_and_gets_none(
    client: Client, link: SharedLink
) -> None:
    for address in addresses(link):
        answer = client.get(address)
        assert answer.status_code == 200
        assert not answer.cookies
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        read(answer)
    page = client.get(path(link)).content.decode()
    assert "Answer 0" in page
    assert "script" not in client.get(path(link))["Content-Security-Policy"]
    for absent in ("<script", "<form", "csrf", "http-equiv", "Question 1", "Answer 1", "olivia"):
        assert absent not in page


def test_an_owner_with_a_session_gets_no_cookie_either(
    owner_client: Client, link: SharedLink
) -> None:
    assert not owner_client.get(path(link)).cookies


def test_previews_are_told_of_public_ones_only(
    client: Client, stranger_client: Client, link: SharedLink
) -> None:
    page = client.get(path(link)).content.decode()
    assert '<meta property="og:title" content="Holiday plans">' in page
    assert '<meta property="og:description" content="Question 0">' in page
    change(link, audience=Audience.SIGNED_IN)
    page = stranger_client.get(path(link)).content.decode()
    assert "Answer 0" in page
    assert "og:" not in page
    assert "twitter:" not in page


def test_every_link_that_cannot_be_opened_looks_the_same(
    stranger_client: Client, owner: User, conversation: Conversation, friend: User, client: Client
) -> None:
    def made(**fields: object) -> str:
        settings = {"owner": owner, "conversation": conversation, **fields}
        return path(sharing.create_link(**settings))  # type: ignore[arg-type]

    over = made()
    SharedLink.objects.update(expires_at=timezone.now() - SOON)
    revoked = sharing.create_link(owner=owner, conversation=conversation)
    sharing.revoke_link(link=revoked)
    closed = {
        "guess": f"/s/{'x' * 43}/",
        "over": over,
        "revoked": path(revoked),
        "for others": made(audience=Audience.PEOPLE, people=[friend]),
    }
    found = {what: stranger_client.get(address) for what, address in closed.items()}
    assert {answer.status_code for answer in found.values()} == {404}
    assert len({answer.content for answer in found.values()}) == 1
    for what in ("guess", "over", "revoked"):
        answer = client.get(closed[what])
        assert answer.status_code == 404
        assert "Holiday" not in answer.content.decode()


@pytest.mark.parametrize("token", ["x", "%00", "é" * 20, "a" * 5000, "..%2f..", "' OR 1=1"])
def test_odd_tokens_are_404(client: Client, db: None, token: str) -> None:
    assert client.get(f"/s/{token if '%' in token else quote(token)}/").status_code == 404


@pytest.mark.parametrize("audience", [Audience.SIGNED_IN, Audience.PEOPLE])
def test_who_is_not_signed_in_signs_in_and_comes_back(
    client: Client, link: SharedLink, friend: User, audience: str
) -> None:
    change(link, audience=audience, people=[friend])
    for address in addresses(link):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"] == f"/accounts/login/?next={quote(address)}"
        assert b"Holiday" not in answer.content
        assert client.get(address, headers=HTMX).status_code == 401
    client.force_login(friend)
    assert is_open(client, link)


def test_people_are_named_and_removed(
    link: SharedLink, friend: User, friend_client: Client, stranger_client: Client
) -> None:
    change(link, audience=Audience.PEOPLE, people=[friend])
    assert is_open(friend_client, link)
    assert not is_open(stranger_client, link)
    change(link, audience=Audience.SIGNED_IN)
    assert is_open(stranger_client, link)
    assert not link.people.exists()
    with pytest.raises(ValidationError, match="at least one person"):
        change(link, audience=Audience.PEOPLE, people=[link.owner])


def revoke(link: SharedLink) -> None:
    """By its owner."""
    sharing.revoke_link(link=link)


def expire(link: SharedLink) -> None:
    """Its time is over; nobody swept it yet."""
    SharedLink.objects.filter(id=link.id).update(expires_at=timezone.now())


def name_others(link: SharedLink) -> None:
    """Only for one person."""
    change(link, audience=Audience.PEOPLE, people=[make_user("other")])


def delete_chat(link: SharedLink) -> None:
    """As its owner would."""
    conversations.delete_conversation(conversation=link.conversation)


def lock_out(link: SharedLink) -> None:
    """The owner, by an administrator."""
    deactivate_users(users=User.objects.filter(id=link.owner_id), by=make_user("admin"))


def delete_owner(link: SharedLink) -> None:
    """For good."""
    User.objects.filter(id=link.owner_id).delete()


@pytest.mark.parametrize(
    "close", [revoke, expire, name_others, delete_chat, lock_out, delete_owner]
)
def test_whatever_closes_it_closes_page_and_files(
    close: Callable[[SharedLink], None],
    link: SharedLink,
    client: Client,
    stranger_client: Client,
) -> None:
    before = addresses(link)
    assert is_open(client, link)
    close(link)
    for address in before:
        assert stranger_client.get(address).status_code == 404
        assert client.get(address).status_code in ({302} if close is name_others else {404})
        continued = stranger_client.post(f"{before[0]}continue/")
        assert continued.status_code == 404


def test_a_chat_that_comes_back_opens_its_links_again(client: Client, link: SharedLink) -> None:
    delete_chat(link)
    conversations.restore_conversation(conversation=link.conversation)
    assert is_open(client, link)
    conversations.archive_conversation(conversation=link.conversation)
    assert is_open(client, link)


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
    attachments.discard_drafts(user=link.owner)
    attachments.discard_attachments(Attachment.objects.all())
    attachments.delete_abandoned()
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


def test_files_go_with_the_chat_that_only_its_link_used(link: SharedLink) -> None:
    Message.objects.filter(conversation=link.conversation).delete()
    delete_chat(link)
    conversations.purge_deleted(older_than=timedelta(0))
    assert not SharedLink.objects.exists()
    assert not Attachment.objects.exists()


def test_what_is_over_is_swept(link: SharedLink) -> None:
    SharedLink.objects.update(expires_at=timezone.now() + SOON)
    assert sharing.sweep_expired() == 0
    expire(link)
    assert sharing.sweep_expired() == 1
    assert not SharedLink.objects.exists()


def test_it_shows_later_turns_only_when_it_is_updated(client: Client, owner: User) -> None:
    conversation = make_conversation(owner)
    link = sharing.create_link(owner=owner, conversation=conversation)
    assert not sharing.has_changed(link)
    leaf = make_message(conversation, reply_of(conversation), "user", "Another question")
    Conversation.objects.filter(id=conversation.id).update(current_leaf=leaf)
    link = SharedLink.objects.get()
    assert sharing.has_changed(link)
    assert "Another question" not in client.get(path(link)).content.decode()
    sharing.refresh_snapshot(link=link)
    assert "Another question" in client.get(path(link)).content.decode()
    assert not sharing.has_changed(link)


def test_a_link_up_to_a_deleted_message_never_becomes_one_of_all(
    client: Client, link: SharedLink
) -> None:
    Message.objects.filter(content="Answer 0").update(parent=None)
    Message.objects.filter(content="Question 1").update(parent=None)
    Message.objects.filter(content="Answer 0").delete()
    link.refresh_from_db()
    assert not sharing.has_changed(link)
    with pytest.raises(ValidationError, match="was deleted"):
        sharing.refresh_snapshot(link=link)
    page = client.get(path(link)).content.decode()
    assert "Answer 0" in page
    assert "Question 1" not in page


def test_reasoning_is_taken_out_of_what_is_stored(client: Client, link: SharedLink) -> None:
    Message.objects.filter(content="Answer 0").update(reasoning="I wonder")
    change(link, shows_reasoning=True)
    assert "I wonder" in client.get(path(link)).content.decode()
    change(link, shows_reasoning=False)
    assert "I wonder" not in client.get(path(link)).content.decode()
    assert "I wonder" not in str(list(link.pages.values()))
    assert not sharing.has_changed(link)


def test_the_name_is_shown_only_on_wish(client: Client, link: SharedLink) -> None:
    change(link, shows_name=True)
    page = client.get(path(link)).content.decode()
    assert "olivia" in page
    assert "olivia@example.org" not in page


def test_what_cannot_be_shared(owner: User, stranger: User) -> None:
    secret = make_conversation(owner)
    Conversation.objects.filter(id=secret.id).update(is_temporary=True)
    secret.refresh_from_db()
    with pytest.raises(ValidationError, match="Temporary"):
        sharing.create_link(owner=owner, conversation=secret)
    with pytest.raises(ValidationError, match="nothing to share"):
        sharing.create_link(owner=owner, conversation=make_conversation(owner, turns=0))
    theirs = make_conversation(stranger)
    with pytest.raises(ValidationError, match="not part"):
        sharing.create_link(
            owner=owner, conversation=make_conversation(owner), last_message=reply_of(theirs)
        )
    with pytest.raises(ValidationError):
        sharing.create_link(owner=owner, conversation=theirs)
    with pytest.raises(ValidationError, match="still to come"):
        sharing.create_link(
            owner=owner, conversation=make_conversation(owner), expires_at=timezone.now()
        )
    assert not SharedLink.objects.exists()


def test_tokens_are_long_and_never_alike(owner: User, conversation: Conversation) -> None:
    made = [sharing.create_link(owner=owner, conversation=conversation) for _ in range(3)]
    assert {len(each.token) for each in made} == {43}
    assert len({each.token for each in made}) == 3


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


@pytest.mark.parametrize(
    "address", ["/s/%s/", "/s/%s/continue/", "/accounts/login/?next=%%2Fs%%2F%s%%2F"]
)
def test_addresses_are_not_logged(link: SharedLink, address: str) -> None:
    path = address % link.token
    record = logging.LogRecord("django.request", 30, "", 0, "Not Found: %s", (path,), None)
    line = LineFormatter("%(message)s").format(record)
    assert link.token not in line
    assert line == "Not Found: " + address % "…"


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
    assert "Nobody here is called “nobody”" in wrong.content.decode()
    made = owner_client.post(address, form | {"people": "fred@example.org"})
    link = SharedLink.objects.get()
    assert made["Location"] == reverse("chats:share_link", args=[conversation.id, link.id])
    assert (link.title, link.audience, link.is_whole) == ("For Fred", "people", False)
    assert list(link.people.all()) == [friend]
    page = owner_client.get(made["Location"]).content.decode()
    assert f"http://testserver/s/{link.token}/" in page
    assert 'value="fred"' in page
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


def test_another_chats_message_is_not_found(
    owner_client: Client, conversation: Conversation, stranger: User
) -> None:
    theirs = reply_of(make_conversation(stranger))
    address = reverse("chats:share", args=[conversation.id])
    for message in (str(theirs.id), "x"):
        assert owner_client.get(address, {"message": message}).status_code == 404
        assert owner_client.post(address, {"message": message}).status_code == 404
