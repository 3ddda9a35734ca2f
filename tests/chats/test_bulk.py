"""Many chats at once: a page of them, a selection, and what is done to it."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Notification, User
from chats import bulk, events, messages, own_data, unread
from chats.models import Conversation, Folder, Membership, Message, Tag
from chats.selection import Criteria, Selection, Show, Sort, list_chats
from tests.chats.pages import make_conversation
from tests.plans import plan_of


def chats(owner: User, count: int, **fields: object) -> list[Conversation]:
    """Chats without messages, the newest first."""
    now = timezone.now()
    made = [
        Conversation(owner=owner, title=f"Chat-{n:03}", updated_at=now - timedelta(minutes=n))
        for n in range(count)
    ]
    for each in made:
        for name, value in fields.items():
            setattr(each, name, value)
    return Conversation.objects.bulk_create(made)


def these(*chosen: Conversation) -> Selection:
    """Ticked ones."""
    return Selection(ids=tuple(each.id for each in chosen))


ALL = Selection(criteria=Criteria())


def walk(user: User, sort: Sort = Sort.NEWEST, criteria: Criteria | None = None) -> list[list[str]]:
    """Titles of all pages, forwards; and that the way back leads through the same."""
    wanted = criteria or Criteria()
    page = list_chats(user=user, criteria=wanted, sort=sort)
    assert page.previous == ""
    pages = [page]
    while page.next:
        page = list_chats(user=user, criteria=wanted, sort=sort, after=page.next)
        pages.append(page)
    for known in reversed(pages[:-1]):
        page = list_chats(user=user, criteria=wanted, sort=sort, before=page.previous)
        assert page == known
    return [[each.title for each in page.chats] for page in pages]


def titles(user: User, criteria: Criteria) -> list[str]:
    """Of all that match."""
    found = [title for page in walk(user, criteria=criteria) for title in page]
    assert list_chats(user=user, criteria=criteria).total == len(found)
    return found


# Not made anew by each process: pytest-xdist compares the names of tests.
SOME = UUID(int=5)


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_in_every_order(sort: Sort, owner: User, stranger: User) -> None:
    made = chats(owner, 120)
    chats(stranger, 3)
    for each in made:
        # Several alike: the order must not skip or repeat any.
        each.updated_at = timezone.now().replace(microsecond=123456, minute=made.index(each) // 50)
        each.title = f"{'bB'[made.index(each) % 2]}{made.index(each) // 20}"
    Conversation.objects.bulk_update(made, ["updated_at", "title"])
    pages = walk(owner, sort)
    assert [len(page) for page in pages] == [50, 50, 20]
    found = [title for page in pages for title in page]
    assert sorted(found) == sorted(each.title for each in made)
    if sort is Sort.TITLE:
        assert [title.lower() for title in found] == sorted(title.lower() for title in found)


def test_newest_and_oldest(owner: User) -> None:
    chats(owner, 3)
    assert walk(owner) == [["Chat-000", "Chat-001", "Chat-002"]]
    assert walk(owner, Sort.OLDEST) == [["Chat-002", "Chat-001", "Chat-000"]]


def test_criteria(owner: User, stranger: User) -> None:
    folder = Folder.objects.create(owner=owner, name="Work")
    tag = Tag.objects.create(owner=owner, name="blue")
    inside, pinned, archived, _plain = chats(owner, 4)
    Conversation.objects.filter(id=inside.id).update(folder=folder)
    inside.tags.add(tag)
    archived.tags.add(tag)
    bulk.pin_selected(user=owner, selection=these(pinned), is_pinned=True)
    bulk.archive_selected(user=owner, selection=these(archived))
    assert titles(owner, Criteria(folder=folder.id)) == ["Chat-000"]
    assert titles(owner, Criteria(without_folder=True)) == ["Chat-001", "Chat-002", "Chat-003"]
    assert titles(owner, Criteria(show=Show.PINNED)) == ["Chat-001"]
    assert titles(owner, Criteria(show=Show.ARCHIVED)) == ["Chat-002"]
    assert titles(owner, Criteria(show=Show.LISTED)) == ["Chat-000", "Chat-001", "Chat-003"]
    assert titles(owner, Criteria(tag=tag.id)) == ["Chat-000", "Chat-002"]
    assert titles(owner, Criteria(tag=tag.id, show=Show.ARCHIVED)) == ["Chat-002"]
    assert titles(owner, Criteria(folder=uuid4())) == []
    for criteria in (Criteria(folder=folder.id), Criteria(tag=tag.id), Criteria()):
        assert titles(stranger, criteria) == []


def test_deleted_and_temporary_ones_never_appear(owner: User) -> None:
    chats(owner, 1, is_temporary=True)
    chats(owner, 1, deleted_at=timezone.now())
    assert walk(owner) == [[]]
    assert bulk.archive_selected(user=owner, selection=ALL).count == 0
    assert not Conversation.objects.filter(archived_at__isnull=False).exists()


def test_a_page_whose_chats_are_gone_is_the_first(owner: User) -> None:
    made = chats(owner, 60)
    place = list_chats(user=owner, criteria=Criteria()).next
    bulk.delete_selected(user=owner, selection=these(*made[50:]))
    page = list_chats(user=owner, criteria=Criteria(), after=place)
    assert (len(page.chats), page.previous, page.next) == (50, "", "")


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize(
    "place", ["x", ".", f"{SOME}.", f"{SOME}.{'9' * 30}", f"{SOME}.{'9' * 5000}",
              f"{SOME}.-9", f"{SOME}.zz\0", "\0"],
)  # fmt: skip
def test_places_that_are_none(place: str, sort: Sort, owner: User) -> None:
    chats(owner, 2)
    for words in ({"after": place}, {"before": place}):
        assert len(list_chats(user=owner, criteria=Criteria(), sort=sort, **words).chats) <= 2


def test_the_list_is_read_along_indexes(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for sort, index in (
        (Sort.NEWEST, "conversation_by_owner"),
        (Sort.OLDEST, "conversation_by_owner"),
        (Sort.TITLE, "conversation_by_title"),
    ):
        with django_assert_num_queries(2) as captured:
            list_chats(user=owner, criteria=Criteria(), sort=sort)
        plan = plan_of(captured[0]["sql"])
        # The second is that of the folders' ids.
        assert (plan.indexes[0], plan.sorts) == (index, False)


Action = Callable[[User, Selection], object]
ACTIONS: dict[str, Action] = {
    "archive": lambda user, chosen: bulk.archive_selected(user=user, selection=chosen),
    "bring back": lambda user, chosen: bulk.bring_selected_back(user=user, selection=chosen),
    "pin": lambda user, chosen: bulk.pin_selected(user=user, selection=chosen, is_pinned=True),
    "delete": lambda user, chosen: bulk.delete_selected(user=user, selection=chosen),
}


def stored(user: User) -> list[object]:
    """The user's rows."""
    return list(Conversation.objects.filter(owner=user).order_by("id").values())


