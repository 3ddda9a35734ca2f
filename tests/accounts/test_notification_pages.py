"""The pages of what users are told: theirs alone, with and without scripts."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from accounts import announcements, notification_urls, notifications
from accounts.models import Announcement, Notification, User
from tests.conftest import make_user
from tests.data.payloads import PAYLOADS

HTMX = {"HX-Request": "true"}
ROUTES: list[URLPattern] = notification_urls.urlpatterns
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")


@pytest.fixture
def notification(owner: User) -> Notification:
    """Something private that the owner was told."""
    told = notifications.notify_shared(user_id=owner.pk, title="Private title", path="/s/private/")
    assert told
    return told


@pytest.fixture
def announcement(db: None) -> Announcement:
    """Something that everybody is told."""
    admin = make_user("ada", is_staff=True, is_superuser=True)
    made = Announcement(title="Maintenance", text="On Friday.")
    announcements.publish_announcement(announcement=made, by=admin)
    return made


def addresses(notification_id: object, announcement_id: object) -> Iterator[tuple[str, bool]]:
    """All addresses, and whether they name something of one user's."""
    ids = {"notification_id": notification_id, "announcement_id": announcement_id}
    for route in ROUTES:
        wanted = {name: ids[name] for name in route.pattern.converters}
        yield reverse(f"notifications:{route.name}", kwargs=wanted), "notification_id" in wanted


def rows() -> list[object]:
    """All that is stored."""
    return list(Notification.objects.order_by("pk").values())


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_stranger_finds_nothing_and_changes_nothing(
    headers: dict[str, str],
    stranger_client: Client,
    notification: Notification,
    announcement: Announcement,
) -> None:
    for path, is_own in addresses(notification.id, announcement.pk):
        for method in METHODS:
            before = rows()
            answer = getattr(stranger_client, method)(path, headers=headers)
            assert "Private" not in answer.content.decode()
            if is_own:
                assert answer.status_code in {404, 405}, (method, path)
                assert rows() == before
            assert Notification.objects.filter(id=notification.id, read_at=None).exists()


def test_what_does_not_exist_is_not_found(owner_client: Client, db: None) -> None:
    for path, is_own in addresses(uuid4(), 10**9):
        for method in ("get", "post"):
            status = getattr(owner_client, method)(path).status_code
            assert status in ({404, 405} if is_own else {200, 302, 405})


def test_who_is_signed_out_is_sent_to_sign_in(
    client: Client, notification: Notification, announcement: Announcement
) -> None:
    before = rows()
    for path, _own in addresses(notification.id, announcement.pk):
        for method in ("get", "post"):
            answer = getattr(client, method)(path)
            assert answer.status_code in {302, 405}
            if answer.status_code == 302:
                assert answer["Location"].startswith("/accounts/login/?next=")
                assert getattr(client, method)(path, headers=HTMX).status_code == 401
    assert rows() == before


def test_forms_need_the_token(
    owner: User, notification: Notification, announcement: Announcement
) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(owner)
    before = rows()
    for path, _own in addresses(notification.id, announcement.pk):
        for headers in ({}, HTMX):
            assert careful.post(path, headers=headers).status_code in {403, 405}
    assert rows() == before


def test_following_a_notification_reads_it(
    owner: User, owner_client: Client, notification: Notification
) -> None:
    path = reverse("notifications:follow", args=[notification.id])
    assert owner_client.head(path)["Location"] == "/s/private/"
    assert notifications.count_unread(owner) == 1
    assert owner_client.get(path)["Location"] == "/s/private/"
    assert notifications.count_unread(owner) == 0


def test_without_a_script(
    owner: User, owner_client: Client, notification: Notification, announcement: Announcement
) -> None:
    """The bell is a link to a page whose buttons are forms."""
    home = owner_client.get("/").content.decode()
    assert 'href="/notifications/"' in home
    assert "Maintenance" in home
    page = owner_client.get("/notifications/").content.decode()
    assert "Private title" in page
    read = reverse("notifications:read", args=[notification.id])
    assert f'action="{read}"' in page
    assert owner_client.post(read)["Location"] == "/notifications/"
    assert notifications.count_unread(owner) == 1
    assert owner_client.post(reverse("notifications:read_all"))["Location"] == "/notifications/"
    assert notifications.count_unread(owner) == 0
    assert "Maintenance" not in owner_client.get("/").content.decode()
    page = owner_client.get("/notifications/").content.decode()
    assert "Maintenance" in page


def test_the_banner_goes_and_the_next_one_comes(
    owner: User, owner_client: Client, announcement: Announcement
) -> None:
    announcements.publish_announcement(announcement=Announcement(title="Newer"), by=owner)
    newer = Announcement.objects.get(title="Newer")
    assert "Newer" in owner_client.get("/").content.decode()
    path = reverse("notifications:read_announcement", args=[newer.pk])
    answer = owner_client.post(path, headers=HTMX).content.decode()
    assert "Maintenance" in answer
    assert "Newer" not in answer
    assert "data-count>1<" in answer
    path = reverse("notifications:read_announcement", args=[announcement.pk])
    answer = owner_client.post(path, headers=HTMX).content.decode()
    assert "data-announcement" not in answer
    assert owner_client.post(path)["Location"] == "/"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_words_stay_words(
    payload: str, owner: User, owner_client: Client, announcement: Announcement
) -> None:
    told = notifications.notify_shared(user_id=owner.pk, title=payload, path="/s/x/", by=payload)
    assert told
    Announcement.objects.update(title=payload[:100], text=payload)
    pages = [
        owner_client.get("/notifications/"),
        owner_client.get("/notifications/", headers=HTMX),
        owner_client.get(reverse("notifications:toast", args=[told.id]), headers=HTMX),
        owner_client.get(reverse("notifications:banner"), headers=HTMX),
    ]
    for page in pages:
        text = page.content.decode()
        assert payload not in text or "<" not in payload


def test_more_come_on_demand(owner: User, owner_client: Client) -> None:
    for n in range(notifications.PAGE_SIZE + 1):
        notifications.notify_shared(user_id=owner.pk, title=f"Chat-{n:03}", path=f"/s/{n}/")
    first = owner_client.get("/notifications/").content.decode()
    assert "Chat-000" not in first
    place = first.split("/notifications/?before=")[1].split('"')[0]
    part = owner_client.get("/notifications/", {"before": place}, headers=HTMX).content.decode()
    assert "Chat-000" in part
    assert "<html" not in part


def test_the_admin_announces(owner_client: Client, announcement: Announcement) -> None:
    admin = Client()
    admin.force_login(User.objects.get(username="ada"))
    body = {"title": "New models", "text": "Try them.", "ends_at_0": "", "ends_at_1": ""}
    assert admin.post("/admin/accounts/announcement/add/", body).status_code == 302
    assert "New models" in owner_client.get("/").content.decode()
    made = Announcement.objects.get(title="New models")
    assert made.created_by is not None
    assert made.created_by.username == "ada"
    assert owner_client.get("/admin/accounts/announcement/", follow=True).status_code == 403
    path = f"/admin/accounts/announcement/{made.pk}/delete/"
    assert admin.post(path, {"post": "yes"}).status_code == 302
    assert "New models" not in owner_client.get("/").content.decode()
