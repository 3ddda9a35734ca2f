"""What every page says to the browser about safety."""

import pytest
from django.test import Client

from accounts.models import User
from tests.conftest import PASSWORD

PAGES = ["/accounts/login/", "/admin/login/", "/nothing-here/"]

POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data: blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


@pytest.mark.parametrize("path", PAGES)
def test_pages_forbid_all_that_is_not_theirs(owner_client: Client, path: str) -> None:
    response = Client().get(path)
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in response.headers["Content-Security-Policy"].split(";")
    )
    assert policy == POLICY


@pytest.mark.parametrize("path", PAGES)
def test_pages_carry_the_other_defences(owner_client: Client, path: str) -> None:
    headers = Client().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-DNS-Prefetch-Control"] == "off"
    assert "camera=()" in headers["Permissions-Policy"]


def test_cookies_stay_out_of_reach_of_scripts_and_other_sites(owner: User) -> None:
    response = Client().post("/accounts/login/", {"login": owner.username, "password": PASSWORD})
    assert set(response.cookies) >= {"csrftoken", "sessionid"}
    for cookie in response.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


def test_forms_without_their_token_are_refused(owner_client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/accounts/login/", {"login": "olivia", "password": "x"})
    assert response.status_code == 403


def test_admin_pages_need_no_inline_script(owner_client: Client) -> None:
    """Django's admin works under the policy only because its pages hold no inline script."""
    page = Client().get("/admin/login/").content.decode()
    assert "<script>" not in page
    assert "onclick=" not in page
