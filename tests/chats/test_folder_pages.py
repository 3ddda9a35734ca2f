"""Folders in the sidebar and on their pages, and chats that are put into them."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chats import conversations, folders, listing, shelves, tags
from chats.folders import create_folder
from chats.models import Conversation, Folder
from chats.shelves import Shelf
from tests.chats.pages import HTMX, make_conversation


def chats_in(folder: Folder, count: int, **fields: object) -> list[Conversation]:
    """Chats in a folder, the newest first, in one query."""
    now = timezone.now()
    return Conversation.objects.bulk_create(
        Conversation(
            owner=folder.owner,
            folder=folder,
            title=f"{folder.name}-{n:02}",
            updated_at=now - timedelta(minutes=n),
            **fields,
        )
        for n in range(count)
    )


def drawn(shelf: Shelf) -> list[object]:
    """What the sidebar shows of a folder, nested."""
    titles = [c.title for c in shelf.conversations]
    return [shelf.folder.name, [drawn(each) for each in shelf.shelves], titles]


def body(client: Client, path: str, **headers: str) -> str:
    """Of the answer, which is no error."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


class TestSidebar:
    """What `list_conversations` gives it, and what it makes of that."""

    def test_chats_in_folders_leave_the_days(self, owner: User) -> None:
        folder = create_folder(user=owner, name="Work")
        inner = create_folder(user=owner, name="Inner", parent=folder)
        filed = chats_in(folder, 2)
        chats_in(inner, 1)
        loose = make_conversation(owner, title="Loose")
        conversations.set_pinned(conversation=filed[1], is_pinned=True)
        found = listing.list_conversations(user=owner)
        assert [c.id for day in found.days for c in day.conversations] == [loose.id]
        assert [c.title for c in found.pinned] == ["Work-01"]
        assert [drawn(shelf) for shelf in found.folders.shelves] == [["Work", [], []]]
        found = listing.list_conversations(user=owner, opened={folder.id})
        expected = [["Work", [["Inner", [], []]], ["Work-00"]]]
        assert [drawn(shelf) for shelf in found.folders.shelves] == expected

    def test_a_folder_tells_of_pinned_ones_when_it_shows_no_others(
        self, owner: User, owner_client: Client
    ) -> None:
        folder = create_folder(user=owner, name="Work")
        chats_in(folder, 2, is_pinned=True)
        path = f"/folders/{folder.id}/inside/"
        assert "2 pinned chats" in body(owner_client, path, **HTMX)
        owner_client.cookies["folders"] = str(folder.id)
        assert "2 pinned chats" in body(owner_client, "/")
        folder.conversations.update(archived_at=timezone.now())
        assert "No chats are listed here." in body(owner_client, path, **HTMX)
        chats_in(folder, 1)
        assert "pinned chat" not in body(owner_client, path, **HTMX)

    def test_pages_are_found(self, owner: User, owner_client: Client) -> None:
        """That of all folders with none, too; where a folder is moved, from its menu."""
        assert 'href="/folders/">Folders</a>' in body(owner_client, "/sidebar/", **HTMX)
        folder = create_folder(user=owner, name="Work")
        move = f"/folders/{folder.id}/settings/?move=1"
        assert f'href="{move}"' in body(owner_client, f"/folders/{folder.id}/menu/", **HTMX)
        page = body(owner_client, move)
        assert re.search(r'<select name="parent"[^>]* autofocus', page)
        assert " autofocus" not in body(owner_client, move.partition("?")[0])

    def test_a_list_that_was_folded_stays_so(self, owner: User, owner_client: Client) -> None:
        create_folder(user=owner, name="Work")
        assert 'data-folder="" open' in body(owner_client, "/")
        owner_client.cookies["folders_folded"] = "1"
        for path in ("/", "/sidebar/"):
            assert 'data-folder="">' in body(owner_client, path, **(HTMX if path > "/" else {}))

    def test_a_menu_comes_before_what_is_in_its_folder(
        self, owner: User, owner_client: Client
    ) -> None:
        folder = create_folder(user=owner, name="Work")
        page = body(owner_client, "/")
        assert page.index(f'id="more-folder-{folder.id}"') < page.index(f'id="inside-{folder.id}"')

    def test_a_folder_shows_its_newest_that_are_listed(self, owner: User) -> None:
        folder = create_folder(user=owner, name="A")
        chats_in(folder, shelves.SHELF_SIZE, archived_at=timezone.now())
        made = chats_in(folder, shelves.SHELF_SIZE + 1)
        [shelf] = listing.list_conversations(user=owner, opened={folder.id}).folders.shelves
        assert shelf.conversations == made[:-1]
        assert shelf.has_more
        conversations.delete_conversation(conversation=made[0])
        [shelf] = listing.list_conversations(user=owner, opened={folder.id}).folders.shelves
        assert shelf.conversations == made[1:]
        assert not shelf.has_more

    def test_marks_the_folders_around_the_open_chat(self, owner: User, stranger: User) -> None:
        folder = create_folder(user=owner, name="A")
        inner = create_folder(user=owner, name="B", parent=folder)
        create_folder(user=owner, name="C")
        [chat] = chats_in(inner, 1)
        found = listing.list_conversations(user=owner, current_id=chat.id)
        assert [s.holds_current for s in found.folders.shelves] == [True, False]
        assert listing.list_conversations(user=stranger, current_id=chat.id).folders.shelves == []

    def test_queries_and_rows_are_bounded(
        self, owner: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        Folder.objects.bulk_create(Folder(owner=owner, name=f"F{n:03}") for n in range(300))
        made = list(Folder.objects.order_by("name"))
        for folder in made[:25]:
            chats_in(folder, 2)
        tag = tags.create_tag(user=owner, name="T")
        everything = list(Conversation.objects.values_list("id", flat=True))
        tags.tag_conversations(user=owner, conversation_ids=everything, tag=tag, add=True)
        opened = {folder.id for folder in made}
        # Pinned, others, folders, the open chat's folder, what is in the open ones (two), tags.
        with django_assert_num_queries(7):
            found = listing.list_conversations(user=owner, opened=opened, current_id=everything[0])
            shown = shelves.chats_in(found.folders.shelves)
            assert [[t.name for t in c.tags.all()] for c in shown] == [["T"]] * len(shown)
        assert len(found.folders.shelves) == shelves.MOST_BESIDE
        assert found.folders.has_more
        assert len(shown) == 2 * shelves.MOST_OPEN

    def test_the_browser_says_which_are_open(self, owner: User, owner_client: Client) -> None:
        folder = create_folder(user=owner, name="Work")
        chats_in(folder, 1)
        assert "Work-00" not in body(owner_client, "/")
        owner_client.cookies["folders"] = f"{uuid4()}.nonsense.{folder.id}"
        page = body(owner_client, "/")
        assert "Work-00" in page
        assert f'data-folder="{folder.id}" open' in page
        assert "Work-00" in body(owner_client, "/sidebar/", **HTMX)
        owner_client.cookies["folders"] = "x" * 5000
        assert "Work-00" not in body(owner_client, "/")

    def test_a_folder_loads_what_is_in_it(
        self,
        owner: User,
        owner_client: Client,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        folder = create_folder(user=owner, name="Work")
        inner = create_folder(user=owner, name="Inner", parent=folder)
        path = f"/folders/{folder.id}/inside/"
        assert f'hx-get="{path}"' in body(owner_client, "/")
        chats_in(folder, 1)
        with django_assert_max_num_queries(12) as few:
            assert "Work-00" in body(owner_client, path, **HTMX)
        chats_in(folder, 12)
        chats_in(inner, 12)
        with django_assert_max_num_queries(len(few)):
            part = body(owner_client, path, **HTMX)
        assert part.count('class="conversation"') == shelves.SHELF_SIZE
        assert f'id="folder-{inner.id}"' in part
        assert f'href="/folders/{folder.id}/"' in part
        assert owner_client.get(path)["Location"] == f"/folders/{folder.id}/"


class TestPages:
    """Of folders."""

    def test_a_folder_shows_its_chats_in_parts(
        self,
        owner: User,
        owner_client: Client,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        folder = create_folder(user=owner, name="Work")
        inner = create_folder(user=owner, name="Inner", parent=folder)
        path = f"/folders/{folder.id}/"
        make_conversation(owner)
        chats_in(folder, 1)
        with django_assert_max_num_queries(20) as few:
            assert "Work-00" in body(owner_client, path)
        folder.conversations.all().delete()
        made = chats_in(folder, 40, is_pinned=True)
        with django_assert_max_num_queries(len(few)):
            page = body(owner_client, path)
        assert page.count('class="chat-row"') == listing.PAGE_SIZE
        assert f'href="/folders/{inner.id}/"' in page
        older = f"{path}?before={made[29].id}"
        assert f'hx-get="{older}"' in page
        for headers in ({}, HTMX):
            part = body(owner_client, older, **headers)
            assert part.count('class="chat-row"') == 10
        assert "<html" not in body(owner_client, path, **HTMX)
        assert "chat-row" not in body(owner_client, f"{path}?before={uuid4()}", **HTMX)

    def test_making_changing_and_deleting(self, owner: User, owner_client: Client) -> None:
        answer = owner_client.post("/folders/new/", {"name": "Work", "system_prompt": "Be brief."})
        work = Folder.objects.get()
        assert answer.status_code == 303
        assert answer["Location"] == f"/folders/{work.id}/"
        owner_client.post("/folders/new/", {"name": "Inner", "parent": str(work.id)})
        inner = work.children.get()
        settings = f"/folders/{inner.id}/settings/"
        new = {"name": "Out", "parent": "", "default_model": "demo/demo"}
        assert owner_client.post(settings, new).status_code == 303
        inner.refresh_from_db()
        assert (inner.name, inner.parent, inner.default_model) == ("Out", None, "demo/demo")
        chat = chats_in(inner, 1)[0]
        assert "move up into the list" in body(owner_client, settings)
        assert owner_client.post(f"/folders/{inner.id}/delete/").status_code == 303
        chat.refresh_from_db()
        assert chat.folder is None
        assert "1 chat<" not in body(owner_client, "/folders/")

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"name": ""}, "at least one character"),
            ({"name": "work"}, "by that name"),
            ({"name": "x" * 101}, "at most 100"),
            ({"name": "N", "default_model": "nowhere/none"}, "not available"),
            ({"name": "N", "parent": "nonsense"}, "Select a valid choice"),
            ({"name": "N", "system_prompt": "x" * 100_001}, "100,000"),
        ],
    )
    def test_what_cannot_be_is_said(
        self, form: dict[str, str], words: str, owner: User, owner_client: Client
    ) -> None:
        create_folder(user=owner, name="Work")
        other = create_folder(user=owner, name="Other")
        for path in ("/folders/new/", f"/folders/{other.id}/settings/"):
            answer = owner_client.post(path, form)
            assert answer.status_code == 422
            assert words in answer.content.decode()
        assert sorted(Folder.objects.values_list("name", flat=True)) == ["Other", "Work"]

    def test_no_place_in_itself_is_offered_or_taken(
        self, owner: User, owner_client: Client
    ) -> None:
        outer = create_folder(user=owner, name="Outer")
        inner = create_folder(user=owner, name="Inner", parent=outer)
        create_folder(user=owner, name="Other")
        page = body(owner_client, f"/folders/{outer.id}/settings/")
        assert f'value="{inner.id}"' not in page
        form = {"name": "Outer", "parent": str(inner.id)}
        assert owner_client.post(f"/folders/{outer.id}/settings/", form).status_code == 422
        answer = owner_client.post(
            f"/folders/{outer.id}/move/", {"folder": str(inner.id)}, headers=HTMX
        )
        assert answer.status_code == 422
        assert "cannot be put into itself" in answer.content.decode()
        moved = {"folder": str(outer.id)}
        other = Folder.objects.get(name="Other")
        answer = owner_client.post(f"/folders/{other.id}/move/", moved, headers=HTMX)
        assert answer.status_code == 200
        assert Folder.objects.get(name="Other").parent == outer

    def test_names_are_shown_as_they_are(self, owner: User, owner_client: Client) -> None:
        folder = create_folder(user=owner, name='"><img src=x onerror=alert(1)>')
        tag = tags.create_tag(user=owner, name="<script>alert(1)</script>")
        [chat] = chats_in(folder, 1)
        tags.set_tags(conversation=chat, tags=[tag])
        owner_client.cookies["folders"] = str(folder.id)
        for path in (
            "/", "/folders/", f"/folders/{folder.id}/", f"/folders/{folder.id}/settings/",
            "/tags/", f"/tags/{tag.id}/", f"/tags/{tag.id}/settings/",
            f"/c/{chat.id}/folder/", f"/c/{chat.id}/tags/", f"/?folder={folder.id}",
        ):  # fmt: skip
            page = body(owner_client, path)
            assert "<img src=x" not in page
            assert "<script>alert" not in page


