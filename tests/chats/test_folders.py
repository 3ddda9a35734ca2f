"""Folders: their tree, their limits, and the chats in them."""

import pytest
from django.core.exceptions import ValidationError
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chats import branches, conversations, folder_trees, folders, tags
from chats.folder_trees import Branch, path_of
from chats.folders import create_folder
from chats.models import Conversation, Folder
from tests.chats.pages import make_conversation, reply_of


def shape(branches: list[Branch]) -> list[object]:
    """Names and counts, nested."""
    return [(b.folder.name, b.count, shape(b.children)) for b in branches]


def deep(user: User, levels: int) -> list[Folder]:
    """Folders inside each other, the outermost first."""
    made: list[Folder] = []
    for level in range(levels):
        made.append(create_folder(user=user, name=f"L{level}", parent=made[-1] if made else None))
    return made


def rename(folder: Folder, name: str) -> None:
    """Change nothing else."""
    folders.update_folder(
        folder=folder, name=name, parent=folder.parent, system_prompt="", default_model=""
    )


def test_the_tree_is_ones_own_and_sorted(owner: User, stranger: User) -> None:
    work = create_folder(user=owner, name="work")
    create_folder(user=owner, name="Zoo", parent=work)
    inner = create_folder(user=owner, name="art", parent=work)
    create_folder(user=owner, name="Home")
    create_folder(user=stranger, name="Theirs")
    chats = [make_conversation(owner) for _ in range(4)]
    ids = [chat.id for chat in chats]
    assert folders.move_conversations(user=owner, conversation_ids=ids, folder=inner) == 4
    conversations.archive_conversation(conversation=chats[0])
    conversations.delete_conversation(conversation=chats[1])
    expected: list[object] = [("Home", 0, []), ("work", 0, [("art", 2, []), ("Zoo", 0, [])])]
    assert shape(folder_trees.folder_tree(user=owner)) == expected
    assert [(b.folder.name, b.level) for b in folder_trees.flat_tree(user=owner)] == [
        ("Home", 1), ("work", 1), ("art", 2), ("Zoo", 2),
    ]  # fmt: skip
    assert path_of(inner) == [work, inner]


