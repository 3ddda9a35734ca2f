"""Adding, changing and testing keys."""

import asyncio
import threading
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from providers import catalogue, errors, keys, price_list, refresh
from providers.adapters.openai import OpenAIAdapter
from providers.key_listing import list_connections
from providers.models import ApiKey, ModelList
from providers.options import Option
from providers.routing import resolve
from providers.types import ModelInfo
from tests.providers.conftest import KEY
from tests.upstream import Upstream


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.PROVIDER_ENVIRONMENT = {}
    settings.DEFAULT_MODEL = ""


def add(user: User | None, name: str = "Mine", **values: Any) -> ApiKey:
    return keys.add_key(
        **{"user": user, "provider": "openai", "key_name": name, "key": KEY} | values
    )


def test_a_key_makes_a_connection(owner: User) -> None:
    row = add(owner)

    route = resolve("openai/gpt-4o", user=owner)
    assert (route.slug, route.model) == ("openai", "gpt-4o")
    assert route.adapter.connection.api_key == KEY
    assert not route.adapter.connection.trusted
    assert KEY not in repr(route)
    assert row.last_four == KEY[-4:]


def test_another_users_key_is_out_of_reach(owner: User, stranger: User) -> None:
    add(owner)

    with pytest.raises(errors.NotFoundError):
        resolve("openai/gpt-4o", user=stranger)


def test_the_sites_key_is_for_everyone(owner: User, stranger: User) -> None:
    add(None, "Site")

    for user in (owner, stranger):
        assert resolve("openai/x", user=user).adapter.connection.api_key == KEY


def test_one_that_is_switched_off_is_not_used(owner: User) -> None:
    keys.set_active(key=add(owner), is_active=False)

    with pytest.raises(errors.NotFoundError):
        resolve("openai/gpt-4o", user=owner)


def test_slugs(owner: User, settings: Any) -> None:
    settings.PROVIDER_ENVIRONMENT = {"anthropic": {"api_key": "x", "base_url": ""}}
    url = "http://127.0.0.1:2"
    made = [
        add(owner, "First").slug,
        add(owner, "At work").slug,
        add(owner, "at-work").slug,
        add(owner, "Mine", provider="anthropic").slug,
        add(owner, "Demo", provider="openai_compatible", base_url=url).slug,
        add(owner, "日本", provider="openai_compatible", base_url=url).slug,
    ]

    assert made == ["openai", "at-work", "at-work-2", "mine", "demo-2", "openai-compatible"]


def test_the_environment_wins(owner: User, settings: Any) -> None:
    add(owner)
    settings.PROVIDER_ENVIRONMENT = {"openai": {"api_key": "of-the-site", "base_url": ""}}

    connection = resolve("openai/x", user=owner).adapter.connection
    assert (connection.api_key, connection.trusted) == ("of-the-site", True)
    [provider] = list_connections(user=owner)
    assert [each.is_overridden for each in provider.connections] == [False, True]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"provider": "nonsense"}, "provider"),
        ({"provider": "demo"}, "provider"),
        ({"key": ""}, "key"),
        ({"key": "with a space"}, "key"),
        ({"key": "line\r\nX-Evil: 1"}, "key"),
        ({"key": "ключ"}, "key"),
        ({"key": "key\u200bkey"}, "key"),
        ({"key": "x" * 1001}, "key"),
        ({"key_name": ""}, "key_name"),
        ({"key_name": "x" * 101}, "key_name"),
        ({"key_name": "Taken"}, "key_name"),
        ({"provider": "openai_compatible"}, "base_url"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"base_url": "http://a@b"}, "base_url"),
        ({"base_url": "http://169.254.169.254"}, "base_url"),
    ],
)
def test_what_is_refused(values: dict[str, str], field: str, owner: User) -> None:
    add(owner, "Taken")

    with pytest.raises(ValidationError) as caught:
        add(owner, **values)

    assert list(caught.value.message_dict) == [field]
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("around", [" {} ", "\n{}\r\n", "\t{}", "\ufeff{}", "\u200b {}\u00a0"])
def test_what_stands_around_a_key_is_removed(around: str, owner: User) -> None:
    row = add(owner, key=around.format(KEY))
    assert (row.encrypted_key, row.last_four) == (KEY, KEY[-4:])

    keys.update_key(key=row, key_name="Mine", new_key=around.format("another-key-0123"))
    assert ApiKey.objects.get().encrypted_key == "another-key-0123"