@pytest.mark.parametrize("name", ACTIONS)
def test_others_chats_are_passed_over(name: str, owner: User, stranger: User) -> None:
    mine = chats(owner, 2)
    chats(stranger, 2, archived_at=timezone.now())
    theirs = chats(stranger, 2)
    before = stored(stranger)
    for chosen in (these(*mine, *theirs), these(*theirs), ALL):
        ACTIONS[name](owner, chosen)
        assert stored(stranger) == before
    assert bulk.archive_selected(user=owner, selection=these(*theirs)).count == 0


@pytest.mark.parametrize("name", ACTIONS)
def test_queries_do_not_grow(
    name: str, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def count(number: int, *, is_all: bool) -> int:
        made = chats(owner, number, is_unread=True)
        with django_assert_max_num_queries(14) as captured:
            ACTIONS[name](owner, ALL if is_all else these(*made))
        Conversation.objects.all().delete()
        return len(captured)

    few = count(10, is_all=False)
    assert [count(300, is_all=False), count(300, is_all=True)] == [few, few]


def test_archiving_and_its_undo(owner: User, stranger: User) -> None:
    first, second, third = chats(owner, 3)
    bulk.archive_selected(user=owner, selection=these(first))
    done = bulk.archive_selected(user=owner, selection=these(first, second))
    assert done.count == 2
    assert titles(owner, Criteria(show=Show.LISTED)) == [third.title]
    assert bulk.undo_archiving(user=stranger, at=done.at) == 0
    assert bulk.undo_archiving(user=owner, at=done.at) == 1
    # What was archived before stays so.
    assert titles(owner, Criteria(show=Show.ARCHIVED)) == [first.title]
    bulk.bring_selected_back(user=owner, selection=Selection(criteria=Criteria(Show.ARCHIVED)))
    assert titles(owner, Criteria(show=Show.ARCHIVED)) == []


def test_deleting_is_undone_together(owner: User) -> None:
    made = chats(owner, 5)
    bulk.delete_selected(user=owner, selection=these(made[4]))
    done = bulk.delete_selected(user=owner, selection=these(*made[:3]))
    assert done.count == 3
    assert titles(owner, Criteria()) == ["Chat-003"]
    assert own_data.restore_deletion(user=owner, deleted_at=done.at) == 3
    assert titles(owner, Criteria()) == ["Chat-000", "Chat-001", "Chat-002", "Chat-003"]


def test_running_replies_of_deleted_chats_are_stopped(owner: User) -> None:
    doomed, kept = make_conversation(owner), make_conversation(owner)
    replies = [messages.post_message(conversation=c, content="More").reply for c in (doomed, kept)]
    bulk.delete_selected(user=owner, selection=these(doomed))
    for reply in replies:
        reply.refresh_from_db()
    assert [reply.stop_requested for reply in replies] == [True, False]


def test_deleted_chats_are_unread_no_more(owner: User) -> None:
    doomed, kept = make_conversation(owner), make_conversation(owner)
    for each in (doomed, kept):
        reply = each.messages.get(role=Message.Role.ASSISTANT)
        unread.mark_unread(reply.id)
    bulk.delete_selected(user=owner, selection=these(doomed))
    left = Notification.objects.filter(user=owner, read_at=None)
    assert [row.subject for row in left] == [f"conversation:{kept.id}"]
    assert Conversation.objects.get(is_unread=True) == kept


def test_a_selection_by_criteria_is_made_when_it_is_carried_out(owner: User) -> None:
    folder = Folder.objects.create(owner=owner, name="Work")
    chats(owner, 3, folder=folder)
    chats(owner, 2)
    chosen = Selection(criteria=Criteria(folder=folder.id))
    chats(owner, 1, folder=folder)
    assert bulk.delete_selected(user=owner, selection=chosen).count == 4
    assert list_chats(user=owner, criteria=Criteria()).total == 2


def test_ids_that_are_nobodys_count_for_nothing(owner: User) -> None:
    (mine,) = chats(owner, 1)
    chosen = Selection(ids=(mine.id, mine.id, uuid4(), UUID(int=0)))
    assert bulk.pin_selected(user=owner, selection=chosen, is_pinned=True).count == 1


def test_members_are_told_of_deletion_and_return(
    owner: User, stranger: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, alone = chats(owner, 2)
    Membership.objects.create(conversation=shared, user=stranger)
    told: list[tuple[UUID, ...]] = []
    monkeypatch.setattr(events, "sidebar_changed", lambda user_id: told.append((user_id,)))
    monkeypatch.setattr(events, "people_changed", lambda chat, users: told.append((chat, *users)))
    done = bulk.delete_selected(user=owner, selection=these(shared, alone))
    assert set(told) == {(shared.id, stranger.id), (stranger.id,), (owner.id,)}
    told.clear()
    own_data.restore_deletion(user=owner, deleted_at=done.at)
    assert set(told) == {(stranger.id,), (owner.id,)}
