"""Users in the administration: who gets in, and what they may do to whom."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.conftest import PASSWORD, make_user

LIST = "/admin/accounts/user/"


@pytest.fixture
def admin(db: None) -> User:
    """Administers the site."""
    return make_user("ada", is_staff=True, is_superuser=True)


@pytest.fixture
def clerk(db: None) -> User:
    """Staff who may look after users, without being an administrator."""
    user = make_user("carl", is_staff=True)
    names = ("view_user", "change_user", "add_user", "delete_user")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def browser(user: User) -> Client:
    """Signed in as `user`."""
    client = Client()
    client.force_login(user)
    return client


def change(client: Client, user: User, **changes: str) -> int:
    """Status of saving the user's page with `changes`; 302 when it was saved."""
    body = {"username": user.username, "email": user.email, "is_active": "on"}
    body |= {"theme": "system", "text_size": "normal", "send_key": "enter"}
    body = {name: value for name, value in (body | changes).items() if value}
    return client.post(f"{LIST}{user.pk}/change/", body).status_code


def act(client: Client, action: str, *users: User) -> int:
    """Status of one of the list's actions."""
    body = {"action": action, "_selected_action": [str(user.pk) for user in users]}
    return client.post(LIST, body).status_code


def test_visitors_reach_it_by_the_sites_own_sign_in(owner: User) -> None:
    for path in ("/admin/", LIST, "/admin/login/"):
        response = Client().get(path, follow=True)
        assert response.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    body = {"username": "olivia", "password": PASSWORD}
    response = Client().post("/admin/login/?next=/admin/", body)
    assert response["Location"].startswith("/accounts/login/")
    assert "_auth_user_id" not in Client().session


def test_people_who_are_not_staff_are_refused(owner_client: Client) -> None:
    assert owner_client.get("/admin/", follow=True).status_code == 403
    assert owner_client.get(LIST, follow=True).status_code == 403


def test_the_admin_finds_users(admin: User, owner: User, stranger: User) -> None:
    client = browser(admin)
    assert "olivia@example.org" in client.get(LIST).text
    found = client.get(LIST, {"q": "sam@example"}).text
    assert "sam@example.org" in found
    assert "olivia@example.org" not in found


def test_pages_show_no_password_hash(admin: User, owner: User) -> None:
    page = browser(admin).get(f"{LIST}{owner.pk}/change/").text
    assert owner.password not in page
    assert owner.password.rsplit("$", 1)[1] not in page


def test_the_admin_makes_an_account(admin: User) -> None:
    body = {
        "username": "nora",
        "email": "Nora@Example.org",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "is_staff": "on",
    }
    assert browser(admin).post(f"{LIST}add/", body).status_code == 302
    user = User.objects.get(username="nora")
    assert (user.email, user.is_staff) == ("nora@example.org", False)


def test_an_address_taken_in_other_case_is_refused(
    admin: User, owner: User, stranger: User
) -> None:
    assert change(browser(admin), stranger, email="OLIVIA@example.org") == 200
    assert change(browser(admin), stranger, username="Olivia") == 200
    stranger.refresh_from_db()
    assert (stranger.email, stranger.username) == ("sam@example.org", "sam")


def test_deactivating_ends_sessions_and_activating_does_not_bring_them_back(
    admin: User, owner: User, owner_client: Client, stranger_client: Client
) -> None:
    client = browser(admin)
    act(client, "deactivate", owner)
    assert owner_client.get("/settings/").status_code == 302
    assert stranger_client.get("/settings/").status_code == 200
    act(client, "activate", owner)
    owner.refresh_from_db()
    assert owner.is_active
    assert owner_client.get("/settings/").status_code == 302


def test_so_does_the_tick_on_the_users_page(admin: User, owner: User, owner_client: Client) -> None:
    client = browser(admin)
    assert change(client, owner, is_active="") == 302
    assert change(client, owner, is_active="on") == 302
    assert owner_client.get("/settings/").status_code == 302


def test_a_new_address_takes_the_reset_link_from_the_old_one(
    admin: User, owner: User, mailoutbox: list[object]
) -> None:
    Client().post("/accounts/password/reset/", {"email": "olivia@example.org"})
    assert change(browser(admin), owner, email="new@example.org") == 302
    Client().post("/accounts/password/reset/", {"email": "olivia@example.org"})
    assert ["/reset/key/" in mail.body for mail in mailoutbox] == [True, False]  # type: ignore[attr-defined]


def test_admins_cannot_lock_themselves_out(admin: User) -> None:
    client = browser(admin)
    act(client, "deactivate", admin)
    change(client, admin, is_active="")
    client.post(f"{LIST}{admin.pk}/delete/", {"post": "yes"})
    client.post(LIST, {"action": "delete_selected", "_selected_action": admin.pk, "post": "yes"})
    admin.refresh_from_db()
    assert (admin.is_active, admin.is_staff, admin.is_superuser) == (True, True, True)


def test_a_clerk_changes_users_but_hands_out_no_powers(clerk: User, owner: User) -> None:
    powers = {"is_staff": "on", "is_superuser": "on"}
    assert change(browser(clerk), owner, email="new@example.org", **powers) == 302
    assert change(browser(clerk), clerk, **powers) == 302
    owner.refresh_from_db()
    clerk.refresh_from_db()
    assert (owner.email, owner.is_staff, owner.is_superuser) == ("new@example.org", False, False)
    assert not clerk.is_superuser


def test_a_clerk_cannot_touch_an_administrator(clerk: User, admin: User) -> None:
    client = browser(clerk)
    assert change(client, admin, email="carl2@example.org") == 403
    body = {"usable_password": "true", "password1": "taken over 123", "password2": "taken over 123"}
    assert client.post(f"{LIST}{admin.pk}/password/", body).status_code == 403
    act(client, "deactivate", admin)
    assert client.post(f"{LIST}{admin.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(LIST, {"action": "delete_selected", "_selected_action": admin.pk, "post": "yes"})
    admin.refresh_from_db()
    assert (admin.email, admin.is_active) == ("ada@example.org", True)
    assert admin.check_password(PASSWORD)


def test_staff_without_the_permission_see_no_users(stranger: User, owner: User) -> None:
    stranger.is_staff = True
    stranger.save()
    client = browser(stranger)
    assert client.get(LIST).status_code == 403
    act(client, "deactivate", owner)
    owner.refresh_from_db()
    assert owner.is_active


def test_the_list_costs_the_same_for_many_users(admin: User) -> None:
    client = browser(admin)
    counts = []
    for number in range(3):
        for other in range(5):
            make_user(f"user{number}-{other}")
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))
    assert counts[1] == counts[2]
