"""The page of all chats, and its buttons."""

import json
from datetime import timedelta
from html import unescape
from re import findall, search
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chats.models import Conversation, Folder, Tag
from tests.chats.pages import HTMX
from tests.chats.test_bulk import chats, stored
from tests.chats.test_exporting_pages import download

PAGE = "/chats/"
CHANGE = "/chats/change/"


def shown(client: Client, query: str = "") -> list[str]:
    """Titles on a page."""
    return findall(r'class="bulk-title"[^>]*>([^<]+)<', client.get(f"{PAGE}{query}").text)


def do(client: Client, action: str, *chosen: Conversation, **fields: str) -> str:
    """Press a button over a selection; the page that comes."""
    ids = [str(each.id) for each in chosen]
    answer = client.post(CHANGE, {"action": action, "conversation": ids, **fields}, follow=True)
    assert answer.status_code == 200
    return answer.text


def test_what_is_shown(owner: User, stranger: User, owner_client: Client) -> None:
    folder = Folder.objects.create(owner=owner, name="<i>Work</i>")
    tag = Tag.objects.create(owner=owner, name="<b>urgent</b>", colour=Tag.Colour.RED)
    first, _second = chats(owner, 2, folder=folder)
    first.tags.add(tag)
    chats(stranger, 1, title="Theirs")
    chats(owner, 1, title="Temporary", is_temporary=True)
    page = owner_client.get(PAGE).text
    assert "2 chats" in page
    assert "&lt;i&gt;Work&lt;/i&gt;" in page
    assert "&lt;b&gt;urgent&lt;/b&gt;" in page
    assert "<i>Work" not in page
    assert "<b>urgent" not in page
    assert "Theirs" not in page
    assert "Temporary" not in page


def test_narrowed_and_sorted(owner: User, owner_client: Client) -> None:
    folder = Folder.objects.create(owner=owner, name="Work")
    tag = Tag.objects.create(owner=owner, name="urgent")
    chats(owner, 1, folder=folder, title="Inside")
    (pinned,) = chats(owner, 1, is_pinned=True, title="Kept")
    pinned.tags.add(tag)
    chats(owner, 1, archived_at=timezone.now(), title="Away")
    assert shown(owner_client, "?sort=title") == ["Away", "Inside", "Kept"]
    assert shown(owner_client, "?show=archived") == ["Away"]
    assert shown(owner_client, "?show=pinned") == ["Kept"]
    assert shown(owner_client, f"?folder={folder.id}") == ["Inside"]
    assert shown(owner_client, "?folder=none&sort=title") == ["Away", "Kept"]
    assert shown(owner_client, f"?tag={tag.id}") == ["Kept"]
    assert f'value="{folder.id}" selected' in owner_client.get(f"{PAGE}?folder={folder.id}").text
    assert "No chat matches." in owner_client.get(f"{PAGE}?folder={uuid4()}").text


@pytest.mark.parametrize(
    "query",
    ["?show=&sort=x&folder=&tag=", "?after=x&before=%00", "?sort=title&after=%00.%00"],
)
def test_nonsense_in_the_address(query: str, owner: User, owner_client: Client) -> None:
    chats(owner, 2)
    assert len(shown(owner_client, query)) == 2


@pytest.mark.parametrize("field", ["show", "folder", "tag"])
@pytest.mark.parametrize("value", ["not-one", "\0", " ", "None", "NONE"])
def test_criteria_that_cannot_be_understood_mean_no_chat(
    field: str, value: str, owner: User, owner_client: Client
) -> None:
    """Were they passed over, they would mean all."""
    made = chats(owner, 2)
    before = stored(owner)
    assert owner_client.get(PAGE, {field: value}).status_code == 404
    for chosen in ({"every": "1"}, {"conversation": [str(made[0].id)]}):
        body = {"action": "delete", field: value, **chosen}
        assert owner_client.post(CHANGE, body).status_code == 404
    body = {"every": "1", field: value, "format": "json"}
    assert owner_client.post("/export/", body).status_code == 404
    assert stored(owner) == before


def test_pages_lead_on_and_back_as_they_are_sorted(owner: User, owner_client: Client) -> None:
    chats(owner, 70, title="Alike & more")
    chats(owner, 5, archived_at=timezone.now(), title="Away")
    page = owner_client.get(f"{PAGE}?sort=title&show=listed").text
    assert "Previous" not in page
    found = search(r'href="(/chats/[^"]+)">Next<', page)
    assert found
    second = owner_client.get(unescape(found[1])).text
    assert second.count('class="bulk-row"') == 20
    found = search(r'href="(/chats/[^"]+)">Previous<', second)
    assert found
    assert owner_client.get(unescape(found[1])).text.count('class="bulk-row"') == 50