class TestMove:
    """Putting a chat into a folder by its menu, or by dropping it there."""

    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
    def test_into_a_folder_and_out(
        self, headers: dict[str, str], owner: User, owner_client: Client
    ) -> None:
        chat, folder = make_conversation(owner, title="T"), create_folder(user=owner, name="A")
        path = f"/c/{chat.id}/folder/"
        assert f'value="{folder.id}"' in body(owner_client, path, **headers)
        for target in (folder, None):
            form = {"folder": str(target.id) if target else ""}
            answer = owner_client.post(path, form, headers=headers)
            assert answer.status_code == (200 if headers else 303)
            chat.refresh_from_db()
            assert chat.folder == target
            if headers:
                assert answer["HX-Trigger-After-Swap"] == "parley:sheet-done"
                assert f'id="folder-{folder.id}"' in answer.content.decode()
                assert "“T” is in" in answer.content.decode()

    def test_into_a_new_one(self, owner: User, owner_client: Client) -> None:
        chat, folder = make_conversation(owner), create_folder(user=owner, name="A")
        form = {"folder": str(folder.id), "name": "New"}
        owner_client.post(f"/c/{chat.id}/folder/", form)
        chat.refresh_from_db()
        assert chat.folder
        assert (chat.folder.name, chat.folder.parent) == ("New", folder)
        answer = owner_client.post(f"/c/{chat.id}/folder/", form)
        assert answer.status_code == 422
        assert "by that name" in answer.content.decode()
        answer = owner_client.post(f"/c/{chat.id}/folder/", form | {"sheet": "1"}, headers=HTMX)
        assert (answer.status_code, answer["HX-Retarget"]) == (422, "#sheet")

    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
    def test_not_into_somebody_elses(
        self, headers: dict[str, str], owner: User, owner_client: Client, stranger: User
    ) -> None:
        chat = make_conversation(owner)
        theirs, mine = create_folder(user=stranger, name="B"), create_folder(user=owner, name="A")
        for named in (str(theirs.id), str(uuid4()), "nonsense"):
            form = {"folder": named, "name": "A", "parent": named}
            for path in (f"/c/{chat.id}/folder/", f"/folders/{mine.id}/move/"):
                answer = owner_client.post(path, form, headers=headers)
                assert answer.status_code in {303, 422}
            assert owner_client.post("/folders/new/", form).status_code == 422
            assert owner_client.post("/c/", {"content": "Hi", **form}).status_code == 422
        chat.refresh_from_db()
        mine.refresh_from_db()
        assert (chat.folder, mine.parent) == (None, None)
        assert Conversation.objects.count() == 1
        assert owner_client.get(f"/?folder={theirs.id}").status_code == 404


