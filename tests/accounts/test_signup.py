"""Signing up: what becomes an account, what is refused, and what a body cannot set."""

import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from accounts import registration
from accounts.models import FirstAdministrator, User
from tests.conftest import PASSWORD, make_user

NEW = {"username": "nora", "email": "nora@example.org", "password1": PASSWORD}


def sign_up(**changes: str) -> int:
    """Status of a sign-up by a fresh browser: 302 when it made an account."""
    return Client().post("/accounts/signup/", NEW | changes).status_code


def test_signing_up_makes_an_account_and_signs_in(owner: User) -> None:
    client = Client()
    response = client.post("/accounts/signup/", NEW)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert "nora@example.org" in client.get("/settings/account/").text
    user = User.objects.get(username="nora")
    assert user.check_password(PASSWORD)
    assert not user.is_staff
    assert not user.is_superuser


def test_the_first_account_administers_the_site_and_the_second_does_not(db: None) -> None:
    sign_up()
    sign_up(username="otto", email="otto@example.org")
    first, second = User.objects.order_by("date_joined")
    assert (first.username, first.is_staff, first.is_superuser) == ("nora", True, True)
    assert (second.username, second.is_staff, second.is_superuser) == ("otto", False, False)


def test_whoever_follows_an_account_made_by_command_is_not_the_first(db: None) -> None:
    make_user("boss", is_staff=True, is_superuser=True)
    sign_up()
    assert not User.objects.get(username="nora").is_superuser


def test_no_second_administrator_when_the_first_one_is_deleted(db: None) -> None:
    sign_up()
    sign_up(username="otto", email="otto@example.org")
    User.objects.get(username="nora").delete()
    sign_up(username="pia", email="pia@example.org")
    assert not User.objects.filter(is_superuser=True).exists()


def test_a_site_whose_every_account_was_deleted_can_be_set_up_again(db: None) -> None:
    sign_up()
    User.objects.all().delete()
    sign_up(username="otto", email="otto@example.org")
    assert User.objects.get().is_superuser


def test_the_database_keeps_one_first_administrator(owner: User, stranger: User) -> None:
    FirstAdministrator.objects.create(user=owner)
    for number in (1, 2):
        with pytest.raises(IntegrityError), transaction.atomic():
            FirstAdministrator.objects.create(id=number, user=stranger)


@pytest.mark.parametrize(
    "changes",
    [
        {"username": ""},
        {"username": "x" * 51},
        {"username": "two words"},
        {"username": "nora@example.org"},
        {"username": "<script>"},
        {"username": "nora\u202e"},
        {"email": ""},
        {"email": "nowhere"},
        {"email": f"{'x' * 90}@example.org"},
        {"password1": ""},
        {"password1": "short1!"},
        {"password1": "password123"},
        {"password1": "8391026475"},
        {"password1": "nora@example.org"},
    ],
)
def test_malformed_accounts_are_refused(changes: dict[str, str], owner: User) -> None:
    assert sign_up(**changes) == 200
    assert User.objects.get() == owner


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "olivia"},
        {"username": "OLIVIA"},
        {"username": "\uff4flivia"},  # A full-width o is the same letter.
        {"email": "olivia@example.org"},
        {"email": "Olivia@EXAMPLE.org"},
    ],
)
def test_taken_names_and_addresses_are_refused(changes: dict[str, str], owner: User) -> None:
    assert sign_up(**changes) == 200
    assert User.objects.get() == owner


def test_what_is_too_long_is_said_beside_its_field(owner: User) -> None:
    answers = NEW | {"username": "x" * 51, "email": f"{'x' * 90}@example.org"}
    page = Client().post("/accounts/signup/", answers).text
    assert 'id="id_username_error"' in page
    assert 'id="id_email_error"' in page


def test_every_caller_gets_the_same_normal_form(owner: User) -> None:
    user = registration.register(
        username="\uff2eora", email=" Nora@Example.ORG ", password=PASSWORD
    )
    assert (user.username, user.email) == ("Nora", "nora@example.org")
    with pytest.raises(ValidationError):
        registration.register(username="\uff2fLIVIA", email="other@example.org", password=PASSWORD)


def test_the_longest_name_and_address_are_kept_whole(db: None) -> None:
    address = f"{'a' * 64}@{'b' * 31}.org"
    assert sign_up(username="x" * 50, email=address) == 302
    user = User.objects.get()
    assert (len(user.username), user.email, len(address)) == (50, address, 100)


def test_the_database_refuses_what_differs_in_case_only(owner: User) -> None:
    for username, email in (("Olivia", "new@example.org"), ("new", "OLIVIA@example.org")):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.bulk_create([User(username=username, email=email)])


def test_an_account_taken_in_this_moment_is_refused_with_a_sentence(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the other one of two simultaneous visitors sees, whose checks both passed."""
    monkeypatch.setattr(User, "full_clean", lambda self: None)
    with pytest.raises(ValidationError, match="just been taken"):
        registration.register(username="olivia", email="new@example.org", password=PASSWORD)


@pytest.mark.parametrize("extra", ["is_staff", "is_superuser", "is_active", "session_epoch"])
def test_a_body_sets_no_powers(extra: str, owner: User) -> None:
    default = getattr(User(), extra)
    sign_up(**{extra: "0" if default else "1"})
    assert getattr(User.objects.get(username="nora"), extra) == default


def test_a_body_sets_no_id_and_no_date(owner: User) -> None:
    chosen = uuid.uuid4()
    sign_up(id=str(chosen), pk=str(chosen), date_joined="2001-01-01")
    user = User.objects.get(username="nora")
    assert user.pk != chosen
    assert user.date_joined.year > 2001


def test_closed_sign_up_makes_no_account(owner: User, settings: Settings) -> None:
    settings.SIGNUP = "closed"
    page = Client().get("/accounts/signup/")
    assert "Sign-up is closed" in page.text
    assert "Create an account" not in Client().get("/accounts/login/").text
    sign_up()
    assert User.objects.get() == owner


def test_closed_sign_up_lets_the_first_one_in(db: None, settings: Settings) -> None:
    settings.SIGNUP = "closed"
    assert sign_up() == 302
    assert User.objects.get().is_superuser


def test_closed_sign_up_refuses_who_raced_with_the_first_one(
    owner: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its page was asked for when nobody had an account yet."""
    settings.SIGNUP = "closed"
    monkeypatch.setattr(registration, "is_open", lambda: True)
    response = Client().post("/accounts/signup/", NEW)
    assert "Sign-up is closed" in response.text
    assert User.objects.get() == owner


def test_the_first_visitor_is_led_to_sign_up_and_told_what_it_means(db: None) -> None:
    client = Client()
    response = client.get("/accounts/login/?next=/settings/", follow=True)
    assert response.redirect_chain == [("/accounts/signup/?next=%2Fsettings%2F", 302)]
    assert "this account will administer the site" in response.text
    response = client.post("/accounts/signup/", NEW | {"next": "/settings/"})
    assert response["Location"] == "/settings/"


def test_later_visitors_are_not_told_so(owner: User) -> None:
    assert "administer" not in Client().get("/accounts/signup/").text
    assert Client().get("/accounts/login/").status_code == 200