def test_the_page_costs_the_same_with_any_number(
    owner: User, owner_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def count() -> int:
        with django_assert_max_num_queries(20) as captured:
            assert owner_client.get(f"{PAGE}?sort=title").status_code == 200
        return len(captured)

    tag = Tag.objects.create(owner=owner, name="urgent")
    for each in chats(owner, 10, folder=Folder.objects.create(owner=owner, name="Work")):
        each.tags.add(tag)
    few = count()
    for each in chats(owner, 300, folder=Folder.objects.create(owner=owner, name="Play")):
        each.tags.add(tag)
    assert count() == few


def test_moving(owner: User, owner_client: Client) -> None:
    folder = Folder.objects.create(owner=owner, name="Work")
    first, second, third = chats(owner, 3)
    page = do(owner_client, f"move:{folder.id}", first, second)
    assert "2 chats were moved to “Work”." in page
    assert "1 chat was moved to “Play”." in do(owner_client, "move-new", third, new_folder=" Play ")
    assert "1 chat is in no folder any more." in do(owner_client, "move", second)
    assert "Nothing had to be moved." in do(owner_client, "move", second)
    inside = Conversation.objects.values_list("title", "folder__name").order_by("title")
    assert list(inside) == [("Chat-000", "Work"), ("Chat-001", None), ("Chat-002", "Play")]


def test_tagging(owner: User, owner_client: Client) -> None:
    tag = Tag.objects.create(owner=owner, name="urgent")
    first, second, third = chats(owner, 3)
    assert "2 chats are tagged “urgent” now." in do(owner_client, f"tag:{tag.id}", first, second)
    assert "3 chats are tagged “new” now." in do(
        owner_client, "tag-new", first, second, third, new_tag="new"
    )
    assert "“urgent” was taken off 1 chat." in do(owner_client, f"untag:{tag.id}", first, third)
    assert [tag.name for tag in first.tags.all()] == ["new"]
    assert sorted(tag.name for tag in second.tags.all()) == ["new", "urgent"]


@pytest.mark.parametrize("field", ["new_folder", "new_tag"])
def test_enter_in_a_field_does_what_its_button_does(
    field: str, owner: User, owner_client: Client
) -> None:
    (chat,) = chats(owner, 1)
    do(owner_client, "", chat, **{field: "Fresh"})
    assert Folder.objects.filter(name="Fresh", conversations=chat).exists() == (
        field == "new_folder"
    )
    assert Tag.objects.filter(name="Fresh", conversations=chat).exists() == (field == "new_tag")


def test_archiving_and_undo(owner: User, owner_client: Client, stranger_client: Client) -> None:
    first, second, _third = chats(owner, 3)
    page = do(owner_client, "archive", first, second)
    assert "2 chats were archived." in page
    found = search(r'action="(/chats/unarchive/\?at=[^"]+)"', page)
    assert found
    undo = unescape(found[1])
    assert stranger_client.post(undo).status_code == 303
    assert shown(owner_client, "?show=archived") == ["Chat-000", "Chat-001"]
    assert "2 chats are back." in owner_client.post(undo, follow=True).text
    assert shown(owner_client, "?show=archived") == []
    do(owner_client, "archive", first)
    assert "1 chat is not archived." in do(owner_client, "bring-back", first)


def test_deleting_and_undo(owner: User, owner_client: Client, stranger_client: Client) -> None:
    first, second, _third = chats(owner, 3)
    page = do(owner_client, "delete", first, second)
    assert "2 chats were deleted." in page
    assert shown(owner_client) == ["Chat-002"]
    found = search(r'action="(/chats/restore/\?at=[^"]+)"', page)
    assert found
    undo = unescape(found[1])
    stranger_client.post(undo)
    assert shown(owner_client) == ["Chat-002"]
    answer = owner_client.post(undo, headers=HTMX)
    assert "2 chats are back." in answer.text
    assert answer["HX-Trigger-After-Swap"] == "parley:archive"
    assert len(shown(owner_client)) == 3
    answer = owner_client.post(undo, headers=HTMX)
    assert "This cannot be undone any more." in answer.text


def test_no_undo_after_an_hour(owner: User, owner_client: Client) -> None:
    late = timezone.now() - timedelta(minutes=61)
    chats(owner, 2, deleted_at=late)
    for at in (late.isoformat(), "", "never", "\0"):
        answer = owner_client.post("/chats/restore/", query_params={"at": at}, follow=True)
        assert "This cannot be undone any more." in answer.text
    assert shown(owner_client) == []


def test_pinning(owner: User, owner_client: Client) -> None:
    first, _second = chats(owner, 2)
    assert "1 chat is pinned." in do(owner_client, "pin", first)
    assert shown(owner_client, "?show=pinned") == ["Chat-000"]
    assert "1 chat is not pinned." in do(owner_client, "unpin", first)


def test_all_that_match_are_not_named_one_by_one(owner: User, owner_client: Client) -> None:
    folder = Folder.objects.create(owner=owner, name="Work")
    chats(owner, 60, folder=folder)
    chats(owner, 2)
    page = owner_client.get(f"{PAGE}?folder={folder.id}").text
    assert "Select all 60 that match" in page
    said = do(owner_client, "archive", every="1", folder=str(folder.id))
    assert "60 chats were archived." in said
    assert len(shown(owner_client, "?show=listed")) == 2


@pytest.mark.parametrize("action", ["archive", "bring-back", "delete", "pin", "unpin", "move",
                                    "move-new", "tag-new", "", "nonsense"])  # fmt: skip
def test_a_stranger_finds_nothing_and_changes_nothing(
    action: str, owner: User, stranger_client: Client
) -> None:
    made = chats(owner, 2)
    before = stored(owner)
    ids = [each.id for each in made]
    body = {"action": action, "conversation": ids, "new_folder": "x", "new_tag": "x"}
    assert stranger_client.post(CHANGE, body).status_code == 404
    assert stored(owner) == before
    assert not Folder.objects.exists()
    assert not Tag.objects.exists()


@pytest.mark.parametrize("verb", ["move", "tag", "untag"])
def test_folders_and_tags_of_others_are_not_there(
    verb: str, owner: User, stranger: User, owner_client: Client
) -> None:
    (chat,) = chats(owner, 1)
    thing = Folder if verb == "move" else Tag
    theirs = thing.objects.create(owner=stranger, name="Theirs")
    for name in (theirs.id, uuid4(), "x"):
        body = {"action": f"{verb}:{name}", "conversation": [chat.id]}
        assert owner_client.post(CHANGE, body).status_code == 404
    chat.refresh_from_db()
    assert chat.folder is None
    assert not chat.tags.exists()
    assert "Theirs" not in owner_client.get(f"{PAGE}?folder={theirs.id}&tag={theirs.id}").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"action": "archive"}, "No chat is selected."),
        ({"action": "archive", "conversation": "nonsense"}, "No chat is selected."),
        ({"action": "archive", "every": "1", "show": "pinned"}, "No chat is selected."),
        ({"action": "burn", "every": "1"}, "Press one of the buttons"),
        ({"action": "move-new", "every": "1", "new_folder": " "}, "A name needs at least"),
        ({"action": "tag-new", "every": "1", "new_tag": "\u200b"}, "A name needs at least"),
    ],
)
def test_what_cannot_be_done_is_said(
    fields: dict[str, str], said: str, owner: User, owner_client: Client
) -> None:
    chats(owner, 1)
    before = stored(owner)
    answer = owner_client.post(CHANGE, fields, headers=HTMX)
    assert answer.status_code == 422
    assert said in answer.text
    assert said in owner_client.post(CHANGE, fields, follow=True).text
    assert stored(owner) == before


