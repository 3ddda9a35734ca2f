"""Tags: their limits, and the chats that have them."""

import pytest
from django.core.exceptions import ValidationError
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chats import conversations, tags
from chats.models import Conversation, Tag
from chats.tags import create_tag
from tests.chats.pages import make_conversation


def names(conversation: Conversation) -> list[str]:
    """Of its tags."""
    return sorted(conversation.tags.values_list("name", flat=True))


def test_tags_are_ones_own_sorted_and_counted(
    owner: User, stranger: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    made = [create_tag(user=owner, name=name) for name in ("zoo", "Art", "b")]
    create_tag(user=stranger, name="Art")
    chats = [make_conversation(owner) for _ in range(3)]
    for chat in chats:
        tags.set_tags(conversation=chat, tags=made[:2])
    conversations.archive_conversation(conversation=chats[0])
    conversations.delete_conversation(conversation=chats[1])
    with django_assert_num_queries(1):
        found = [(tag.name, tag.count) for tag in tags.tags_of(owner)]  # type: ignore[attr-defined]
    assert found == [("Art", 1), ("b", 0), ("zoo", 1)]


def test_colours_take_turns_or_are_named(owner: User) -> None:
    first, second = create_tag(user=owner, name="A"), create_tag(user=owner, name="B")
    assert first.colour != second.colour
    assert Tag.Colour.GREY not in {first.colour, second.colour}
    assert create_tag(user=owner, name="C", colour="grey").colour == "grey"
    for colour in ("mauve", "red;}", "RED"):
        with pytest.raises(ValidationError, match="colours"):
            create_tag(user=owner, name="D", colour=colour)
    assert tags.find_or_create_tag(user=owner, name="E", colour="mauve").colour in Tag.Colour


@pytest.mark.parametrize("name", ["", " ", "\x00", "\u200b\u202e", "x" * 51])
def test_names_that_are_none_are_refused(name: str, owner: User) -> None:
    with pytest.raises(ValidationError):
        create_tag(user=owner, name=name)
    tag = create_tag(user=owner, name="Kept")
    with pytest.raises(ValidationError):
        tags.update_tag(tag=tag, name=name, colour="red")


def test_names_are_unique_in_any_case(owner: User, stranger: User) -> None:
    tag = create_tag(user=owner, name="Äpfel")
    other = create_tag(user=owner, name="Other")
    create_tag(user=stranger, name="Äpfel")
    with pytest.raises(ValidationError, match="by that name"):
        create_tag(user=owner, name="äPFEL")
    with pytest.raises(ValidationError, match="by that name"):
        tags.update_tag(tag=other, name="äpfel", colour="red")
    tags.update_tag(tag=tag, name="äpfel", colour="red")
    assert tags.find_or_create_tag(user=owner, name="ÄPFEL") == tag
    assert tags.find_or_create_tag(user=owner, name="y" * 99).name == "y" * 50


def test_the_numbers_are_limited(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "MOST_TAGS", 3)
    monkeypatch.setattr(tags, "MOST_PER_CHAT", 2)
    made = [create_tag(user=owner, name=str(n)) for n in range(3)]
    for make in (create_tag, tags.find_or_create_tag):
        with pytest.raises(ValidationError, match="3 tags already"):
            make(user=owner, name="Fourth")
    chat = make_conversation(owner)
    with pytest.raises(ValidationError, match="at most 2"):
        tags.set_tags(conversation=chat, tags=made)
    tags.set_tags(conversation=chat, tags=made[:2])
    changed = tags.tag_conversations(user=owner, conversation_ids=[chat.id], tag=made[2], add=True)
    assert changed == 0
    assert names(chat) == ["0", "1"]


def test_many_chats_are_marked_at_once(owner: User, stranger: User) -> None:
    tag, other = create_tag(user=owner, name="A"), create_tag(user=owner, name="B")
    chats = [make_conversation(owner) for _ in range(3)]
    theirs = make_conversation(stranger)
    tags.set_tags(conversation=chats[0], tags=[tag, other])
    ids = [theirs.id, *(chat.id for chat in chats)]
    assert tags.tag_conversations(user=owner, conversation_ids=ids, tag=tag, add=True) == 2
    assert [names(chat) for chat in chats] == [["A", "B"], ["A"], ["A"]]
    assert tags.tag_conversations(user=owner, conversation_ids=ids, tag=tag, add=False) == 3
    assert [names(chat) for chat in chats] == [["B"], [], []]
    assert names(theirs) == []


def test_another_ones_tag_marks_nothing(owner: User, stranger: User) -> None:
    chat, theirs = make_conversation(owner), create_tag(user=stranger, name="A")
    with pytest.raises(ValueError, match=str(owner.id)):
        tags.set_tags(conversation=chat, tags=[theirs])
    with pytest.raises(ValueError, match=str(stranger.id)):
        tags.tag_conversations(user=owner, conversation_ids=[chat.id], tag=theirs, add=True)
    assert names(chat) == []


def test_deleting_leaves_the_chats(owner: User) -> None:
    chat, tag = make_conversation(owner), create_tag(user=owner, name="A")
    tags.set_tags(conversation=chat, tags=[tag])
    tags.delete_tag(tag=tag)
    assert names(chat) == []
    tags.set_tags(conversation=chat, tags=[tag])
    assert names(chat) == []
    with pytest.raises(ValidationError, match="not there"):
        tags.tag_conversations(user=owner, conversation_ids=[chat.id], tag=tag, add=True)
