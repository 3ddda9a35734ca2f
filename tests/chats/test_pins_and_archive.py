"""Pinned chats at the top of the sidebar; archived ones out of it, in the archive."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chats import conversations, listing, messages
from chats.models import Conversation
from tests.chats.pages import HTMX, make_conversation, question_of, reply_of
from tests.plans import Plan, plan_of


def chats(owner: User, count: int, **fields: object) -> list[Conversation]:
    """Chats of one minute after another, the newest first, in few queries."""
    now = timezone.now()
    made = [
        Conversation(owner=owner, title=f"Chat-{n:03}", updated_at=now - timedelta(minutes=n))
        for n in range(count)
    ]
    for conversation in made:
        for name, value in fields.items():
            setattr(conversation, name, value)
    return Conversation.objects.bulk_create(made)


def listed(user: User) -> list[tuple[str, list[str]]]:
    """Labels and titles of the whole sidebar, page after page."""
    before, found = None, []
    while True:
        part = listing.list_conversations(user=user, before=before)
        if part.pinned:
            found.append(("Pinned", [c.title for c in part.pinned]))
        found += [(day.label, [c.title for c in day.conversations]) for day in part.days]
        before = part.older_before
        if before is None:
            return found


def titles(user: User) -> list[str]:
    """All titles of the sidebar."""
    return [title for _label, part in listed(user) for title in part]


def archived(user: User) -> list[str]:
    """All titles of the archive, page after page."""
    before, found = "", []
    while True:
        part = listing.list_archived(user=user, before=before)
        found += [c.title for c in part.conversations]
        before = part.older_before
        if not before:
            return found


def test_pinned_chats_stand_first_and_once(owner: User) -> None:
    made = chats(owner, 70)
    for conversation in (made[3], made[65]):
        conversations.set_pinned(conversation=conversation, is_pinned=True)
    found = listed(owner)
    assert found[0] == ("Pinned", ["Chat-003", "Chat-065"])
    assert len(titles(owner)) == 70
    assert sorted(titles(owner)) == [c.title for c in made]
    conversations.set_pinned(conversation=made[65], is_pinned=False)
    assert listed(owner)[0] == ("Pinned", ["Chat-003"])
    assert titles(owner)[-5:] == ["Chat-065", "Chat-066", "Chat-067", "Chat-068", "Chat-069"]


def test_the_top_is_bounded_and_nothing_is_lost(owner: User) -> None:
    made = chats(owner, 120, is_pinned=True)
    found = listed(owner)
    assert found[0] == ("Pinned", [c.title for c in made[: listing.MOST_PINNED]])
    assert titles(owner) == [c.title for c in made]


def test_pins_and_archives_are_ones_own(owner: User, stranger: User) -> None:
    chats(owner, 2, is_pinned=True)
    chats(owner, 2, archived_at=timezone.now())
    assert titles(stranger) == []
    assert archived(stranger) == []
    mine = make_conversation(stranger, title="Mine")
    theirs = Conversation.objects.filter(owner=owner, archived_at=None).first()
    assert theirs
    assert titles(stranger) == [mine.title]


def test_archiving_and_back(owner: User) -> None:
    made = chats(owner, 3)
    conversations.set_pinned(conversation=made[1], is_pinned=True)
    conversations.archive_conversation(conversation=made[1])
    conversations.archive_conversation(conversation=made[2])
    assert titles(owner) == ["Chat-000"]
    assert archived(owner) == ["Chat-002", "Chat-001"]
    again = Conversation.objects.get(id=made[1].id)
    conversations.archive_conversation(conversation=again)
    assert archived(owner) == ["Chat-002", "Chat-001"]
    conversations.unarchive_conversation(conversation=made[1])
    assert listed(owner)[0] == ("Pinned", ["Chat-001"])
    assert archived(owner) == ["Chat-002"]


def test_the_archive_comes_in_pages(owner: User) -> None:
    now = timezone.now()
    made = chats(owner, 75)
    for n, conversation in enumerate(made):
        # Several of one moment: the order must not skip or repeat any.
        conversation.archived_at = now - timedelta(minutes=n // 10)
    Conversation.objects.bulk_update(made, ["archived_at"])
    found = archived(owner)
    assert len(found) == 75
    assert sorted(found) == [c.title for c in made]
    first = listing.list_archived(user=owner)
    assert len(first.conversations) == listing.PAGE_SIZE
    conversations.delete_conversation(conversation=first.conversations[0])
    assert first.conversations[0].title not in archived(owner)
    # The next page starts where it started, whatever became of the chat at that place.
    second = listing.list_archived(user=owner, before=first.older_before)
    conversations.unarchive_conversation(conversation=first.conversations[-1])
    again = listing.list_archived(user=owner, before=first.older_before)
    assert again.conversations == second.conversations


def test_queries_do_not_grow(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    chats(owner, 80)
    chats(owner, 60, is_pinned=True)
    chats(owner, 80, archived_at=timezone.now())
    # The pinned ones, the others, the folders and the tags; then where it goes on, rows and tags.
    with django_assert_num_queries(4):
        first = listing.list_conversations(user=owner)
    with django_assert_num_queries(3):
        listing.list_conversations(user=owner, before=first.older_before)
    with django_assert_num_queries(1):
        archive = listing.list_archived(user=owner)
    with django_assert_num_queries(1):
        listing.list_archived(user=owner, before=archive.older_before)


def test_pages_cost_the_same_with_any_number(
    owner: User, owner_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def count(path: str) -> int:
        with django_assert_max_num_queries(12) as captured:
            assert owner_client.get(path).status_code == 200
        return len(captured)

    make_conversation(owner)
    few = [count("/archive/"), count("/sidebar/")]
    chats(owner, 40, is_pinned=True)
    chats(owner, 40, archived_at=timezone.now())
    assert [count("/archive/"), count("/sidebar/")] == few


def test_lists_are_read_along_their_indexes(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mine = Conversation.objects.for_user(owner)
    for found, index in (
        (mine.listed().filter(folder=None).newest_first(), "conversation_listed"),
        (mine.listed().filter(folder=uuid4()).newest_first(), "conversation_in_folder"),
        (mine.listed().pinned(50), "conversation_pinned"),
        (mine.archived(), "conversation_archived"),
    ):
        with django_assert_num_queries(1) as captured:
            list(found)
        assert plan_of(captured[0]["sql"]) == Plan([index], sorts=False)


def shelve(owner: User) -> Conversation:
    """An archived chat of one question and its answer."""
    conversation = make_conversation(owner, title="Put away")
    conversations.archive_conversation(conversation=conversation)
    return Conversation.objects.get(id=conversation.id)


def is_archived(conversation: Conversation) -> bool:
    """What is stored."""
    return Conversation.objects.get(id=conversation.id).archived_at is not None


def test_whatever_asks_for_a_reply_brings_back(owner: User) -> None:
    posted = shelve(owner)
    messages.post_message(conversation=posted, content="More")
    edited = shelve(owner)
    messages.edit_message(message=question_of(edited), content="Otherwise")
    again = shelve(owner)
    messages.regenerate_reply(message=reply_of(again))
    further = shelve(owner)
    messages.continue_reply(message=reply_of(further))
    assert [is_archived(c) for c in (posted, edited, again, further)] == [False] * 4


def test_looking_and_a_refused_message_bring_nothing_back(
    owner: User, owner_client: Client
) -> None:
    conversation = shelve(owner)
    page = owner_client.get(f"/c/{conversation.id}/").content.decode()
    assert "This chat is archived." in page
    messages.switch_branch(message=question_of(conversation))
    with pytest.raises(ValidationError):
        messages.post_message(conversation=conversation, content=" ")
    assert is_archived(conversation)


def test_the_page_forgets_its_note_with_the_message(owner: User, owner_client: Client) -> None:
    conversation = shelve(owner)
    path = f"/c/{conversation.id}/messages/"
    answer = owner_client.post(path, {"content": "More"}, headers=HTMX).content.decode()
    assert '<div id="archived" hx-swap-oob="innerHTML">' in answer
    assert "This chat is archived." not in answer
    assert (
        "This chat is archived." not in owner_client.get(f"/c/{conversation.id}/").content.decode()
    )


def test_pin_and_unpin_over_the_page(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner, title="<b>Kept</b>")
    path = f"/c/{conversation.id}/"
    here = HTMX | {"HX-Current-URL": f"http://testserver{path}"}
    answer = owner_client.post(f"{path}pin/", headers=here).content.decode()
    assert answer.index("Pinned") < answer.index(f'id="conversation-{conversation.id}"')
    menu = owner_client.get(f"{path}menu/", headers=here).content.decode()
    assert f'hx-post="{path}unpin/"' in menu
    assert 'aria-current="page"' in answer
    assert "“&lt;b&gt;Kept&lt;/b&gt;” is pinned." in answer
    answer = owner_client.post(f"{path}unpin/", headers=here).content.decode()
    assert ">Pinned<" not in answer
    menu = owner_client.get(f"{path}menu/", headers=here).content.decode()
    assert f'hx-post="{path}pin/"' in menu
    for verb in ("pin", "unpin"):
        response = owner_client.post(f"{path}{verb}/")
        assert (response.status_code, response["Location"]) == (303, path)
    assert owner_client.get(f"{path}pin/").status_code == 405


def test_archive_and_undo_over_the_page(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner, title="Shelved")
    path = f"/c/{conversation.id}/"
    answer = owner_client.post(f"{path}archive/", headers=HTMX)
    assert "“Shelved” was archived." in answer.content.decode()
    assert f'hx-post="{path}unarchive/"' in answer.content.decode()
    assert "Shelved" not in owner_client.get("/sidebar/").content.decode()
    assert "Shelved" in owner_client.get("/archive/").content.decode()
    answer = owner_client.post(f"{path}unarchive/", headers=HTMX)
    assert f'id="conversation-{conversation.id}"' in answer.content.decode()
    assert 'id="archived"' not in answer.content.decode()
    assert "Shelved" not in owner_client.get("/archive/", headers=HTMX).content.decode()
    here = HTMX | {"HX-Current-URL": f"http://testserver{path}"}
    assert owner_client.post(f"{path}archive/", headers=here)["HX-Redirect"] == "/"
    assert 'id="archived"' in owner_client.post(f"{path}unarchive/", headers=here).content.decode()


def test_archive_without_scripts(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner, title="Shelved")
    path = f"/c/{conversation.id}/"
    page = owner_client.post(f"{path}archive/", follow=True)
    assert page.redirect_chain == [("/", 303)]
    assert f'action="{path}unarchive/"' in page.content.decode()
    response = owner_client.post(f"{path}unarchive/")
    assert (response.status_code, response["Location"]) == (303, path)
    assert not is_archived(conversation)


def test_a_deleted_archived_chat_comes_back_into_the_archive(
    owner: User, owner_client: Client
) -> None:
    conversation = shelve(owner)
    path = f"/c/{conversation.id}/"
    owner_client.post(f"{path}delete/", headers=HTMX)
    assert archived(owner) == []
    assert owner_client.post(f"{path}unarchive/", headers=HTMX).status_code == 404
    assert owner_client.post(f"{path}pin/", headers=HTMX).status_code == 404
    owner_client.post(f"{path}restore/", headers=HTMX)
    assert archived(owner) == ["Put away"]
    assert titles(owner) == []


@pytest.mark.parametrize(
    "before",
    [
        "",
        "nonsense",
        "00000000-0000-4000-8000-000000000000",
        "1.00000000-0000-4000-8000-000000000000",
        f"{'9' * 30}.00000000-0000-4000-8000-000000000000",
        f"-{'9' * 17}.00000000-0000-4000-8000-000000000000",
        f"{'9' * 5000}.x",
    ],
)
def test_nonsense_in_the_archives_query(before: str, owner: User, owner_client: Client) -> None:
    shelve(owner)
    for headers in ({}, HTMX):
        assert owner_client.get("/archive/", {"before": before}, headers=headers).status_code == 200


def test_further_pages_of_the_archive(owner: User, owner_client: Client) -> None:
    now = timezone.now()
    made = chats(owner, 40)
    for n, conversation in enumerate(made):
        conversation.archived_at = now - timedelta(hours=n)
    Conversation.objects.bulk_update(made, ["archived_at"])
    page = owner_client.get("/archive/").content.decode()
    assert page.count('class="archive-row"') == 30
    found = re.search(r'hx-get="(/archive/\?before=[^"]+)"', page)
    assert found
    path = found[1]
    part = owner_client.get(path, headers=HTMX).content.decode()
    assert part.count('class="archive-row"') == 10
    assert "<html" not in part
    assert "?before=" not in part
    assert "<html" in owner_client.get(path).content.decode()