def test_queries_of_the_tree_do_not_grow(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    deep(owner, 8)
    Folder.objects.bulk_create(Folder(owner=owner, name=f"F{n}") for n in range(300))
    with django_assert_num_queries(2):
        assert len(folder_trees.flat_tree(user=owner)) == 308


@pytest.mark.parametrize("name", ["", "  \t", "\x00", "\u200b\u202e", "x" * 101])
def test_names_that_are_none_are_refused(name: str, owner: User) -> None:
    with pytest.raises(ValidationError):
        create_folder(user=owner, name=name)
    folder = create_folder(user=owner, name="Kept")
    with pytest.raises(ValidationError):
        rename(folder, name)
    assert [f.name for f in Folder.objects.all()] == ["Kept"]


def test_names_are_unique_beside_each_other_only(owner: User, stranger: User) -> None:
    first = create_folder(user=owner, name="Éclair")
    create_folder(user=owner, name="Éclair", parent=first)
    create_folder(user=stranger, name="Éclair")
    with pytest.raises(ValidationError, match="by that name"):
        create_folder(user=owner, name="éCLAIR")
    rename(first, "ÉCLAIR\n")
    assert Folder.objects.get(id=first.id).name == "ÉCLAIR"


def test_no_circles_and_no_depths(owner: User) -> None:
    made = deep(owner, folders.MOST_LEVELS)
    for target in (made[0], made[1], made[-1]):
        with pytest.raises(ValidationError, match="cannot be put into itself"):
            folders.move_folder(folder=made[0], parent=target)
    with pytest.raises(ValidationError, match="8 levels"):
        create_folder(user=owner, name="Ninth", parent=made[-1])
    other = create_folder(user=owner, name="Other")
    with pytest.raises(ValidationError, match="8 levels"):
        folders.move_folder(folder=made[0], parent=other)
    folders.move_folder(folder=made[4], parent=other)
    assert path_of(made[7]) == [other, *made[4:]]
    # What the caller holds is old by now: the circle is seen all the same.
    stale = Folder.objects.get(id=other.id)
    with pytest.raises(ValidationError, match="cannot be put into itself"):
        folders.move_folder(folder=stale, parent=made[7])


def test_another_ones_folder_is_no_place(owner: User, stranger: User) -> None:
    mine, theirs = create_folder(user=owner, name="A"), create_folder(user=stranger, name="B")
    with pytest.raises(ValidationError, match="not there"):
        create_folder(user=owner, name="C", parent=theirs)
    with pytest.raises(ValidationError, match="not there"):
        folders.move_folder(folder=mine, parent=theirs)
    chat = make_conversation(owner)
    with pytest.raises(ValueError, match=str(stranger.id)):
        folders.move_conversations(user=owner, conversation_ids=[chat.id], folder=theirs)
    their_chat = make_conversation(stranger)
    ids = [their_chat.id, chat.id]
    assert folders.move_conversations(user=owner, conversation_ids=ids, folder=mine) == 1
    assert Conversation.objects.get(id=their_chat.id).folder is None


def test_the_number_of_folders_is_limited(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_FOLDERS", 2)
    deep(owner, 2)
    with pytest.raises(ValidationError, match="2 folders already"):
        create_folder(user=owner, name="Third")
    with pytest.raises(ValidationError, match="2 folders already"):
        folders.find_or_create_folder(user=owner, path=["L0", "New"])
    assert folders.find_or_create_folder(user=owner, path=["L0", "l1"]).name == "L1"


def test_deleting_gives_what_is_inside_to_the_parent(owner: User) -> None:
    top = create_folder(user=owner, name="Top")
    doomed = create_folder(user=owner, name="Same", parent=top)
    same = create_folder(user=owner, name="same", parent=doomed)
    clash = create_folder(user=owner, name="Clash", parent=doomed)
    create_folder(user=owner, name="clash", parent=top)
    chat = make_conversation(owner)
    folders.move_conversations(user=owner, conversation_ids=[chat.id], folder=doomed)
    folders.delete_folder(folder=doomed)
    names = {f.id: f.name for f in Folder.objects.filter(parent=top)}
    assert names[same.id] == "same"
    assert names[clash.id] == "Clash (2)"
    assert Conversation.objects.get(id=chat.id).folder == top
    folders.delete_folder(folder=top)
    assert Conversation.objects.get(id=chat.id).folder is None
    assert Folder.objects.filter(parent=None).count() == 3


def test_moving_counts_what_moved(owner: User) -> None:
    folder = create_folder(user=owner, name="A")
    made = [make_conversation(owner) for _ in range(3)]
    before = {c.id: c.updated_at for c in Conversation.objects.all()}
    ids = [c.id for c in made]
    assert folders.move_conversations(user=owner, conversation_ids=ids[:1], folder=folder) == 1
    assert folders.move_conversations(user=owner, conversation_ids=ids, folder=folder) == 2
    assert folders.move_conversations(user=owner, conversation_ids=ids, folder=None) == 3
    assert folders.move_conversations(user=owner, conversation_ids=ids, folder=None) == 0
    assert {c.id: c.updated_at for c in Conversation.objects.all()} == before
    folders.delete_folder(folder=folder)
    with pytest.raises(ValidationError, match="not there"):
        folders.move_conversations(user=owner, conversation_ids=ids, folder=folder)


def test_paths_are_found_or_made(owner: User) -> None:
    made = folders.find_or_create_folder(user=owner, path=["Work", "2024", "x" * 300])
    assert folders.find_or_create_folder(user=owner, path=["work", "2024", "x" * 101]) == made
    assert [f.name for f in path_of(made)] == ["Work", "2024", "x" * 100]
    cut = folders.find_or_create_folder(user=owner, path=[str(n) for n in range(20)])
    assert len(path_of(cut)) == folders.MOST_LEVELS
    for path in ([], [""], ["New", "\u200b"]):
        with pytest.raises(ValidationError):
            folders.find_or_create_folder(user=owner, path=path)
    assert not Folder.objects.filter(name="New").exists()


def test_a_folder_sets_new_chats_up(owner: User) -> None:
    with pytest.raises(ValidationError, match="not available"):
        create_folder(user=owner, name="A", default_model="nowhere/none")
    folder = create_folder(
        user=owner, name="A", system_prompt="Be brief.", default_model="demo/demo"
    )
    started = conversations.start_conversation(user=owner, content="Hi", folder=folder)
    chat = started.question.conversation
    assert (chat.folder, chat.system_prompt, chat.model_name) == (folder, "Be brief.", "demo/demo")


def test_presets_come_before_the_folders_prompt(owner: User) -> None:
    folder = create_folder(user=owner, name="A", system_prompt="Be brief.")
    preset: conversations.ChatSettings = {
        "system_prompt": "Be long.", "temperature": 1, "top_p": None, "max_tokens": None,
        "options": {},
    }  # fmt: skip
    for prompt, expected in (("Be long.", "Be long."), ("", "Be brief.")):
        started = conversations.start_conversation(
            user=owner, content="Hi", folder=folder, settings={**preset, "system_prompt": prompt}
        )
        assert started.question.conversation.system_prompt == expected


def test_a_model_that_is_gone_keeps_nothing_from_being_saved(owner: User) -> None:
    folder = create_folder(user=owner, name="A")
    Folder.objects.update(default_model="gone/model")
    folder.refresh_from_db()
    folders.update_folder(
        folder=folder, name="B", parent=None, system_prompt="x", default_model="gone/model"
    )
    assert folders.usable_model(folder, user=owner) == ""
    started = conversations.start_conversation(user=owner, content="Hi", folder=folder)
    assert started.question.conversation.model_name == "demo/demo"


def test_branches_keep_folder_and_tags(owner: User) -> None:
    chat = make_conversation(owner)
    folder = create_folder(user=owner, name="A")
    folders.move_conversations(user=owner, conversation_ids=[chat.id], folder=folder)
    tag = tags.create_tag(user=owner, name="T")
    tags.set_tags(conversation=chat, tags=[tag])
    branch = branches.branch_off(message=reply_of(chat))
    assert branch.folder == folder
    assert list(branch.tags.all()) == [tag]
