"""Every page of sign-in and settings: shown to whom, with which markup."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from accounts.models import User

ENTRANCE = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/password/reset/key/1-wrong/",
]
SIGNED_IN = ["/settings/", "/settings/account/", "/accounts/password/change/", "/accounts/logout/"]


class Controls(HTMLParser):
    """Inputs a visitor sees, labels' targets and all ids of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inputs: list[dict[str, str | None]] = []
        self.labelled: set[str | None] = set()
        self.ids: set[str | None] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect one tag."""
        values = dict(attrs)
        self.ids.add(values.get("id"))
        if tag == "label":
            self.labelled.add(values.get("for"))
        elif tag == "input" and "hidden" not in {*values, values.get("type")}:
            self.inputs.append(values)


@pytest.mark.parametrize("path", ENTRANCE)
def test_a_visitor_sees_the_entrance_pages(path: str, owner: User) -> None:
    response = Client().get(path)
    assert response.status_code == 200
    assert "Parley" in response.text
    assert response.text.count("<h1>") == 1


@pytest.mark.parametrize("path", SIGNED_IN)
def test_the_owner_sees_the_settings_pages(path: str, owner_client: Client) -> None:
    response = owner_client.get(path)
    assert response.status_code == 200
    assert response.text.count("<h1>") == 1


@pytest.mark.parametrize("path", ["/settings/", "/settings/account/", "/accounts/password/change/"])
def test_a_visitor_is_sent_from_the_settings_to_sign_in(path: str, owner: User) -> None:
    response = Client().get(path)
    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize("path", ENTRANCE[:4])
def test_every_control_has_its_own_label(path: str, owner: User) -> None:
    page = Controls(Client().get(path).text)
    assert {control["id"] for control in page.inputs} <= page.labelled


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("/accounts/login/", {"login": "username", "password": "current-password"}),
        (
            "/accounts/signup/",
            {"username": "username", "email": "email", "password1": "new-password"},
        ),
        ("/accounts/password/reset/", {"email": "email"}),
    ],
)
def test_browsers_know_what_to_fill_in(path: str, kinds: dict[str, str], owner: User) -> None:
    page = Controls(Client().get(path).text)
    assert {str(one["name"]): one.get("autocomplete") for one in page.inputs} == kinds


def test_password_change_asks_for_the_old_password_and_a_new_one(owner_client: Client) -> None:
    page = Controls(owner_client.get("/accounts/password/change/").text)
    assert [one.get("autocomplete") for one in page.inputs] == ["current-password", "new-password"]
    assert {control["id"] for control in page.inputs} <= page.labelled


def test_errors_are_tied_to_their_controls(db: None) -> None:
    response = Client().post(
        "/accounts/signup/", {"username": "a b", "email": "x", "password1": ""}
    )
    page = Controls(response.text)
    assert len(page.inputs) == 3
    for control in page.inputs:
        assert control["aria-invalid"] == "true"
        described = (control["aria-describedby"] or "").split()
        assert f"{control['id']}_error" in described
        assert set(described) <= page.ids


@pytest.mark.parametrize("path", [*ENTRANCE, "/accounts/logout/"])
def test_pages_have_no_inline_script_or_style(path: str, owner: User) -> None:
    client = Client()
    if path == "/accounts/logout/":
        client.force_login(owner)
    page = client.get(path).text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)


def test_pages_of_allauth_that_the_site_does_not_offer_are_missing(owner_client: Client) -> None:
    for path in ("email/", "confirm-email/", "reauthenticate/", "login/code/confirm/", "3rdparty/"):
        assert owner_client.get(f"/accounts/{path}").status_code == 404


def test_signing_out_takes_a_post(owner_client: Client) -> None:
    assert "Sign out?" in owner_client.get("/accounts/logout/").text
    assert owner_client.get("/settings/").status_code == 200
    assert owner_client.post("/accounts/logout/").status_code == 302
    assert owner_client.get("/settings/").status_code == 302


def test_signing_in_and_out_refuse_a_foreign_form(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    for path in ("login", "logout", "signup", "password/reset"):
        assert client.post(f"/accounts/{path}/", {"login": "olivia"}).status_code == 403
