"""The keys page, over HTTP."""

import re
import time
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from providers import keys, limits
from providers.models import ApiKey, ModelList
from tests.conftest import make_user
from tests.markup import parse
from tests.upstream import Upstream

PAGE = "/settings/providers/"
HTMX = {"HX-Request": "true"}
SECRET = "sk-planted-9876543210-wxyz"


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.PROVIDER_ENVIRONMENT = {}
    cache.clear()


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
    assert "“Mine” was added. It works." in response.content.decode()
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


def test_the_key_is_in_no_response(owner_client: Client, key: ApiKey, upstream: Upstream) -> None:
    own = f"{PAGE}{key.pk}/"
    changed = {"key_name": "My key", "key": SECRET, "base_url": upstream.url + "/v1"}
    refused = changed | {"base_url": "ftp://x", "option_nonsense": SECRET}
    pages = [
        owner_client.get(PAGE),
        owner_client.get(PAGE, headers=HTMX),
        owner_client.get(own),
        owner_client.post(own, {"key_name": "", "key": SECRET}),
        owner_client.post(own, refused),
        owner_client.post(own, changed | {"key": f"{SECRET} {SECRET}"}),
        owner_client.post(own, changed, follow=True),
        *(
            owner_client.post(f"{own}{verb}/", headers=headers, follow=True)
            for verb in ("test", "default", "disable", "enable")
            for headers in ({}, HTMX)
        ),
        owner_client.post(PAGE, form(upstream, key_name="My key")),
        owner_client.post(PAGE, form(upstream, provider=SECRET)),
        owner_client.get(f"{PAGE}add/openai/"),
        owner_client.get("/"),
    ]

    for page in pages:
        shown = page.content.decode() + str(page.headers) + str(page.cookies)
        assert SECRET not in shown
        assert SECRET[:20] not in shown
    assert "no-store" in pages[0].headers["Cache-Control"]


def test_changing(owner_client: Client, key: ApiKey, upstream: Upstream) -> None:
    values = {"key_name": "Renamed", "base_url": upstream.url + "/v1"}

    assert owner_client.post(f"{PAGE}{key.pk}/", values).status_code == 302

    key = ApiKey.objects.get()
    assert (key.key_name, key.encrypted_key, key.is_active) == ("Renamed", SECRET, True)


def test_changing_one_that_is_off_leaves_it_off(
    owner_client: Client, key: ApiKey, upstream: Upstream
) -> None:
    keys.set_active(key=key, is_active=False)
    owner_client.post(f"{PAGE}{key.pk}/", {"key_name": "Off", "base_url": upstream.url + "/v2"})

    assert not ApiKey.objects.get(key_name="Off").is_active
    assert not upstream.requests, "nobody asks with a key that is off"


def test_what_was_changed_is_tested(owner_client: Client, key: ApiKey, upstream: Upstream) -> None:
    values = {"key_name": "My key", "base_url": upstream.url + "/v1", "key": "wrong"}
    page = owner_client.post(f"{PAGE}{key.pk}/", values, follow=True).content.decode()

    assert "“My key” was changed. It does not work: The provider did not accept the key." in page


def test_spaces_around_a_key_are_removed_and_that_is_said(
    owner_client: Client, upstream: Upstream
) -> None:
    said = "Spaces around the key were removed."
    page = owner_client.post(PAGE, form(upstream, key=f"\n {SECRET}\r\n"), follow=True)
    assert said in page.content.decode()
    row = ApiKey.objects.get()
    assert row.encrypted_key == SECRET
    assert upstream.requests[0]["headers"]["authorization"] == f"Bearer {SECRET}"

    values = {"key_name": "Mine", "base_url": row.base_url}
    for key, is_said in ((f" {SECRET}", True), (SECRET, False), ("", False)):
        page = owner_client.post(f"{PAGE}{row.pk}/", values | {"key": key}, follow=True)
        assert (said in page.content.decode()) is is_said


def test_a_space_inside_a_key_is_refused(owner_client: Client, upstream: Upstream) -> None:
    page = owner_client.post(PAGE, form(upstream, key="sk-one sk-two"))

    assert page.status_code == 422
    assert "A key has no spaces, line ends or accented letters" in page.content.decode()
    assert "sk-one" not in page.content.decode()


