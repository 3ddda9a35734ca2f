"""Keys of the site: for everyone, for the members of groups, or for nobody."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.test import Client
from django.utils import timezone

from accounts.models import User
from providers import catalogue, errors, keys
from providers.key_listing import list_connections
from providers.models import ApiKey, ModelList
from providers.routing import resolve
from tests.conftest import make_user
from tests.providers.conftest import KEY


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.PROVIDER_ENVIRONMENT = {}
    settings.DEFAULT_MODEL = ""


@pytest.fixture
def group(owner: User) -> Group:
    """With the owner as its member."""
    made = Group.objects.create(name="Research")
    made.user_set.add(owner)
    return made


@pytest.fixture
def admin(db: None) -> User:
    """An administrator who is a member of no group."""
    return make_user("ada", is_staff=True, is_superuser=True)


@pytest.fixture
def shared(group: Group) -> ApiKey:
    """A key for the members of the group, with a model that was fetched."""
    row = keys.add_key(
        user=None,
        provider="openai",
        key_name="Of the group",
        key=KEY,
        for_everyone=False,
        groups=[group],
    )
    ModelList.objects.create(
        api_key=row, offered=[{"id": "secret-model"}], fetched_at=timezone.now()
    )
    return row


def in_picker(user: User) -> bool:
    return any(provider.slug == "openai" for provider in catalogue.models_for(user))


def is_default(user: User) -> bool:
    return catalogue.default_model(user) == "openai/secret-model"


def is_routed(user: User) -> bool:
    try:
        return resolve("openai/x", user=user).adapter.connection.api_key == KEY
    except errors.NotFoundError:
        return False


def is_on_page(user: User) -> bool:
    client = Client()
    client.force_login(user)
    return "Of the group" in client.get("/settings/providers/").content.decode()


def is_in_chat(user: User) -> bool:
    client = Client()
    client.force_login(user)
    return "openai/" in client.get("/").content.decode()


PLACES = [in_picker, is_default, is_routed, is_on_page, is_in_chat]


@pytest.mark.parametrize("reaches", PLACES)
def test_members_alone_have_it(
    reaches: Callable[[User], bool], shared: ApiKey, owner: User, stranger: User
) -> None:
    assert reaches(owner)
    assert not reaches(stranger)


@pytest.mark.parametrize("reaches", [p for p in PLACES if p is not is_on_page])
def test_an_administrator_who_is_no_member_does_not_use_it(
    reaches: Callable[[User], bool], shared: ApiKey, admin: User
) -> None:
    assert not reaches(admin)
    assert is_on_page(admin), "but may change it"


@pytest.mark.parametrize("reaches", PLACES)
def test_who_leaves_the_group_loses_it(
    reaches: Callable[[User], bool], shared: ApiKey, owner: User, group: Group
) -> None:
    group.user_set.remove(owner)

    assert not reaches(owner)


@pytest.mark.parametrize("reaches", PLACES)
def test_a_removed_group_opens_it_to_nobody(
    reaches: Callable[[User], bool], shared: ApiKey, owner: User, stranger: User, group: Group
) -> None:
    group.delete()

    assert not ApiKey.objects.get().for_everyone
    assert not reaches(owner)
    assert not reaches(stranger)


def test_without_groups_it_is_for_nobody(owner: User, admin: User) -> None:
    keys.add_key(user=None, provider="openai", key_name="X", key=KEY, for_everyone=False)

    assert not is_routed(owner)
    assert not is_routed(admin)


def test_member_of_two_groups_has_it_once(shared: ApiKey, owner: User, group: Group) -> None:
    other = Group.objects.create(name="Other")
    other.user_set.add(owner)
    keys.update_key(key=shared, key_name="Of the group", for_everyone=False, groups=[group, other])

    assert list(ApiKey.objects.usable_by(owner)) == [shared]
    assert len(list_connections(user=owner)[0].connections) == 1


def test_changing_who_has_it(shared: ApiKey, owner: User, stranger: User, group: Group) -> None:
    keys.update_key(key=shared, key_name="Same")
    assert (is_routed(owner), is_routed(stranger)) == (True, False), "nothing said, nothing changed"

    keys.update_key(key=shared, key_name="Same", for_everyone=True)
    assert (is_routed(owner), is_routed(stranger)) == (True, True)

    keys.update_key(key=shared, key_name="Same", for_everyone=False)
    assert (is_routed(owner), is_routed(stranger)) == (False, False), "no group is remembered"

    keys.update_key(key=shared, key_name="Same", for_everyone=False, groups=[group])
    assert (is_routed(owner), is_routed(stranger)) == (True, False)


def test_ones_own_key_is_shared_with_nobody(owner: User, stranger: User, group: Group) -> None:
    group.user_set.add(stranger)
    mine = keys.add_key(
        user=owner, provider="openai", key_name="Mine", key=KEY, for_everyone=False, groups=[group]
    )
    assert mine.for_everyone
    assert not mine.groups.exists()
    mine.groups.add(group)

    assert not is_routed(stranger)
    assert not is_on_page(stranger)


def test_nobody_without_an_account_has_any(shared: ApiKey) -> None:
    keys.add_key(user=None, provider="openai", key_name="Everyone's", key=KEY)

    assert not ApiKey.objects.usable_by(AnonymousUser()).exists()
    assert not ApiKey.objects.visible_to(AnonymousUser()).exists()
    assert not ApiKey.objects.changeable_by(AnonymousUser()).exists()


def test_a_kinds_name_leads_to_no_key_of_others(
    shared: ApiKey, owner: User, stranger: User
) -> None:
    everyone = keys.add_key(
        user=None, provider="openai", key_name="Everyone's", key="another-key-123456"
    )
    assert not everyone.is_default

    assert is_routed(owner)
    connection = resolve("openai/x", user=stranger).adapter.connection
    assert connection.api_key == "another-key-123456", "the oldest of those that they may use"