class TestNewChat:
    """In a folder."""

    def test_starts_as_the_folder_says(self, owner: User, owner_client: Client) -> None:
        outer = create_folder(user=owner, name="Outer")
        folder = create_folder(
            user=owner, name="A", parent=outer, system_prompt="Be brief.", default_model="demo/demo"
        )
        page = body(owner_client, f"/?folder={folder.id}")
        assert f'name="folder" value="{folder.id}"' in page
        assert 'name="model" value="demo/demo"' in page
        answer = owner_client.post("/c/", {"content": "Hi", "folder": str(folder.id)})
        assert answer.status_code == 303
        chat = Conversation.objects.get()
        assert (chat.folder, chat.system_prompt) == (folder, "Be brief.")
        # The list shows it at once.
        assert answer.cookies["folders"].value == f"{outer.id}.{folder.id}"
        assert f'id="conversation-{chat.id}"' in body(owner_client, "/")

    def test_a_message_that_is_refused_keeps_the_folder(
        self, owner: User, owner_client: Client
    ) -> None:
        folder = create_folder(user=owner, name="A")
        answer = owner_client.post("/c/", {"content": " ", "folder": str(folder.id)})
        assert answer.status_code == 422
        assert f'name="folder" value="{folder.id}"' in answer.content.decode()


def test_all_folders_cost_the_same(
    owner: User, owner_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    create_folder(user=owner, name="A")
    paths = ["/folders/", "/folders/new/"]
    with django_assert_max_num_queries(30) as few:
        for path in paths:
            body(owner_client, path)
    for number in range(20):
        folders.find_or_create_folder(user=owner, path=[f"F{number}", "Inner"])
    with django_assert_max_num_queries(len(few)):
        for path in paths:
            body(owner_client, path)