def test_only_spaces_are_no_new_key(owner: User) -> None:
    row = add(owner)
    with pytest.raises(ValidationError):
        keys.update_key(key=row, key_name="Mine", new_key=" \n", base_url="https://evil.example")
    assert ApiKey.objects.get().encrypted_key == KEY

    server = add(owner, "Server", provider="openai_compatible", base_url="http://127.0.0.1:10")
    keys.update_key(key=server, key_name="Server", new_key=" \n", base_url="http://127.0.0.1:10")
    assert ApiKey.objects.get(pk=server.pk).encrypted_key == KEY, "nor a way to lose it"


@pytest.mark.parametrize("user", ["owner", None])
def test_a_name_that_was_taken_in_the_same_moment(
    user: str | None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    whose = request.getfixturevalue(user) if user else None
    add(whose, "Taken")
    check, seen = ApiKey.validate_constraints, []

    def before_the_other_one(row: ApiKey, **options: Any) -> None:
        seen.append(row)
        if len(seen) > 1:
            check(row, **options)

    monkeypatch.setattr(ApiKey, "validate_constraints", before_the_other_one)
    with pytest.raises(ValidationError) as caught:
        add(whose, "Taken", provider="anthropic")

    assert caught.value.message_dict == {
        "key_name": ["There is a key of this name already. Choose another name."]
    }
    assert ApiKey.objects.count() == 1


def test_renaming(owner: User) -> None:
    row = add(owner)
    add(owner, "Taken")
    checked = timezone.now()
    ApiKey.objects.update(last_checked_at=checked)

    assert keys.rename_key(key=row, key_name=" Better ").key_name == "Better"

    row.refresh_from_db()
    assert (row.key_name, row.slug, row.encrypted_key) == ("Better", "openai", KEY)
    assert row.last_checked_at == checked, "it is the same connection"
    for wrong in ("Taken", "", "x" * 101):
        with pytest.raises(ValidationError) as caught:
            keys.rename_key(key=row, key_name=wrong)
        assert list(caught.value.message_dict) == ["key_name"]


def test_one_that_was_removed_meanwhile(owner: User) -> None:
    row = add(owner)
    gone = ApiKey.objects.get()
    keys.delete_key(key=row)

    for change in (keys.rename_key, keys.update_key):
        with pytest.raises(ValidationError, match=r"The key was removed meanwhile\."):
            change(key=gone, key_name="Better")
    keys.set_active(key=gone, is_active=True)
    keys.delete_key(key=gone)
    assert not ApiKey.objects.exists()


def test_names_are_free_for_each_user_and_for_the_site(owner: User, stranger: User) -> None:
    for user in (owner, stranger, None):
        add(user, "Same")

    with pytest.raises(ValidationError):
        add(None, "Same")


def test_there_is_a_limit(owner: User, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MAX_KEYS", 1)
    add(owner)

    with pytest.raises(ValidationError):
        add(owner, "Another")


@pytest.mark.parametrize(
    "base_url",
    [
        "https://evil.example/v1",
        "http://api.openai.com/v1",
        "https://api.openai.com:444/v1",
        "https://api.openai.com.evil.example",
    ],
)
def test_a_stored_key_goes_to_no_other_host(base_url: str, owner: User) -> None:
    row = add(owner)

    with pytest.raises(ValidationError) as caught:
        keys.update_key(key=row, key_name="Mine", base_url=base_url)

    assert list(caught.value.message_dict) == ["key"]
    assert resolve("openai/x", user=owner).adapter.connection.base_url == ""


def test_a_short_key_goes_to_no_other_host_either(owner: User) -> None:
    row = add(owner, key="abc")
    assert row.last_four == "", "four of few characters would give it away"

    with pytest.raises(ValidationError):
        keys.update_key(key=row, key_name="Mine", base_url="https://evil.example")


def test_changing_host_with_the_key_and_path_without(owner: User) -> None:
    row = add(owner)
    keys.update_key(key=row, key_name="New name", base_url="https://api.openai.com/v2/")
    connection = resolve("openai/x", user=owner).adapter.connection
    assert (connection.base_url, connection.api_key) == ("https://api.openai.com/v2", KEY)

    keys.update_key(key=row, key_name="X", base_url="https://other.example", new_key="new-key")
    connection = resolve("openai/x", user=owner).adapter.connection
    assert (connection.base_url, connection.api_key) == ("https://other.example", "new-key")


@pytest.mark.parametrize("more", [{}, {"options": {}}, {"is_active": True}])
@pytest.mark.parametrize("way", ["to another", "to the usual one", "to another port"])
def test_the_second_upstream_never_sees_the_key(
    way: str, more: dict[str, Any], owner: User, upstream: Upstream
) -> None:
    with Upstream() as other:
        row = add(owner, base_url=upstream.url + "/v1")
        address = "" if way == "to the usual one" else other.url + "/v1"
        with pytest.raises(ValidationError) as caught:
            keys.update_key(key=row, key_name="Mine", base_url=address, **more)
        assert list(caught.value.message_dict) == ["key"]
        assert keys.check_key(key=ApiKey.objects.get()) == ""
        assert other.connections_made == 0

        keys.update_key(key=row, key_name="Mine", base_url=other.url, new_key="new-key-01234567")
        keys.check_key(key=ApiKey.objects.get())
        sent = str([request["headers"] for request in other.requests])
        assert "new-key-01234567" in sent
        assert KEY not in sent


def test_what_is_known_stays_with_the_connection(owner: User, upstream: Upstream) -> None:
    row = add(owner, base_url=upstream.url + "/v1")
    keys.check_key(key=row)

    keys.update_key(key=row, key_name="Other name", base_url=upstream.url + "/v1")
    assert ModelList.objects.exists()
    assert ApiKey.objects.get().last_checked_at

    keys.update_key(key=row, key_name="Mine", base_url=upstream.url + "/v2")
    assert not ModelList.objects.exists()
    assert ApiKey.objects.get().last_checked_at is None


@pytest.mark.parametrize("change", [{"base_url": "https://other.example"}, {}])
def test_an_answer_to_the_former_connection_comes_too_late(
    change: dict[str, Any], owner: User, upstream: Upstream
) -> None:
    row = add(owner, base_url=upstream.url + "/v1")
    asked = keys.source_of(ApiKey.objects.get())

    values = {"base_url": row.base_url, "new_key": "another-key-0123456789"} | change
    keys.update_key(key=row, key_name="Mine", **values)
    refresh.store(asked, [ModelInfo(id="of the former")], "")
    refresh.store(asked, [], "The provider did not accept the key.")

    assert not ModelList.objects.exists()
    stored = ApiKey.objects.get()
    assert (stored.last_checked_at, stored.last_error) == (None, "")


OPTION = Option(name="region", label="Region", type="choice", choices=(("eu", "EU"), ("us", "US")))


def test_options_are_checked(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenAIAdapter, "options", (OPTION,))
    row = add(owner, options={"region": "eu"})
    assert row.options == {"region": "eu"}
    assert resolve("openai/x", user=owner).options_with({}) == {"region": "eu"}

    keys.update_key(key=row, key_name="Mine")
    assert ApiKey.objects.get().options == {"region": "eu"}, "nothing said, nothing changed"
    keys.update_key(key=row, key_name="Mine", options={"region": ""})
    assert ApiKey.objects.get().options == {}

    for wrong in ({"region": "moon"}, {"unknown": 1}):
        with pytest.raises(ValidationError) as caught:
            keys.update_key(key=row, key_name="Mine", options=wrong)
        assert list(caught.value.message_dict) == [f"option_{next(iter(wrong))}"]


def test_testing_asks_for_the_key_and_for_the_models(
    owner: User, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an adapter whose models can be listed without a key."""

    async def check_key(adapter: OpenAIAdapter) -> None:
        if adapter.connection.api_key != KEY:
            raise errors.AuthenticationError("Who are you?")

    monkeypatch.setattr(OpenAIAdapter, "check_key", check_key)
    good = add(owner, base_url=upstream.url + "/v1")
    bad = add(owner, "Bad", base_url=upstream.url + "/v1", key="no-key-of-yours")

    assert keys.check_key(key=good) == ""
    assert keys.check_key(key=bad) == "The provider did not accept the key. Who are you?"

    bad.refresh_from_db()
    assert bad.last_error == "The provider did not accept the key. Who are you?"
    assert not ModelList.objects.get(api_key=bad).offered
    assert "echo" in str(ModelList.objects.get(api_key=good).offered)


def test_testing_takes_no_longer_than_its_limit(
    owner: User, upstream: Upstream, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check_key(adapter: OpenAIAdapter) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(OpenAIAdapter, "check_key", check_key)
    settings.PROVIDER_LIST_TIMEOUT = 0.2
    row = add(owner, base_url=upstream.url + "/v1")

    assert keys.check_key(key=row) == "The provider did not answer in time."


def test_testing_does_not_wait_for_prices(
    owner: User, upstream: Upstream, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    waited: list[bool] = []

    def filled(models: list[ModelInfo], _address: str) -> list[ModelInfo]:
        waited.append(released.wait(20))
        return models

    monkeypatch.setattr(price_list, "filled", filled)
    settings.PROVIDER_LIST_TIMEOUT = 1.0
    row = add(owner, base_url=upstream.url + "/v1")

    assert keys.check_key(key=row) == ""

    assert waited == [], "it is still being read"
    assert "echo" in str(ModelList.objects.get(api_key=row).offered)
    released.set()


def test_testing_a_key(owner: User, upstream: Upstream) -> None:
    row = add(owner, base_url=upstream.url + "/v1")

    assert keys.check_key(key=row) == ""

    row.refresh_from_db()
    assert (row.last_error, row.last_checked_at is None) == ("", False)
    [connection, demo] = catalogue.models_for(owner)
    assert (connection.slug, demo.slug) == ("openai", "demo")
    assert "echo" in [entry.info.id for entry in connection.models]
    assert connection.error == ""
    assert catalogue.default_model(owner) == "openai/ok"


def test_testing_a_wrong_key_keeps_the_providers_words(owner: User, upstream: Upstream) -> None:
    row = add(owner, base_url=upstream.url + "/v1", key="wrong")

    assert "Incorrect API key provided." in keys.check_key(key=row)

    row.refresh_from_db()
    assert "Incorrect API key provided." in row.last_error
    assert "Incorrect API key provided." in catalogue.models_for(owner)[0].error


def test_a_failed_question_keeps_the_last_list(owner: User, upstream: Upstream) -> None:
    row = add(owner, base_url=upstream.url + "/v1")
    keys.check_key(key=row)
    ApiKey.objects.update(base_url="http://127.0.0.1:10/v1")

    assert keys.check_key(key=ApiKey.objects.get())

    [connection, _demo] = catalogue.models_for(owner)
    assert connection.error
    assert "echo" in [entry.info.id for entry in connection.models]


def test_deleting_a_key_deletes_its_models(owner: User, upstream: Upstream) -> None:
    row = add(owner, base_url=upstream.url + "/v1")
    keys.check_key(key=row)
    keys.delete_key(key=row)

    assert not ApiKey.objects.exists()
    assert not ModelList.objects.exists()
