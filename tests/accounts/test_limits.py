"""Limits on guessing, and that no header resets them."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.conftest import PASSWORD

TOO_MANY = "Too many failed login attempts"


def guess(number: int, login: str = "olivia", **headers: str) -> str:
    """The page that the `number`-th wrong password gets."""
    body = {"login": login, "password": f"wrong {number}"}
    return Client().post("/accounts/login/", body, **headers).text  # type: ignore[arg-type]


def test_an_account_can_be_guessed_at_five_times(owner: User) -> None:
    assert [TOO_MANY in guess(n) for n in range(6)] == [False] * 5 + [True]
    response = Client().post("/accounts/login/", {"login": "olivia", "password": PASSWORD})
    assert response.status_code == 200, "the right password does not open a limited account"


def test_an_unknown_account_is_limited_alike(owner: User) -> None:
    assert [TOO_MANY in guess(n, "nobody") for n in range(6)] == [False] * 5 + [True]


def test_spelling_the_name_otherwise_starts_no_new_count(owner: User) -> None:
    spellings = ["olivia", "OLIVIA", " olivia", "\uff4flivia", "Olivia ", "oLIVIA"]
    assert [TOO_MANY in guess(n, name) for n, name in enumerate(spellings)][-1]


def test_another_port_in_the_host_header_starts_no_new_count(owner: User) -> None:
    pages = [guess(n, HTTP_HOST=f"testserver:{8000 + n}") for n in range(6)]
    assert TOO_MANY in pages[-1]


def test_an_address_guesses_at_many_accounts_slowly(owner: User) -> None:
    pages = [guess(n, f"user{n}") for n in range(21)]
    assert [TOO_MANY in page for page in pages] == [False] * 20 + [True]


@pytest.mark.parametrize("header", ["X_FORWARDED_FOR", "X_REAL_IP", "FORWARDED", "CLIENT_IP"])
def test_a_made_up_client_address_starts_no_new_count(header: str, owner: User) -> None:
    pages = [guess(n, f"user{n}", **{f"HTTP_{header}": f"198.51.100.{n}"}) for n in range(21)]
    assert TOO_MANY in pages[-1]


def test_behind_a_trusted_proxy_only_its_own_word_counts(owner: User, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    pages = [
        guess(n, f"user{n}", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}, 203.0.113.7") for n in range(21)
    ]
    assert TOO_MANY in pages[-1]
    assert TOO_MANY not in guess(22, "other", HTTP_X_FORWARDED_FOR="203.0.113.8")


def test_too_many_requests_to_sign_in_get_429(owner: User) -> None:
    answers = [Client().post("/accounts/login/", {}) for _ in range(61)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert "Too many attempts" in answers[-1].text


def test_too_many_sign_ups_get_429(owner: User) -> None:
    statuses = [Client().post("/accounts/signup/", {}).status_code for _ in range(31)]
    assert statuses == [200] * 30 + [429]


def test_a_reset_is_sent_three_times_to_one_address(owner: User, mailoutbox: list[object]) -> None:
    for address in ("olivia@example.org", "nobody@example.org"):
        statuses = [
            Client().post("/accounts/password/reset/", {"email": address}).status_code
            for _ in range(4)
        ]
        assert statuses == [302] * 3 + [429]
    assert len(mailoutbox) == 6


def test_changing_the_password_is_limited(owner: User, owner_client: Client) -> None:
    answers = {"oldpassword": "wrong", "password1": "another fine passphrase"}
    statuses = [
        owner_client.post("/accounts/password/change/", answers).status_code for _ in range(6)
    ]
    assert statuses == [200] * 5 + [429]
