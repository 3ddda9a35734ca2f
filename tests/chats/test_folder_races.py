"""Folders and tags that changed after they were read, and folders in a circle."""

import json
from collections.abc import Callable
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from chats import folder_trees, folders, listing, shelves, tags
from chats.access import folder_or_404, tag_or_404
from chats.folder_trees import Branch
from chats.folders import create_folder
from chats.models import Conversation, Folder, Tag
from chats.views import folders as folder_views
from chats.views import tags as tag_views
from tests.chats.pages import HTMX, make_conversation
from tests.chats.test_exporting_pages import download


def read(folder: Folder) -> Folder:
    """As a view reads it, before the domain locks anything."""
    return Folder.objects.get(id=folder.id)


def nested(owner: User, *names: str) -> list[Folder]:
    """Folders inside each other, the outermost first."""
    made: list[Folder] = []
    for name in names:
        made.append(create_folder(user=owner, name=name, parent=made[-1] if made else None))
    return made


def parents(owner: User) -> dict[str, str]:
    """As stored; empty for the top."""
    mine = Folder.objects.filter(owner=owner).select_related("parent")
    return {f.name: f.parent.name if f.parent else "" for f in mine}


def names(branches: list[Branch]) -> list[str]:
    """Of all in a tree, by name."""
    return sorted(n for b in branches for n in [b.folder.name, *names(b.children)])


def circle(owner: User, length: int) -> list[Folder]:
    """Folders that are each inside the one before, the first inside the last; all hold one more."""
    made = nested(owner, *(f"C{n}" for n in range(length)))
    for folder in made:
        create_folder(user=owner, name=f"in {folder.name}", parent=folder)
    Folder.objects.filter(id=made[0].id).update(parent=made[-1])
    return [read(folder) for folder in made]


