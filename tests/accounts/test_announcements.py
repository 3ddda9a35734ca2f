"""What an administrator says to everybody."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import announcements, notifications
from accounts.models import Announcement, Notification, User
from tests.conftest import make_user


@pytest.fixture
def admin(db: None) -> User:
    """Administers the site."""
    return make_user("ada", is_staff=True, is_superuser=True)


def announce(by: User, title: str = "Maintenance", **fields: object) -> Announcement:
    """Say something to everybody."""
    announcement = Announcement(title=title, text="On Friday at six.", **fields)
    announcements.publish_announcement(announcement=announcement, by=by)
    return announcement


def unread(user: User) -> int:
    """What the user's pages count."""
    return notifications.count_unread(user)


def test_everybody_is_told_without_a_row_for_each(admin: User, owner: User, stranger: User) -> None:
    announced = announce(admin)
    assert announced.created_by == admin
    assert not Notification.objects.exists()
    assert (unread(owner), unread(stranger)) == (1, 1)
    assert notifications.summarise(owner).announcement == announced
    (entry,) = notifications.list_notifications(user=owner).entries
    assert (entry.sentence.text, entry.sentence.detail) == ("Maintenance", "On Friday at six.")
    assert not entry.is_read


def test_reading_is_ones_own_and_happens_once(admin: User, owner: User, stranger: User) -> None:
    announced = announce(admin)
    for _ in range(2):
        notifications.mark_announcement_read(user=owner, announcement_id=announced.pk)
    assert Notification.objects.count() == 1
    assert (unread(owner), unread(stranger)) == (0, 1)
    assert notifications.summarise(owner).announcement is None
    (entry,) = notifications.list_notifications(user=owner).entries
    assert entry.is_read
    assert entry.sentence.detail == "On Friday at six."


def test_two_tabs_at_once_leave_one_row(admin: User, owner: User) -> None:
    announced = announce(admin)
    found = Announcement.objects.filter(id=announced.pk)
    announcements.read_announcements(user=owner, announcements=found)
    announcements.read_announcements(user=owner, announcements=found)
    assert Notification.objects.count() == 1


def test_marking_all_read_includes_announcements(admin: User, owner: User) -> None:
    announce(admin)
    announce(admin, "Another")
    notifications.mark_read(user=owner)
    assert unread(owner) == 0
    titles = [e.sentence.text for e in notifications.list_notifications(user=owner).entries]
    assert titles == ["Another", "Maintenance"]


def test_what_has_ended_is_told_to_nobody(admin: User, owner: User) -> None:
    announced = announce(admin, ends_at=timezone.now() + timedelta(hours=1))
    assert unread(owner) == 1
    Announcement.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert unread(owner) == 0
    assert notifications.summarise(owner).announcement is None
    assert notifications.list_notifications(user=owner).entries == []
    notifications.mark_announcement_read(user=owner, announcement_id=announced.pk)
    assert not Notification.objects.exists()


def test_that_one_was_read_is_kept_as_long_as_it_holds(admin: User, owner: User) -> None:
    announced = announce(admin, created_at=timezone.now() - timedelta(days=200))
    notifications.mark_announcement_read(user=owner, announcement_id=announced.pk)
    assert notifications.prune() == 0
    assert unread(owner) == 0
    Announcement.objects.update(ends_at=timezone.now() - timedelta(days=100))
    assert notifications.prune() == 1


def test_a_deleted_one_leaves_the_lists(admin: User, owner: User, stranger: User) -> None:
    announced = announce(admin)
    notifications.mark_announcement_read(user=owner, announcement_id=announced.pk)
    announced.delete()
    assert unread(stranger) == 0
    assert notifications.list_notifications(user=owner).entries == []


def test_pages_pay_one_query_and_one_more_while_there_is_something_to_say(
    admin: User, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        notifications.summarise(owner)
    for n in range(10):
        announce(admin, f"Number {n}")
    with django_assert_num_queries(2):
        found = notifications.summarise(owner)
    assert found.announcement
    assert (found.unread, found.announcement.title) == (10, "Number 9")
