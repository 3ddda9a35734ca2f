"""Every address of the providers' pages, asked by everybody: from the URL configuration."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, reverse

from accounts.models import User
from providers import keys, urls, views
from providers.models import ApiKey
from tests.conftest import make_user
from tests.upstream import Upstream

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
HTMX = {"HX-Request": "true"}
NEW = "new-key-of-a-thief-012345"
ROUTES: list[URLPattern] = urls.urlpatterns
ALL = [str(route.name) for route in ROUTES]
OF_A_KEY = [str(route.name) for route in ROUTES if "key_id" in route.pattern.converters]
OF_KEYS = [str(route.name) for route in ROUTES if route.callback.__module__ == views.__name__]
BOTH = pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> Iterator[None]:
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.PROVIDER_ENVIRONMENT = {}
    yield
    cache.clear()


@pytest.fixture
def key(owner: User, upstream: Upstream) -> ApiKey:
    """The owner's."""
    return add(owner, "Private name", upstream)


@pytest.fixture
def site_key(owner: User, upstream: Upstream) -> ApiKey:
    """The site's, for a group that the owner is a member of."""
    group = Group.objects.create(name="Research")
    group.user_set.add(owner)
    return add(None, "Of the site", upstream, for_everyone=False, groups=[group])


@pytest.fixture
def admin_client(db: None) -> Client:
    """Of an administrator who is in no group."""
    client = Client()
    client.force_login(make_user("ada", is_staff=True, is_superuser=True))
    return client


def add(user: User | None, name: str, upstream: Upstream, **values: Any) -> ApiKey:
    return keys.add_key(
        user=user,
        provider="openai",
        key_name=name,
        key="secret-key-0123456789",
        base_url=upstream.url + "/v1",
        **values,
    )


def address(name: str, key_id: object) -> str:
    """The route's address; a new kind of part must be given a value here."""
    route = next(r for r in ROUTES if r.name == name)
    parts = {"key_id": key_id, "choice": "openai", "slug": "openai", "download_id": 1}
    return reverse(
        f"providers:{name}", kwargs={part: parts[part] for part in route.pattern.converters}
    )


def stored() -> list[Any]:
    """All that could have been changed."""
    return [
        list(ApiKey.objects.order_by("pk").values()),
        list(ApiKey.groups.through.objects.order_by("pk").values()),
    ]


def try_all(client: Client, path: str, upstream: Upstream, headers: dict[str, str]) -> set[int]:
    """Ask with every method; nothing may change, and nothing be told or sent."""
    before, found = stored(), set()
    for method in METHODS:
        body = {"key_name": "Taken over", "key": NEW, "user": "", "audience": "everyone"}
        data = body if method == "post" else None
        response = getattr(client, method)(path, data, headers=headers)
        assert "Private name" not in response.content.decode()
        assert "Of the site" not in response.content.decode()
        found.add(response.status_code)
    assert stored() == before
    assert not upstream.requests
    return found


@BOTH
@pytest.mark.parametrize("name", OF_A_KEY)
@pytest.mark.parametrize("role", ["stranger_client", "admin_client"])
def test_somebody_elses_key_does_not_exist(
    role: str,
    name: str,
    *,
    headers: dict[str, str],
    key: ApiKey,
    upstream: Upstream,
    request: pytest.FixtureRequest,
) -> None:
    client: Client = request.getfixturevalue(role)
    assert try_all(client, address(name, key.pk), upstream, headers) <= {404, 405}


@BOTH
@pytest.mark.parametrize("name", OF_A_KEY)
@pytest.mark.parametrize("role", ["owner_client", "stranger_client"])
def test_the_sites_key_is_changed_by_no_member(
    role: str,
    name: str,
    *,
    headers: dict[str, str],
    site_key: ApiKey,
    upstream: Upstream,
    request: pytest.FixtureRequest,
) -> None:
    client: Client = request.getfixturevalue(role)
    assert try_all(client, address(name, site_key.pk), upstream, headers) <= {404, 405}


@pytest.mark.parametrize("name", [name for name in OF_A_KEY if name in OF_KEYS])
def test_the_sites_key_is_changed_by_administrators(
    name: str, admin_client: Client, site_key: ApiKey
) -> None:
    path = address(name, site_key.pk)
    assert admin_client.post(path, {"key_name": "Other"}).status_code in {200, 302, 422}


@pytest.mark.parametrize("name", OF_A_KEY)
def test_unknown_ids(name: str, owner_client: Client) -> None:
    path = address(name, uuid4())
    for method in owner_client.options(path).get("Allow", "POST").split(", "):
        assert getattr(owner_client, method.lower())(path).status_code == 404


@pytest.mark.parametrize("name", ALL)
def test_nobody_without_an_account(
    name: str, client: Client, key: ApiKey, upstream: Upstream
) -> None:
    path = address(name, key.pk)
    before = stored()
    for method in METHODS:
        response = getattr(client, method)(path)
        assert response.status_code in {302, 405}
        if response.status_code == 302:
            assert response["Location"].startswith("/accounts/login/?next=")
            if name in OF_KEYS:
                assert getattr(client, method)(path, headers=HTMX).status_code == 401
    assert stored() == before
    assert not upstream.requests


@BOTH
@pytest.mark.parametrize("name", ALL)
def test_without_a_token(
    name: str, *, headers: dict[str, str], owner: User, key: ApiKey, upstream: Upstream
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    before = stored()

    response = client.post(
        address(name, key.pk),
        {"provider": "openai", "key_name": "Forged", "key": NEW},
        headers=headers,
    )

    assert response.status_code in {403, 405}
    assert stored() == before
    assert not upstream.requests


@pytest.mark.parametrize("name", ALL)
def test_reading_changes_nothing(
    name: str, owner_client: Client, key: ApiKey, upstream: Upstream
) -> None:
    before = stored()
    for method in ("get", "head", "options"):
        response = getattr(owner_client, method)(address(name, key.pk))
        assert response.status_code in {200, 404, 405}
    assert stored() == before


@pytest.mark.parametrize("name", OF_KEYS)
def test_answers_are_kept_by_no_cache(name: str, owner_client: Client, key: ApiKey) -> None:
    response = owner_client.get(address(name, key.pk))
    if response.status_code == 200:
        assert "no-store" in response["Cache-Control"]
        assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("field", ["user", "owner", "user_id", "slug", "is_default", "provider"])
def test_a_form_sets_only_what_it_shows(
    field: str, owner: User, stranger: User, owner_client: Client, *, key: ApiKey
) -> None:
    value = str(stranger.pk) if field.startswith(("user", "owner")) else "anthropic"
    page = f"/settings/providers/{key.pk}/"
    values = {"key_name": "Renamed", "base_url": key.base_url, field: value}
    assert owner_client.post(page, values).status_code == 302

    row = ApiKey.objects.get()
    assert (row.key_name, row.user, row.slug) == ("Renamed", owner, "openai")
    assert (row.provider, row.is_default) == ("openai", True)
