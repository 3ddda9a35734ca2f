"""What users are told: once for each thing, in their list, until they have read it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction
from django.db.models import QuerySet
from django.test import TestCase
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from accounts import events, notifications
from accounts.models import Notification, User
from accounts.notifications import Kind
from tests.plans import plan_of

SOON = timezone.now() + timedelta(days=3)


def texts(user: User) -> list[str]:
    """The list as it is read, over all its pages."""
    found: list[str] = []
    before = ""
    while True:
        page = notifications.list_notifications(user=user, before=before)
        found += [entry.sentence.text for entry in page.entries]
        if not page.older_before:
            return found
        before = page.older_before


def share(user: User, title: str = "Trip", *, path: str = "/s/trip/") -> Notification:
    """Somebody answered in a chat that the user shares."""
    told = notifications.notify_shared(user_id=user.pk, title=title, path=path, by="Bob")
    assert told is not None
    return told


def quota(user: User, percent: int, *, period: str = "2026-11") -> Notification | None:
    """A limit of the user's is near or reached."""
    return notifications.notify_quota(
        user_id=user.pk, name="Tokens a month", percent=percent, period=period, resets_at=SOON
    )


def told(user: User, action: Any) -> list[dict[str, Any]]:
    """What the user's pages receive by `action`."""
    layer = get_channel_layer()
    assert isinstance(layer, InMemoryChannelLayer)
    async_to_sync(layer.group_add)(events.user_group(user.pk), "page")
    with TestCase.captureOnCommitCallbacks(execute=True):
        action()
    found = []
    while layer.channels.get("page") and not layer.channels["page"].empty():
        found.append(layer.channels["page"].get_nowait()[1]["payload"])
    async_to_sync(layer.group_discard)(events.user_group(user.pk), "page")
    return found


def test_one_subject_is_unread_once(owner: User) -> None:
    first = share(owner, "Old title")
    again = share(owner, "New title")
    assert first.id == again.id
    assert again.created_at > first.created_at
    assert notifications.count_unread(owner) == 1
    assert texts(owner) == ["Bob answered in “New title”, which you share."]
    notifications.mark_read(user=owner, notification_id=again.id)
    third = share(owner)
    assert third.id != first.id
    assert notifications.count_unread(owner) == 1
    assert len(texts(owner)) == 2


def test_without_a_subject_each_is_one_of_its_own(owner: User) -> None:
    for _ in range(2):
        notifications.notify(user_id=owner.pk, kind=Kind.SHARED, data={"title": "x"})
    assert notifications.count_unread(owner) == 2


def test_two_at_once_are_one(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process writes between the look for an unread one and the row."""
    update = QuerySet.update

    def late(rows: Any, **fields: Any) -> int:
        count = update(rows, **fields)
        subject = "shared:/s/trip/"
        Notification.objects.create(user=owner, kind=Kind.SHARED, subject=subject)
        monkeypatch.undo()
        return count

    monkeypatch.setattr(QuerySet, "update", late)
    share(owner)
    assert notifications.count_unread(owner) == 1


def test_a_limit_is_told_once_in_its_period(owner: User) -> None:
    first = quota(owner, 80)
    assert first is not None
    assert quota(owner, 80) is None
    notifications.mark_read(user=owner, notification_id=first.id)
    assert quota(owner, 80) is None
    assert quota(owner, 100) is not None
    assert quota(owner, 80, period="2026-12") is not None
    assert texts(owner) == [
        "80 % of your limit “Tokens a month” are used.",
        "Your limit “Tokens a month” is used up.",
        "80 % of your limit “Tokens a month” are used.",
    ]
    entry = notifications.list_notifications(user=owner).entries[0]
    assert entry.sentence.detail.startswith("It starts anew on ")


def test_sentences_are_made_when_they_are_read(owner: User, monkeypatch: Any) -> None:
    quota(owner, 100)
    with translation.override("de"):
        first = texts(owner)
    assert first
    assert "Tokens a month" in first[0]
    row = Notification.objects.get()
    assert "used up" not in str(row.data)


@pytest.mark.parametrize(
    "path", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", ""]
)
def test_links_lead_nowhere_else(path: str, owner: User) -> None:
    share(owner, path=path)
    (entry,) = notifications.list_notifications(user=owner).entries
    assert entry.sentence.link == ""


def test_the_list_comes_in_pages(owner: User, stranger: User) -> None:
    now = timezone.now()
    rows = [
        # Several of one moment: the order must not skip or repeat any.
        Notification(
            user=owner,
            kind=Kind.SHARED,
            data={"title": f"{n:03}", "path": "/"},
            created_at=now - timedelta(minutes=n // 10),
        )
        for n in range(55)
    ]
    Notification.objects.bulk_create(rows)
    share(stranger)
    found = texts(owner)
    assert len(found) == len(set(found)) == 55
    for nonsense in ("x", "1", "1.x", f"{10**30}.{uuid4()}"):
        page = notifications.list_notifications(user=owner, before=nonsense)
        assert len(page.entries) == notifications.PAGE_SIZE


def test_reading_one_and_all(owner: User, stranger: User) -> None:
    first, second = share(owner), share(owner, path="/s/other/")
    theirs = share(stranger)
    notifications.mark_read(user=stranger, notification_id=first.id)
    assert notifications.count_unread(owner) == 2
    notifications.mark_read(user=owner, notification_id=first.id)
    states = {
        e.notification_id: e.is_read for e in notifications.list_notifications(user=owner).entries
    }
    assert states == {first.id: True, second.id: False}
    notifications.mark_read(user=owner)
    assert notifications.count_unread(owner) == 0
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_pages_are_told(owner: User) -> None:
    made = told(owner, lambda: share(owner))
    row = Notification.objects.get()
    assert made == [
        {"t": "notification", "id": str(row.id), "kind": "shared", "subject": row.subject}
    ]
    assert told(owner, lambda: notifications.mark_read(user=owner)) == [{"t": "read"}]
    assert told(owner, lambda: notifications.mark_read(user=owner)) == []


def test_nobody_is_told_of_what_was_rolled_back(owner: User) -> None:
    def fail() -> None:
        with transaction.atomic():
            share(owner)
            transaction.set_rollback(True)

    assert told(owner, fail) == []
    assert notifications.count_unread(owner) == 0


def test_counting_is_one_query_along_an_index(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(30):
        share(owner, path=f"/s/{n}/")
    with django_assert_num_queries(1) as captured:
        assert notifications.count_unread(owner) == 30
    assert "notification_unread" in plan_of(captured[0]["sql"]).indexes
    with django_assert_num_queries(2):
        notifications.list_notifications(user=owner)


def test_old_ones_and_those_beyond_the_most_are_removed(
    owner: User, stranger: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "KEPT", 3)
    share(stranger)
    for n in range(5):
        share(owner, f"{n}", path=f"/s/{n}/")
    old = share(owner, "old", path="/s/old/")
    Notification.objects.filter(id=old.id).update(
        created_at=timezone.now() - notifications.KEPT_FOR - timedelta(seconds=5)
    )
    assert notifications.prune() == 3
    assert [text.split("“")[1][0] for text in texts(owner)] == ["4", "3", "2"]
    assert len(texts(stranger)) == 1
    assert notifications.prune() == 0


def test_what_has_ceased_to_matter_is_not_counted_for_ever(owner: User) -> None:
    notifications.notify(
        user_id=owner.pk, kind=Kind.REPLY, data={}, subject=f"conversation:{uuid4()}"
    )
    assert notifications.count_unread(owner) == 1
    assert texts(owner) == []
    assert notifications.count_unread(owner) == 0