def test_htmx_gets_the_list_the_sidebar_and_what_was_done(
    owner: User, owner_client: Client
) -> None:
    first, _second = chats(owner, 2)
    body = {"action": "archive", "conversation": [first.id], "show": "listed", "sort": "title"}
    answer = owner_client.post(CHANGE, body, headers=HTMX).text
    assert "<html" not in answer
    assert findall(r'class="bulk-title"[^>]*>([^<]+)<', answer) == ["Chat-001"]
    assert 'id="sidebar-items" hx-swap-oob' in answer
    assert "1 chat was archived." in answer
    assert 'name="sort" value="title"' in answer
    assert 'id="bulk-filters"' in answer
    assert "<html" not in owner_client.get(PAGE, headers=HTMX).text


def test_without_htmx_one_comes_back_to_the_same_list(owner: User, owner_client: Client) -> None:
    made = chats(owner, 1)
    body = {"action": "pin", "conversation": [made[0].id], "show": "listed", "sort": "title"}
    answer = owner_client.post(CHANGE, body)
    assert (answer.status_code, answer["Location"]) == (303, "/chats/?show=listed&sort=title")


def test_a_selection_is_exported(owner: User, stranger: User, owner_client: Client) -> None:
    first, second, _third = chats(owner, 3)
    chats(stranger, 1, title="Theirs")
    chats(owner, 1, archived_at=timezone.now(), title="Away")
    for chosen, titles in (
        ({"conversation": [first.id, second.id]}, {"Chat-000", "Chat-001"}),
        ({"every": "1", "show": "archived"}, {"Away"}),
    ):
        body = {**chosen, "format": "json", "form": "file", "action": ""}
        exported = json.loads(download(owner_client.post("/export/", body)))
        assert {each["title"] for each in exported["conversations"]} == titles


def test_the_pages_of_a_folder_and_of_the_archive_lead_here(
    owner: User, owner_client: Client
) -> None:
    folder = Folder.objects.create(owner=owner, name="Work")
    chats(owner, 1, folder=folder, archived_at=timezone.now())
    chats(owner, 1, folder=folder)
    page = owner_client.get(f"/folders/{folder.id}/").text
    assert f'href="/chats/?folder={folder.id}"' in page
    assert 'href="/chats/?show=archived"' in owner_client.get("/archive/").text
