"""One default key for each owner and provider, and what a kind's name leads to."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError

from accounts.models import User
from providers import catalogue, errors, keys
from providers.connections import sources_for
from providers.models import ApiKey
from providers.routing import resolve
from tests.providers.conftest import KEY


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.PROVIDER_ENVIRONMENT = {}
    settings.DEFAULT_MODEL = ""


def add(user: User | None, name: str, provider: str = "openai", key: str = KEY) -> ApiKey:
    return keys.add_key(user=user, provider=provider, key_name=name, key=key)


def defaults() -> set[str]:
    """Names of all default keys."""
    return set(ApiKey.objects.filter(is_default=True).values_list("key_name", flat=True))


def order(user: User) -> list[str]:
    """What the user may choose from, best first."""
    return [source.label for source in sources_for(user)]


def test_the_first_of_each_owner_and_provider_becomes_it(owner: User, stranger: User) -> None:
    assert add(owner, "First").is_default
    assert not add(owner, "Second").is_default
    add(owner, "Claude", "anthropic")
    add(None, "Site")
    add(stranger, "Theirs")

    assert defaults() == {"First", "Claude", "Site", "Theirs"}


def test_choosing_another(owner: User, stranger: User) -> None:
    add(owner, "First")
    second = add(owner, "Second")
    add(stranger, "Theirs")

    keys.set_default_key(key=second)
    keys.set_default_key(key=second)

    assert defaults() == {"Second", "Theirs"}


def test_one_that_is_switched_off_cannot_be_chosen(owner: User) -> None:
    add(owner, "First")
    second = add(owner, "Second")
    keys.set_active(key=second, is_active=False)

    with pytest.raises(ValidationError, match=r"Switch the key on first\."):
        keys.set_default_key(key=second)

    assert defaults() == {"First"}


@pytest.mark.parametrize("way", ["off", "deleted", "updated"])
def test_the_oldest_other_active_one_follows(way: str, owner: User) -> None:
    first = add(owner, "First")
    keys.set_active(key=add(owner, "Off"), is_active=False)
    add(owner, "Third")
    add(owner, "Fourth")

    if way == "off":
        keys.set_active(key=first, is_active=False)
    elif way == "deleted":
        keys.delete_key(key=first)
    else:
        keys.update_key(key=first, key_name="First", is_active=False)

    assert defaults() == {"Third"}


def test_the_only_one_comes_back_as_the_default(owner: User) -> None:
    only = add(owner, "Only")
    keys.set_active(key=only, is_active=False)
    assert defaults() == set()

    keys.set_active(key=only, is_active=True)

    assert defaults() == {"Only"}


def test_switching_on_does_not_take_the_place_of_another(owner: User) -> None:
    first = add(owner, "First")
    add(owner, "Second")
    keys.set_active(key=first, is_active=False)
    keys.set_active(key=first, is_active=True)

    assert defaults() == {"Second"}


def test_new_chats_start_with_it(owner: User) -> None:
    first = add(owner, "First")
    add(owner, "Claude", "anthropic")
    second = add(owner, "Second")
    assert order(owner) == ["First", "Second", "Claude", "Demo"]
    assert catalogue.default_model(owner).startswith("openai/")

    keys.set_default_key(key=second)

    assert order(owner) == ["Second", "First", "Claude", "Demo"]
    assert catalogue.default_model(owner).startswith("second/")
    keys.delete_key(key=first)
    assert order(owner) == ["Claude", "Second", "Demo"], "the oldest provider's key comes first"


def test_ones_own_come_before_the_sites(owner: User) -> None:
    add(None, "Site")
    add(owner, "Mine")

    assert order(owner) == ["Mine", "Site", "Demo"]


def test_a_conversation_survives_its_keys_replacement(owner: User) -> None:
    first = add(owner, "First", key="first-key-123456")
    add(owner, "Second", key="second-key-123456")
    third = add(owner, "Third", key="third-key-123456")
    keys.set_default_key(key=third)

    def used() -> str:
        return resolve("openai/gpt-4o", user=owner).adapter.connection.api_key

    assert used() == "first-key-123456", "the exact name comes first"
    keys.set_active(key=first, is_active=False)
    assert used() == "third-key-123456"
    keys.delete_key(key=first)
    assert used() == "third-key-123456"
    assert resolve("second/x", user=owner).adapter.connection.api_key == "second-key-123456"
    with pytest.raises(errors.NotFoundError):
        resolve("anthropic/x", user=owner)


def test_a_kinds_name_leads_to_the_sites_default_where_there_is_no_own(owner: User) -> None:
    first = add(None, "One", key="first-key-123456")
    second = add(None, "Two", key="second-key-123456")
    keys.set_default_key(key=second)
    keys.set_active(key=first, is_active=False)

    assert resolve("openai/x", user=owner).adapter.connection.api_key == "second-key-123456"


def test_keys_from_before_get_one(owner: User, stranger: User) -> None:
    old = add(owner, "Old")
    add(owner, "Newer")
    keys.set_active(key=add(owner, "Off", "anthropic"), is_active=False)
    add(stranger, "Theirs")
    add(None, "Site")
    chosen = add(None, "Chosen", "anthropic")
    add(None, "Other", "anthropic")
    ApiKey.objects.exclude(pk=chosen.pk).update(is_default=False)
    keys.set_active(key=old, is_active=False)
    ApiKey.objects.exclude(pk=chosen.pk).update(is_default=False)

    import_module("providers.migrations.0003_default_keys").set_defaults(apps, None)

    assert defaults() == {"Newer", "Theirs", "Site", "Chosen"}