def test_a_name_that_is_taken(owner_client: Client, key: ApiKey, upstream: Upstream) -> None:
    page = owner_client.post(PAGE, form(upstream, key_name="My key"))

    assert page.status_code == 422
    assert "There is a key of this name already. Choose another name." in page.content.decode()
    field = parse(page.content.decode()).all(lambda e: e.attributes.get("name") == "key_name")[0]
    assert field.attributes["aria-invalid"] == "true"
    assert "id_key_name_error" in field.attributes["aria-describedby"]
    assert "autofocus" in field.attributes


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_switching(headers: dict[str, str], owner_client: Client, key: ApiKey) -> None:
    for verb, is_active, said in (
        ("disable", False, "“My key” is switched off."),
        ("disable", False, "“My key” is switched off."),
        ("enable", True, "“My key” is switched on."),
    ):
        page = owner_client.post(f"{PAGE}{key.pk}/{verb}/", headers=headers, follow=True)
        assert said in page.content.decode()
        assert ApiKey.objects.get().is_active is is_active
        assert (page.content.decode().lstrip().startswith("<div")) is bool(headers)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_making_one_the_default(
    headers: dict[str, str], owner: User, owner_client: Client, key: ApiKey
) -> None:
    other = keys.add_key(user=owner, provider="openai", key_name="Other", key=SECRET)
    page = owner_client.post(f"{PAGE}{other.pk}/default/", headers=headers, follow=True)
    assert "“Other” is the default now" in page.content.decode()
    assert ApiKey.objects.get(is_default=True) == other

    keys.set_active(key=key, is_active=False)
    page = owner_client.post(f"{PAGE}{key.pk}/default/", headers=headers, follow=True)
    assert "Switch the key on first." in page.content.decode()
    assert ApiKey.objects.get(is_default=True) == other


def test_tests_are_limited_for_each_user(
    owner_client: Client,
    stranger: User,
    stranger_client: Client,
    key: ApiKey,
    *,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def test(client: Client, row: ApiKey) -> str:
        return client.post(f"{PAGE}{row.pk}/test/", follow=True).content.decode()

    for _ in range(limits.TESTS):
        assert "“My key” works." in test(owner_client, key)
    page = test(owner_client, key)
    assert re.search(r"the next one is possible in (60|5\d) seconds\.", page)
    assert len(upstream.requests) == limits.TESTS
    page = owner_client.post(PAGE, form(upstream), follow=True).content.decode()
    assert "“Mine” was added. Too many tests" in page
    assert len(upstream.requests) == limits.TESTS, "adding and removing is no way round it"

    theirs = keys.add_key(
        user=stranger, provider="openai", key_name="X", key=SECRET, base_url=key.base_url
    )
    assert "“X” works." in test(stranger_client, theirs)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + limits.PERIOD + 1)
    assert "“My key” works." in test(owner_client, key)


def test_queries_do_not_grow_with_the_keys(
    owner: User, owner_client: Client, administrator_client: Client, django_assert_num_queries: Any
) -> None:
    group = Group.objects.create(name="Research")

    def add(count: int) -> None:
        for user in (owner, None):
            for number in range(count):
                row = keys.add_key(
                    user=user,
                    provider="openai",
                    key_name=f"{count} {number}",
                    key=SECRET,
                    for_everyone=number % 2 == 0,
                    groups=[group],
                )
                ModelList.objects.create(api_key=row, fetched_at=timezone.now())

    for count in (1, 20):
        add(count)
        # The session, the user, the keys.
        with django_assert_num_queries(3):
            owner_client.get(PAGE)
        # And the groups.
        with django_assert_num_queries(4):
            administrator_client.get(PAGE)


def test_a_changed_host_needs_the_key_and_gets_nothing(
    owner_client: Client, key: ApiKey, upstream: Upstream
) -> None:
    with Upstream() as other:
        values = {"key_name": "My key", "base_url": other.url + "/v1"}
        response = owner_client.post(f"{PAGE}{key.pk}/", values)
        owner_client.post(f"{PAGE}{key.pk}/test/")

        assert response.status_code == 422
        assert "enter the key again" in response.content.decode()
        assert other.connections_made == 0


def test_removing(owner_client: Client, key: ApiKey) -> None:
    assert owner_client.post(f"{PAGE}{key.pk}/delete/").status_code == 302
    assert not ApiKey.objects.exists()


def test_another_users_keys_are_not_listed(stranger_client: Client, key: ApiKey) -> None:
    assert "My key" not in stranger_client.get(PAGE).content.decode()


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


def test_an_error_keeps_the_name_of_a_well_known_server(owner_client: Client) -> None:
    page = owner_client.get("/settings/providers/add/vllm/").text
    assert '<input type="hidden" name="preset" value="vllm">' in page

    body = {"provider": "openai_compatible", "preset": "vllm", "key_name": "", "base_url": ""}
    answer = owner_client.post("/settings/providers/", body)

    assert answer.status_code == 422
    assert "Add vLLM" in answer.text
