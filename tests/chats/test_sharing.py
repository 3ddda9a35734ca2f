"""Shared links: what opens them, what closes them, and what goes with them."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.access import deactivate_users
from accounts.models import User
from chats import conversations, sharing
from chats.models import Conversation, Message, SharedLink
from tests.chats.pages import (
    HTMX,
    make_conversation,
    make_message,
    read,
    reply_of,
)
from tests.chats.shares import (
    SOON,
    Audience,
    addresses,
    change,
    delete_chat,
    delete_owner,
    is_open,
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
def conversation(link: SharedLink) -> Conversation:
    """What it is a link to."""
    return link.conversation


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


def test_every_answer_under_such_addresses_is_told_to_nobody(
    client: Client, stranger_client: Client, link: SharedLink
) -> None:
    """Also what is not found, what lacks its slash, and the way to sign in."""
    guess = f"/s/{'x' * 43}/"
    asked = {
        f"/s/{link.token}": 301,
        guess: 404,
        f"{path(link)}nowhere/": 404,
        f"{path(link)}?page=9": 404,
        f"{path(link)}continue/": 302,
    }
    answers = [(client.get(address), status) for address, status in asked.items()]
    answers.append((client.post(path(link)), 405))
    change(link, audience=Audience.SIGNED_IN)
    answers.append((client.get(path(link)), 302))
    answers.append((client.get(path(link), headers=HTMX), 401))
    answers.append((stranger_client.get(f"{path(link)}continue/"), 200))
    for answer, status in answers:
        assert answer.status_code == status
        assert answer["Cache-Control"] == "private, no-store"
        assert "noindex" in answer["X-Robots-Tag"]
        # The page with the form needs an origin; no other site is told of it.
        is_form = answer.request["PATH_INFO"].endswith("/continue/")
        assert answer["Referrer-Policy"] == ("same-origin" if is_form else "no-referrer")


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


def lock_out(link: SharedLink) -> None:
    """The owner, by an administrator."""
    deactivate_users(users=User.objects.filter(id=link.owner_id), by=make_user("admin"))


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
    SharedLink.objects.update(mark="")
    assert not sharing.has_changed(SharedLink.objects.get())
    leaf = make_message(conversation, reply_of(conversation), "user", "Another question")
    Conversation.objects.filter(id=conversation.id).update(current_leaf=leaf)
    link = SharedLink.objects.get()
    assert sharing.has_changed(link)
    assert "Another question" not in client.get(path(link)).content.decode()
    sharing.refresh_snapshot(link=link)
    assert "Another question" in client.get(path(link)).content.decode()
    assert not sharing.has_changed(link)


def test_what_did_not_change_is_not_read_to_know(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    conversation = make_conversation(owner)
    sharing.create_link(owner=owner, conversation=conversation)
    link = SharedLink.objects.select_related("conversation", "last_message").get()
    with django_assert_num_queries(1):
        assert not sharing.has_changed(link)
    reply = Message.objects.filter(role="assistant")
    reply.update(status="streaming")
    with django_assert_num_queries(1):
        assert sharing.has_changed(link)
    reply.update(status="complete", content="Went on", finished_at=timezone.now())
    assert sharing.has_changed(link)
    sharing.refresh_snapshot(link=link)
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
    with pytest.raises(ValidationError, match="Only its owner"):
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
