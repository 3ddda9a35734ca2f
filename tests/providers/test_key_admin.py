"""Keys in the administration: found, switched off and removed, never shown or changed."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.models import User
from providers import keys
from providers.models import ApiKey
from tests.conftest import make_user

PAGE = "/admin/providers/apikey/"
SECRET = "sk-planted-9876543210-wxyz"


@pytest.fixture
def admin_client(db: None) -> Client:
    """Of an administrator."""
    client = Client()
    client.force_login(make_user("ada", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def rows(owner: User) -> list[ApiKey]:
    """Two of the owner's, one of the site's for a group."""
    group = Group.objects.create(name="Research")
    shared = {"for_everyone": False, "groups": [group]}
    return [
        add(owner, "First"),
        add(owner, "Second"),
        add(None, "Shared", provider="anthropic", **shared),
    ]


def add(user: User | None, name: str, **values: Any) -> ApiKey:
    given = {"user": user, "provider": "openai", "key_name": name, "key": SECRET}
    return keys.add_key(**given | values)


def listed(client: Client, **filters: str) -> set[str]:
    page = client.get(PAGE, filters).content.decode()
    return {name for name in ("First", "Second", "Shared") if f">{name}</a>" in page}


def act(client: Client, action: str, rows: list[ApiKey]) -> None:
    chosen = [str(row.pk) for row in rows]
    body = {"action": action, "_selected_action": chosen, "post": "yes"}
    assert client.post(PAGE, body).status_code in (200, 302)


def test_finding(admin_client: Client, owner: User, rows: list[ApiKey]) -> None:
    group = Group.objects.get()
    assert listed(admin_client) == {"First", "Second", "Shared"}
    assert listed(admin_client, provider__exact="anthropic") == {"Shared"}
    assert listed(admin_client, user__id__exact=str(owner.pk)) == {"First", "Second"}
    assert listed(admin_client, groups__id__exact=str(group.pk)) == {"Shared"}
    keys.set_active(key=rows[0], is_active=False)
    assert listed(admin_client, is_active__exact="0") == {"First"}


def test_the_list_costs_the_same_for_many(
    admin_client: Client, rows: list[ApiKey], django_assert_max_num_queries: Any
) -> None:
    group = Group.objects.get()
    for number in range(15):
        add(None, f"Site {number}", for_everyone=False, groups=[group])

    with django_assert_max_num_queries(14):
        assert admin_client.get(PAGE).status_code == 200


def test_a_key_is_not_shown_and_not_changed(admin_client: Client, rows: list[ApiKey]) -> None:
    stored = ApiKey.objects.values_list("encrypted_key", flat=True)
    for path in ("", "?o=1", f"{rows[0].pk}/change/", f"{rows[0].pk}/delete/"):
        page = admin_client.get(PAGE + path).content.decode()
        assert SECRET not in page
        assert "pk1:" not in page
        assert not [text for text in stored if text in page]
    answer = admin_client.post(f"{PAGE}{rows[0].pk}/change/", {"key_name": "Taken over"})
    assert answer.status_code == 403
    assert admin_client.get(PAGE + "add/").status_code == 403
    assert not ApiKey.objects.filter(key_name="Taken over").exists()


def test_switching_off_and_on(admin_client: Client, rows: list[ApiKey]) -> None:
    act(admin_client, "switch_off", rows[:1])
    assert not ApiKey.objects.get(key_name="First").is_active
    assert ApiKey.objects.get(key_name="Second").is_default

    act(admin_client, "switch_on", rows[:1])
    assert ApiKey.objects.get(key_name="First").is_active


def test_removing_one_and_many(admin_client: Client, rows: list[ApiKey]) -> None:
    admin_client.post(f"{PAGE}{rows[0].pk}/delete/", {"post": "yes"})
    assert ApiKey.objects.get(key_name="Second").is_default

    act(admin_client, "delete_selected", rows[1:])
    assert not ApiKey.objects.exists()


def test_who_may_only_look_only_looks(rows: list[ApiKey]) -> None:
    user = make_user("lou", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client = Client()
    client.force_login(user)
    assert listed(client) == {"First", "Second", "Shared"}

    act(client, "switch_off", rows)
    act(client, "delete_selected", rows)

    assert ApiKey.objects.filter(is_active=True).count() == 3


@pytest.mark.parametrize("path", ["", "{}/change/", "{}/delete/"])
def test_members_are_not_let_in(path: str, owner_client: Client, rows: list[ApiKey]) -> None:
    assert owner_client.get(PAGE + path.format(rows[0].pk)).status_code == 302
