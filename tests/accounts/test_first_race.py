"""Many first sign-ups at the same time, over HTTP on a real server: one administrator."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest
from django.db import connection

from accounts import registration
from accounts.models import FirstAdministrator, User
from tests.conftest import PASSWORD
from tests.server import Server

VISITORS = 20
CHEAP = {"DJANGO_SETTINGS_MODULE": "tests.site_settings"}


def fetch(browser: OpenerDirector, address: str, **answers: str) -> str:
    """A page; posted to when there are answers. Redirects are followed where they lead."""
    body = urlencode(answers).encode() if answers else None
    with browser.open(address, body, timeout=60) as response:
        return str(response.read().decode())


def sign_up(url: str, number: int, start: threading.Barrier) -> str:
    """The account page that this visitor ends up with; the sign-in page when refused."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    page = fetch(browser, f"{url}/accounts/signup/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    assert "this account will administer the site" in page
    start.wait(30)
    fetch(
        browser,
        f"{url}/accounts/signup/",
        username=f"visitor{number}",
        email=f"visitor{number}@example.org",
        password1=PASSWORD,
        next="/settings/account/",
        csrfmiddlewaretoken=token[1],
    )
    return fetch(browser, f"{url}/settings/account/")


@pytest.fixture(params=["open", "closed"])
def pages(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """How sign-up was set, and where everybody ended up."""
    start = threading.Barrier(VISITORS)
    with (
        Server(tmp_path, {"SIGNUP": request.param, **CHEAP}) as server,
        ThreadPoolExecutor(VISITORS) as pool,
    ):
        asked = [pool.submit(sign_up, server.url, number, start) for number in range(VISITORS)]
        yield request.param, [page.result() for page in asked]


@pytest.mark.server
def test_of_twenty_first_visitors_one_administers(pages: tuple[str, list[str]]) -> None:
    signup, found = pages
    signed_in = [page for page in found if "@example.org</dd>" in page]
    assert len(signed_in) == (VISITORS if signup == "open" else 1)
    assert len([page for page in signed_in if 'href="/admin/"' in page]) == 1


def test_the_row_decides_where_neither_transaction_sees_the_other(owner: User) -> None:
    """As on PostgreSQL, where a transaction does not see what another is about to commit."""
    FirstAdministrator.objects.create(user=owner)
    asked: list[str] = []

    def see_nobody(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        if '"accounts_user" WHERE NOT' not in sql:
            return execute(sql, params, *rest)
        asked.append(sql)
        return execute("SELECT 1 WHERE 1 = 0", (), *rest)

    with connection.execute_wrapper(see_nobody):
        late = registration.register(username="late", email="late@example.org", password=PASSWORD)
    assert len(asked) == 1
    late.refresh_from_db()
    assert (late.is_staff, late.is_superuser) == (False, False)