class TestStale:
    """The domain's functions are given what was read before somebody else changed it."""

    def test_deleting_does_not_bring_an_old_place_back(self, owner: User) -> None:
        top, middle, inner = nested(owner, "Top", "Middle", "Inner")
        stale = read(middle)
        folders.move_folder(folder=read(middle), parent=None)
        folders.move_folder(folder=read(top), parent=read(inner))
        folders.delete_folder(folder=stale)
        assert parents(owner) == {"Inner": "", "Top": "Inner"}

    def test_moving_changes_the_place_alone(self, owner: User) -> None:
        moved, other = create_folder(user=owner, name="A"), create_folder(user=owner, name="B")
        stale = read(moved)
        folders.update_folder(
            folder=read(moved), name="New", parent=None, system_prompt="x", default_model=""
        )
        folders.move_folder(folder=stale, parent=other)
        moved = read(moved)
        assert (moved.name, moved.system_prompt, moved.parent) == ("New", "x", other)

    def test_what_is_in_it_goes_where_the_folder_is_by_now(self, owner: User) -> None:
        _top, middle, _inner = nested(owner, "Top", "Middle", "Inner")
        other = create_folder(user=owner, name="Other")
        chat = make_conversation(owner)
        folders.move_conversations(user=owner, conversation_ids=[chat.id], folder=middle)
        stale = read(middle)
        folders.move_folder(folder=read(middle), parent=other)
        assert folders.delete_folder(folder=stale) == other.id
        assert parents(owner) == {"Top": "", "Other": "", "Inner": "Other"}
        assert Conversation.objects.get(id=chat.id).folder == other

    def test_deleting_twice_or_under_a_deleted_one(self, owner: User) -> None:
        top, middle, _inner = nested(owner, "Top", "Middle", "Inner")
        stale = read(middle)
        folders.delete_folder(folder=read(top))
        for _time in range(2):
            assert folders.delete_folder(folder=stale) is None
        assert parents(owner) == {"Inner": ""}

    def test_one_that_is_gone_cannot_be_changed(self, owner: User) -> None:
        folder, tag = create_folder(user=owner, name="A"), tags.create_tag(user=owner, name="T")
        Folder.objects.filter(id=folder.id).delete()
        Tag.objects.filter(id=tag.id).delete()
        with pytest.raises(ValidationError, match="deleted meanwhile"):
            folders.move_folder(folder=folder, parent=None)
        with pytest.raises(ValidationError, match="deleted meanwhile"):
            folders.update_folder(
                folder=folder, name="B", parent=None, system_prompt="", default_model=""
            )
        with pytest.raises(ValidationError, match="deleted meanwhile"):
            tags.update_tag(tag=tag, name="U", colour="red")

    def test_a_parent_that_is_gone_takes_nothing(self, owner: User) -> None:
        gone, kept = create_folder(user=owner, name="A"), create_folder(user=owner, name="B")
        stale = read(gone)
        folders.delete_folder(folder=gone)
        for put in (
            lambda: create_folder(user=owner, name="C", parent=stale),
            lambda: folders.move_folder(folder=kept, parent=stale),
        ):
            with pytest.raises(ValidationError, match="not there any more"):
                put()
        assert parents(owner) == {"B": ""}


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
class TestPages:
    """Forms of what somebody deletes between the view's look and the change."""

    @pytest.fixture
    def too_late(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Delete every folder and tag just after a view found it."""

        def losing(find: Callable[[User, UUID], Folder | Tag]) -> Callable[..., Folder | Tag]:
            def found(user: User, found_id: UUID) -> Folder | Tag:
                thing = find(user, found_id)
                type(thing).objects.filter(id=thing.id).delete()
                return thing

            return found

        monkeypatch.setattr(folder_views, "folder_or_404", losing(folder_or_404))
        monkeypatch.setattr(tag_views, "tag_or_404", losing(tag_or_404))

    @pytest.mark.usefixtures("too_late")
    def test_say_so(self, headers: dict[str, str], owner: User, owner_client: Client) -> None:
        folder, tag = create_folder(user=owner, name="A"), tags.create_tag(user=owner, name="T")
        answer = owner_client.post(f"/folders/{folder.id}/settings/", {"name": "B"})
        assert (answer.status_code, "deleted meanwhile" in answer.text) == (422, True)
        body = {"name": "U", "colour": "red"}
        answer = owner_client.post(f"/tags/{tag.id}/settings/", body, headers=headers)
        assert (answer.status_code, "deleted meanwhile" in answer.text) == (422, True)
        folder = create_folder(user=owner, name="A")
        answer = owner_client.post(
            f"/folders/{folder.id}/move/", {"folder": ""}, headers=headers, follow=True
        )
        assert answer.status_code == (422 if headers else 200)
        assert "deleted meanwhile" in answer.text

    @pytest.mark.usefixtures("too_late")
    def test_delete_as_was_wished(
        self, headers: dict[str, str], owner: User, owner_client: Client
    ) -> None:
        _top, inner = nested(owner, "A", "B")
        tag = tags.create_tag(user=owner, name="T")
        for path in (f"/folders/{inner.id}/delete/", f"/tags/{tag.id}/delete/"):
            assert owner_client.post(path, headers=headers).status_code == 303
        assert parents(owner) == {"A": ""}


@pytest.mark.parametrize("length", [1, 2, 3])
class TestCircle:
    """Folders that a fault put into each other: all are shown, each walk ends, changes mend it."""

    def test_all_are_shown(self, length: int, owner: User) -> None:
        made = circle(owner, length)
        everything = sorted(f.name for f in Folder.objects.all())
        assert names(folder_trees.folder_tree(user=owner)) == everything
        assert len(folder_trees.flat_tree(user=owner)) == len(everything)
        for folder in made:
            path = folder_trees.path_of(folder)
            assert path[-1] == folder
            assert len(path) <= length
            opened = {each.id for each in made}
            shelf = shelves.open_shelf(folder=folder, user=owner, opened=opened)
            assert shelf.folder == folder
        found = listing.list_conversations(user=owner, opened=opened)
        assert len(found.folders.shelves) == 1

    def test_pages_show_them(self, length: int, owner: User, owner_client: Client) -> None:
        made = circle(owner, length)
        chat = make_conversation(owner)
        Conversation.objects.filter(id=chat.id).update(folder=made[-1])
        owner_client.cookies["folders"] = ".".join(str(folder.id) for folder in made)
        paths = ["/", f"/c/{chat.id}/", f"/c/{chat.id}/folder/", "/folders/", "/chats/"]
        for folder in made:
            address = f"/folders/{folder.id}/"
            paths += [address, f"{address}settings/", f"/?folder={folder.id}"]
            assert owner_client.get(f"{address}inside/", headers=HTMX).status_code == 200
        for path in paths:
            assert owner_client.get(path).status_code == 200
        answer = owner_client.get(f"/search/?q=folder:{made[0].name}")
        assert answer.status_code == 200
        exported = download(owner_client.post("/export/", {"all": "1", "format": "json"}))
        assert len(json.loads(exported)["folders"]) == 2 * length

    @pytest.mark.parametrize("which", [0, -1])
    def test_every_change_opens_it(self, which: int, length: int, owner: User) -> None:
        changes: list[Callable[[Folder], object]] = [
            lambda folder: create_folder(user=owner, name="New", parent=folder),
            lambda folder: folders.move_folder(folder=folder, parent=None),
            lambda folder: folders.update_folder(
                folder=folder, name="N", parent=None, system_prompt="", default_model=""
            ),
            lambda folder: folders.delete_folder(folder=folder),
            lambda _folder: folders.find_or_create_folder(user=owner, path=["Else"]),
        ]
        for change in changes:
            Folder.objects.filter(owner=owner).delete()
            change(circle(owner, length)[which])
            stored = folder_trees.stored_folders(owner.id)
            assert folder_trees.cut_circles(stored) == []

    def test_names_at_the_top_may_be_taken(self, length: int, owner: User) -> None:
        made = circle(owner, length)
        Folder.objects.filter(id__in=[folder.id for folder in made]).update(name="C")
        Folder.objects.create(owner=owner, name="c")
        create_folder(user=owner, name="Else")
        top = sorted(f.name for f in Folder.objects.filter(parent=None))
        assert top == ["C (2)", "Else", "c"]
