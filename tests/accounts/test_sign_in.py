"""Signing in, sessions, and where a visitor is sent afterwards."""

from unittest.mock import patch

import pytest
from django.contrib.auth import hashers
from django.test import Client

from accounts.access import activate_users, deactivate_users, end_sessions
from accounts.models import User
from tests.conftest import PASSWORD

WRONG = "not the password at all"


def sign_in(client: Client, login: str, password: str = PASSWORD, **extra: str) -> str:
    """Where it leads; empty when it was refused."""
    body = {"login": login, "password": password} | extra
    return str(client.post("/accounts/login/", body).headers.get("Location", ""))


def is_in(client: Client) -> bool:
    """Whether this browser is signed in."""
    return client.get("/settings/").status_code == 200


@pytest.mark.parametrize(
    "login", ["olivia", "OLIVIA", " olivia ", "olivia@example.org", "Olivia@Example.ORG"]
)
def test_the_owner_signs_in_by_name_or_address(login: str, owner: User) -> None:
    client = Client()
    assert sign_in(client, login) == "/"
    assert is_in(client)


@pytest.mark.parametrize(
    ("login", "password"),
    [("olivia", WRONG), ("nobody", PASSWORD), ("nobody@example.org", PASSWORD), ("", PASSWORD)],
)
def test_others_do_not(login: str, password: str, owner: User) -> None:
    client = Client()
    assert sign_in(client, login, password) == ""
    assert not is_in(client)


def test_a_username_that_is_a_part_or_pattern_matches_nobody(owner: User) -> None:
    for login in ("oli", "olivi_", "%", "olivia%"):
        assert sign_in(Client(), login) == ""


@pytest.mark.parametrize(
    ("known", "unknown"),
    [("olivia", "nobody"), ("olivia@example.org", "nobody@example.org")],
)
def test_a_known_and_an_unknown_account_get_the_same_answer(
    known: str, unknown: str, owner: User
) -> None:
    answers = []
    for login in (known, unknown):
        response = Client().post("/accounts/login/", {"login": login, "password": WRONG})
        answers.append(response.text.replace(login, "LOGIN"))
    assert strip_tokens(answers[0]) == strip_tokens(answers[1])


def strip_tokens(page: str) -> str:
    """The page without its one-time tokens."""
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


@pytest.mark.parametrize("login", ["olivia", "nobody", "olivia@example.org", "nobody@example.org"])
def test_each_attempt_costs_one_password_hash(login: str, owner: User) -> None:
    """So that the time taken tells nothing about the account."""
    hasher = type(hashers.get_hasher())
    with patch.object(hasher, "encode", autospec=True, side_effect=hasher.encode) as encode:
        sign_in(Client(), login, WRONG)
    assert encode.call_count == 1


def test_signing_in_changes_the_session_key(owner: User) -> None:
    client = Client()
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = str(session.session_key)
    sign_in(client, "olivia")
    assert client.cookies["sessionid"].value != session.session_key


@pytest.mark.parametrize("target", ["/settings/", "/settings/account/?a=b"])
def test_next_leads_within_the_site(target: str, owner: User) -> None:
    assert sign_in(Client(), "olivia", next=target) == target


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "https:evil.example",
        "http://testserver.evil.example/",
        "http://testserver@evil.example/",
        "http://localhost/",  # An allowed host, but not the one that was asked.
        "javascript:alert(1)",
        "data:text/html,x",
        "\thttps://evil.example/",
    ],
)
@pytest.mark.parametrize("path", ["login", "signup", "logout"])
def test_next_leads_nowhere_else(path: str, target: str, owner: User) -> None:
    client = Client()
    body = {
        "login": {"login": "olivia", "password": PASSWORD},
        "signup": {"username": "nora", "email": "nora@example.org", "password1": PASSWORD},
        "logout": {},
    }[path]
    if path == "logout":
        client.force_login(owner)
    response = client.post(f"/accounts/{path}/", body | {"next": target})
    assert response.status_code == 302
    assert response["Location"] in {"/", "/accounts/login/"}


def test_changing_the_password_ends_the_other_sessions_only(owner: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, "olivia")
    answers = {"oldpassword": PASSWORD, "password1": "another fine passphrase"}
    assert here.post("/accounts/password/change/", answers).status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert sign_in(Client(), "olivia") == ""
    assert sign_in(Client(), "olivia", "another fine passphrase") == "/"


@pytest.mark.parametrize(
    "answers",
    [
        {"oldpassword": WRONG, "password1": "another fine passphrase"},
        {"oldpassword": PASSWORD, "password1": "short"},
        {"oldpassword": PASSWORD, "password1": ""},
        {"password1": "another fine passphrase"},
    ],
)
def test_a_password_is_changed_by_who_knows_it_to_a_good_one(
    answers: dict[str, str], owner: User, owner_client: Client
) -> None:
    assert owner_client.post("/accounts/password/change/", answers).status_code == 200
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_an_account_without_a_password_can_set_one(owner: User) -> None:
    owner.set_unusable_password()
    owner.save()
    client = Client()
    client.force_login(owner)
    response = client.get("/accounts/password/change/", follow=True)
    assert "Set a password" in response.text
    client.post("/accounts/password/set/", {"password1": "another fine passphrase"})
    owner.refresh_from_db()
    assert owner.check_password("another fine passphrase")


def test_signing_out_elsewhere_keeps_this_session(owner: User, stranger_client: Client) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, "olivia")
    assert here.get("/settings/account/sign-out-elsewhere/").status_code == 405
    assert here.post("/settings/account/sign-out-elsewhere/").status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert is_in(stranger_client)


def test_ended_sessions_stay_ended(owner: User, owner_client: Client) -> None:
    end_sessions(user=owner)
    assert not is_in(owner_client)


def test_a_deactivated_account_is_out_at_once_and_for_good(
    owner: User, stranger: User, owner_client: Client, stranger_client: Client
) -> None:
    users = User.objects.filter(pk=owner.pk)
    assert deactivate_users(users=users, by=stranger) == 1
    assert not is_in(owner_client)
    assert sign_in(Client(), "olivia") == "/accounts/inactive/"
    assert is_in(stranger_client)
    assert activate_users(users=users) == 1
    assert not is_in(owner_client)
    assert sign_in(Client(), "olivia") == "/"


def test_nobody_deactivates_themselves(owner: User) -> None:
    assert deactivate_users(users=User.objects.all(), by=owner) == 0
