"""The administration's page about plug-ins."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from providers import registry
from providers.plugins import Plugins
from tests.conftest import make_user
from tests.markup import Element, parse
from tests.providers.packages import Package

PAGE = "/admin/providers/plugins/"


@pytest.fixture(autouse=True)
def _packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Package(tmp_path)
    Package(
        tmp_path,
        "raise RuntimeError('<script>alert(1)</script> went wrong')",
        name="parley-provider-broken",
        entry_points={"broken": "Plugin"},
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = Plugins(reserved=frozenset(registry.BUILT_IN), path=[str(tmp_path)])
    monkeypatch.setattr(registry, "plugins", plugins)


def client_of(user: User) -> Client:
    """A browser signed in as them."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def clerk(db: None) -> User:
    """Staff who may look at keys."""
    user = make_user("carl", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    return user


def rows(client: Client) -> list[list[str]]:
    """The words in the cells of the table."""
    response = client.get(PAGE)
    assert response.status_code == 200
    body = parse(response.content.decode()).by_tag("tbody")[0]
    cells = [row.all(lambda e: e.tag in ("td", "th")) for row in body.by_tag("tr")]
    return [[" ".join(cell.text.split()) for cell in row] for row in cells]


def test_it_says_which_plugins_work_and_why_others_do_not(clerk: User) -> None:
    reason = "It cannot be imported: RuntimeError: <script>alert(1)</script> went wrong"
    nothing = "\N{EN DASH}"
    assert rows(client_of(clerk)) == [
        ["broken", nothing, "parley-provider-broken 1.2", f"Left out: {reason}"],
        ["parrot", "Parrot", "parley-provider-parrot 1.2", "Works"],
    ]


def test_it_says_that_there_are_none(clerk: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "plugins", Plugins(reserved=(), path=[]))

    assert "No plug-in is installed." in client_of(clerk).get(PAGE).content.decode()


def test_the_index_leads_to_it(clerk: User) -> None:
    client = client_of(clerk)
    for page in ("/admin/", "/admin/providers/"):
        links = [a.attributes.get("href") for a in parse_page(client, page)]
        assert PAGE in links


def parse_page(client: Client, page: str) -> list[Element]:
    """The links of a page."""
    return parse(client.get(page).content.decode()).by_tag("a")


def test_who_may_not_look_at_keys_may_not_look_at_it(owner: User, db: None) -> None:
    other = make_user("stella", is_staff=True)
    other.user_permissions.add(Permission.objects.get(codename="view_user"))

    assert client_of(other).get(PAGE).status_code == 403
    assert PAGE not in client_of(other).get("/admin/").content.decode()
    assert client_of(owner).get(PAGE).status_code in (302, 403)
    assert Client().get(PAGE).status_code == 302


def test_it_is_to_look_at_only(clerk: User) -> None:
    assert client_of(clerk).post(PAGE).status_code == 405
