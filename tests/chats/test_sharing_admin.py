"""Shared links in the administration: everything about them but what they show."""

import pytest
from django.test import Client

from accounts.models import User
from chats import sharing
from chats.models import SharedLink
from tests.chats.pages import make_conversation
from tests.conftest import make_user


@pytest.fixture
def link(owner: User) -> SharedLink:
    """Somebody's."""
    conversation = make_conversation(owner, title="Very private title")
    return sharing.create_link(owner=owner, conversation=conversation)


@pytest.fixture
def admin_client(db: None) -> Client:
    """A browser of the administrator."""
    client = Client()
    client.force_login(make_user("admin", is_staff=True, is_superuser=True))
    return client


def test_administrators_do_not_read_what_is_shared(admin_client: Client, link: SharedLink) -> None:
    for address in ("", f"{link.id}/", f"{link.id}/change/", f"{link.id}/history/"):
        answer = admin_client.get(f"/admin/chats/sharedlink/{address}", follow=True)
        assert answer.status_code == 200
        page = answer.content.decode()
        assert str(link.id) in page
        for secret in ("Very private title", "Question 0", "Answer 0", link.token):
            assert secret not in page


def test_they_neither_make_nor_change_them(admin_client: Client, link: SharedLink) -> None:
    assert admin_client.get("/admin/chats/sharedlink/add/").status_code == 403
    changed = admin_client.post(f"/admin/chats/sharedlink/{link.id}/change/", {"views": 99})
    assert changed.status_code == 403
    link.refresh_from_db()
    assert link.views == 0


def test_they_delete_them_and_whole_accounts(
    admin_client: Client, link: SharedLink, owner: User
) -> None:
    sharing.create_link(owner=owner, conversation=link.conversation)
    asked = admin_client.get(f"/admin/chats/sharedlink/{link.id}/delete/").content.decode()
    assert "Very private title" not in asked
    admin_client.post(f"/admin/chats/sharedlink/{link.id}/delete/", {"post": "yes"})
    assert SharedLink.objects.count() == 1
    admin_client.post(f"/admin/accounts/user/{owner.id}/delete/", {"post": "yes"})
    assert not User.objects.filter(id=owner.id).exists()


def test_they_revoke_them(admin_client: Client, link: SharedLink, client: Client) -> None:
    assert client.get(f"/s/{link.token}/").status_code == 200
    body = {"action": "revoke", "_selected_action": str(link.id)}
    page = admin_client.post("/admin/chats/sharedlink/", body, follow=True).content.decode()
    assert "1 link was revoked." in page
    assert client.get(f"/s/{link.token}/").status_code == 404
    assert not SharedLink.objects.exists()
