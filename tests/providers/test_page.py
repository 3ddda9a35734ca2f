"""The keys page, over HTTP."""

import uuid
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from providers import keys
from providers.models import ApiKey
from tests.conftest import make_user
from tests.upstream import Upstream

PAGE = "/settings/providers/"
SECRET = "sk-planted-9876543210-wxyz"


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.PROVIDER_ENVIRONMENT = {}


@pytest.fixture
def key(owner: User, upstream: Upstream) -> ApiKey:
    return keys.add_key(
        user=owner,
        provider="openai",
        key_name="My key",
        key=SECRET,
        base_url=upstream.url + "/v1",
    )


@pytest.fixture
def administrator_client(db: None) -> Client:
    client = Client()
    client.force_login(make_user("ada", is_staff=True, is_superuser=True))
    return client


def form(upstream: Upstream, **values: str) -> dict[str, str]:
    return {
        "provider": "openai_compatible",
        "key_name": "Mine",
        "key": SECRET,
        "base_url": upstream.url + "/v1",
    } | values


def test_adding_a_key_tests_it(owner_client: Client, owner: User, upstream: Upstream) -> None:
    response = owner_client.post(PAGE, form(upstream), follow=True)

    assert response.redirect_chain == [(PAGE, 302)]
    assert "“Mine” works." in response.content.decode()
    row = ApiKey.objects.get()
    assert (row.user, row.last_four, row.encrypted_key) == (owner, "wxyz", SECRET)
    assert "…wxyz" in response.content.decode()


def test_a_wrong_key_is_shown_with_the_providers_words(
    owner_client: Client, upstream: Upstream
) -> None:
    response = owner_client.post(PAGE, form(upstream, key="wrong"), follow=True)

    assert "Incorrect API key provided." in response.content.decode()
    assert "The provider did not accept the key." in response.content.decode()


def test_wrong_values_are_said_beside_the_field(owner_client: Client, upstream: Upstream) -> None:
    response = owner_client.post(PAGE, form(upstream, base_url="http://user@host"))

    assert response.status_code == 422
    assert "characters that it may not contain" in response.content.decode()
    assert SECRET not in response.content.decode(), "not even to who has just typed it"
    assert not ApiKey.objects.exists()


def test_the_key_is_in_no_response(owner_client: Client, key: ApiKey) -> None:
    pages = [
        owner_client.get(PAGE),
        owner_client.get(f"{PAGE}{key.pk}/"),
        owner_client.post(f"{PAGE}{key.pk}/", {"key_name": ""}),
        owner_client.post(f"{PAGE}{key.pk}/test/", follow=True),
        owner_client.get("/"),
    ]

    for page in pages:
        assert SECRET not in page.content.decode() + str(page.headers)
        assert SECRET[:20] not in page.content.decode()
    assert "no-store" in pages[0].headers["Cache-Control"]


def test_the_administration_does_not_show_it(administrator_client: Client, key: ApiKey) -> None:
    for address in ("", f"{key.pk}/change/", f"{key.pk}/delete/", f"{key.pk}/history/"):
        page = administrator_client.get(f"/admin/providers/apikey/{address}")
        assert page.status_code == 200
        assert SECRET not in page.content.decode()
        assert key.encrypted_key not in page.content.decode()
        assert "pk1:" not in page.content.decode()


def test_changing(owner_client: Client, key: ApiKey, upstream: Upstream) -> None:
    values = {"key_name": "Renamed", "base_url": upstream.url + "/v1", "is_active": "on"}

    assert owner_client.post(f"{PAGE}{key.pk}/", values).status_code == 302

    key = ApiKey.objects.get()
    assert (key.key_name, key.encrypted_key, key.is_active) == ("Renamed", SECRET, True)


def test_a_changed_host_needs_the_key_and_gets_nothing(
    owner_client: Client, key: ApiKey, upstream: Upstream
) -> None:
    with Upstream() as other:
        values = {"key_name": "My key", "base_url": other.url + "/v1", "is_active": "on"}
        response = owner_client.post(f"{PAGE}{key.pk}/", values)
        owner_client.post(f"{PAGE}{key.pk}/test/")

        assert response.status_code == 422
        assert "enter the key again" in response.content.decode()
        assert other.connections_made == 0


def test_removing(owner_client: Client, key: ApiKey) -> None:
    assert owner_client.post(f"{PAGE}{key.pk}/delete/").status_code == 302
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("action", ["", "test/", "delete/"])
@pytest.mark.parametrize("role", ["stranger_client", "administrator_client"])
def test_strangers_find_nothing(
    action: str, role: str, key: ApiKey, upstream: Upstream, request: pytest.FixtureRequest
) -> None:
    client: Client = request.getfixturevalue(role)
    values = {"key_name": "Taken over", "key": "new-key-of-mine"}

    assert client.post(f"{PAGE}{key.pk}/{action}", values).status_code == 404
    assert client.get(f"{PAGE}{key.pk}/").status_code == 404

    assert ApiKey.objects.get().key_name == "My key"
    assert not upstream.requests


@pytest.mark.parametrize("action", ["", "test/", "delete/"])
def test_unknown_ids(action: str, owner_client: Client) -> None:
    assert owner_client.post(f"{PAGE}{uuid.uuid4()}/{action}").status_code == 404


def test_another_users_keys_are_not_listed(stranger_client: Client, key: ApiKey) -> None:
    assert "My key" not in stranger_client.get(PAGE).content.decode()


@pytest.mark.parametrize("action", ["test/", "delete/"])
def test_reading_changes_nothing(action: str, owner_client: Client, key: ApiKey) -> None:
    assert owner_client.get(f"{PAGE}{key.pk}/{action}").status_code == 405
    assert ApiKey.objects.exists()


@pytest.mark.parametrize("path", ["", "{}/", "{}/test/", "{}/delete/"])
def test_csrf(path: str, owner: User, key: ApiKey, upstream: Upstream) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)

    response = client.post(PAGE + path.format(key.pk), form(upstream, key_name="Forged"))

    assert response.status_code == 403
    assert ApiKey.objects.get().key_name == "My key"
    assert not upstream.requests


@pytest.mark.parametrize("path", ["", "{}/", "{}/test/", "{}/delete/"])
def test_nobody_without_an_account(path: str, client: Client, key: ApiKey) -> None:
    response = client.post(PAGE + path.format(key.pk))

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/accounts/login/")


def test_only_administrators_add_keys_for_everyone(
    owner_client: Client, owner: User, administrator_client: Client, upstream: Upstream
) -> None:
    owner_client.post(PAGE, form(upstream, for_everyone="on", user="", slug="x"))
    assert ApiKey.objects.get().user == owner

    administrator_client.post(PAGE, form(upstream, for_everyone="on"))
    site = ApiKey.objects.get(user=None)
    assert "For everyone" in owner_client.get(PAGE).content.decode()
    assert owner_client.post(f"{PAGE}{site.pk}/delete/").status_code == 404
    assert administrator_client.post(f"{PAGE}{site.pk}/delete/").status_code == 302


def test_hostile_words_are_shown_as_words(
    owner_client: Client, key: ApiKey, upstream: Upstream
) -> None:
    ApiKey.objects.update(key_name="<script>alert(1)</script>")

    page = owner_client.get(PAGE).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_what_the_environment_sets_is_said(owner_client: Client, settings: Any) -> None:
    settings.PROVIDER_ENVIRONMENT = {"openai": {"api_key": SECRET, "base_url": ""}}

    page = owner_client.get(PAGE).content.decode()

    assert "Set by the environment" in page
    assert SECRET not in page
