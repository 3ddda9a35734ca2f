"""Inviting, changing roles, leaving; who asked for what; who is told."""

from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts import notifications
from accounts.models import Notification, User
from chats import members, messages, unread
from chats.branches import branch_off, delete_from
from chats.models import Conversation, Membership, Message
from chats.presence import GONE_AFTER, Room
from tests.chats.conftest import answer
from tests.chats.pages import make_conversation, make_message, reply_of
from tests.conftest import make_user

Role = Membership.Role


@pytest.fixture(autouse=True)
def tries() -> None:
    """Nobody has invited anybody yet."""
    cache.clear()


@pytest.fixture
def chat(owner: User) -> Conversation:
    """A chat of the owner's."""
    return make_conversation(owner, title="Plans")


@pytest.fixture
def ben(chat: Conversation) -> User:
    """A writer in it."""
    person = make_user("ben")
    Membership.objects.create(conversation=chat, user=person, role=Role.WRITER)
    return person


def refusal(**wanted: Any) -> str:
    """What is said to an invitation that is not taken."""
    with pytest.raises(ValidationError) as caught:
        members.add_member(**wanted)
    return str(caught.value.messages[0])


class TestInviting:
    """Names are exact, and nobody learns who has an account."""

    @pytest.mark.parametrize("who", ["sam", " SAM ", "sam@example.org"])
    def test_by_name_or_address(
        self, chat: Conversation, owner: User, stranger: User, who: str
    ) -> None:
        made = members.add_member(conversation=chat, who=who, role="reader", by=owner)
        assert (made.user, made.role) == (stranger, Role.READER)
        (told,) = notifications.list_notifications(user=stranger).entries
        assert told.sentence.text == f"{owner.username} invited you to “Plans”."
        assert told.sentence.link == f"/c/{chat.id}/"
        unread.mark_read(conversation=chat, user=stranger)
        assert notifications.count_unread(stranger) == 0

    def test_unknown_locked_and_vague_names_look_the_same(
        self, chat: Conversation, owner: User, stranger: User
    ) -> None:
        locked = make_user("locked")
        locked.is_active = False
        locked.save()
        names = ["nobody", "locked", "sa", "sam*", "", "sam owner", "x" * 500]
        said = {refusal(conversation=chat, who=name, role="reader", by=owner) for name in names}
        assert len(said) == 1
        assert not chat.memberships.exists()

    def test_ten_names_a_minute(self, chat: Conversation, owner: User, stranger: User) -> None:
        for number in range(10):
            refusal(conversation=chat, who=f"nobody{number}", role="reader", by=owner)
        said = refusal(conversation=chat, who=stranger.username, role="reader", by=owner)
        assert said.startswith("Too many names")

    def test_nobody_twice_and_not_the_owner(
        self, chat: Conversation, owner: User, ben: User
    ) -> None:
        said = refusal(conversation=chat, who="ben", role="reader", by=owner)
        assert said == "“ben” takes part already."
        said = refusal(conversation=chat, who=owner.username, role="reader", by=owner)
        assert said == "This chat is your own."

    def test_not_into_temporary_chats_nor_with_other_roles(
        self, chat: Conversation, owner: User, stranger: User
    ) -> None:
        assert refusal(conversation=chat, who=stranger.username, role="owner", by=owner)
        chat.is_temporary = True
        chat.save()
        assert refusal(conversation=chat, who=stranger.username, role="reader", by=owner)
        assert not chat.memberships.exists()

    def test_so_many_and_no_more(
        self, chat: Conversation, owner: User, stranger: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(members, "MOST", 0)
        said = refusal(conversation=chat, who=stranger.username, role="reader", by=owner)
        assert said == "Up to 0 people can be invited to a chat."

    def test_page_invites_changes_removes(
        self, chat: Conversation, owner_client: Client, stranger: User
    ) -> None:
        path = reverse("chats:people", args=[chat.id])
        page = owner_client.post(path, {"who": "nobody", "role": "reader"})
        assert page.status_code == 422
        assert 'value="nobody"' in page.content.decode()
        page = owner_client.post(path, {"who": stranger.username, "role": "reader"}, follow=True)
        assert f"{stranger.username} takes part now." in page.content.decode()
        member = reverse("chats:member", args=[chat.id, stranger.pk])
        owner_client.post(member, {"role": "writer"})
        assert chat.memberships.get().role == Role.WRITER
        owner_client.post(member, {"role": "king"})
        assert chat.memberships.get().role == Role.WRITER
        owner_client.post(reverse("chats:remove_member", args=[chat.id, stranger.pk]))
        assert not chat.memberships.exists()
        assert not Notification.objects.filter(user=stranger).exists()


class TestWriting:
    """Who wrote what, and who pays."""

    def test_author_and_asker_are_kept(self, chat: Conversation, owner: User, ben: User) -> None:
        posted = messages.post_message(conversation=chat, content="Hi", author=ben)
        assert (posted.question.author, posted.reply.author) == (ben, ben)
        answer(posted.reply)
        again = messages.regenerate_reply(message=posted.reply, author=owner)
        assert again.author is None
        assert again.conversation.owner == owner

    def test_two_at_once_make_two_branches(
        self, chat: Conversation, owner: User, ben: User
    ) -> None:
        leaf = reply_of(chat)
        for person in (owner, ben):
            posted = messages.post_message(
                conversation=chat, content=person.username, parent_id=leaf.id, author=person
            )
            answer(posted.reply)
        children = leaf.children.order_by("created_at")
        assert [each.content for each in children] == [owner.username, "ben"]
        chat.refresh_from_db()
        assert reply_of(chat).parent == children.last()

    def test_keys_of_forms_are_each_persons_own(
        self, chat: Conversation, owner: User, ben: User
    ) -> None:
        key = chat.id
        first = messages.post_message(conversation=chat, content="Same", key=key)
        answer(first.reply)
        second = messages.post_message(conversation=chat, content="Same", key=key, author=ben)
        assert second.question != first.question

    def test_names_stand_over_what_others_wrote(
        self, chat: Conversation, owner_client: Client, ben: User, client: Client
    ) -> None:
        theirs = make_message(chat, reply_of(chat), "user", "Mine", author=ben)
        Conversation.objects.filter(id=chat.id).update(current_leaf=theirs)
        path = reverse("chats:conversation", args=[chat.id])
        page = owner_client.get(path).content.decode()
        assert page.count('class="message-author"') == 1
        assert '<h2 class="visually-hidden">ben</h2>' in page
        client.force_login(ben)
        page = client.get(path).content.decode()
        assert page.count('class="message-author"') == 1
        assert f'<h2 class="visually-hidden">{chat.owner.username}</h2>' in page

    def test_a_deleted_account_leaves_its_name(
        self, chat: Conversation, owner_client: Client, ben: User
    ) -> None:
        answer(messages.post_message(conversation=chat, content="Hi", author=ben).reply)
        ben.delete()
        page = owner_client.get(reverse("chats:conversation", args=[chat.id])).content.decode()
        assert '<h2 class="visually-hidden">ben</h2>' in page

    def test_readers_see_why_there_is_no_composer(
        self, chat: Conversation, ben: User, client: Client
    ) -> None:
        client.force_login(ben)
        path = reverse("chats:conversation", args=[chat.id])
        assert 'id="composer"' in client.get(path).content.decode()
        members.change_role(membership=chat.memberships.get(), role="reader")
        page = client.get(path).content.decode()
        assert 'id="composer"' not in page
        assert "You can read this chat" in page
        for forbidden in ("/edit/", "/regenerate/", "/switch/", "/rating/", '/settings/"'):
            assert f'hx-post="/m/{reply_of(chat).id}{forbidden}' not in page

    def test_others_below_keep_a_writer_from_deleting(
        self, chat: Conversation, owner: User, ben: User
    ) -> None:
        theirs = make_message(chat, reply_of(chat), "user", "Mine", author=ben)
        below = make_message(chat, theirs, "assistant", "Answer", author=ben)
        other = make_message(chat, below, "user", "The owner's")
        with pytest.raises(ValidationError):
            delete_from(message=theirs, user=ben)
        delete_from(message=other, user=owner)
        assert delete_from(message=theirs, user=ben)
        assert chat.messages.count() == 2

    def test_copy_of_ones_own_has_nothing_of_the_owners_settings(
        self, chat: Conversation, owner: User, ben: User
    ) -> None:
        Conversation.objects.filter(id=chat.id).update(
            system_prompt="Secret", temperature=1.5, provider="openai", model="theirs"
        )
        Message.objects.filter(id=reply_of(chat).id).update(rating=1, rating_note="Secret")
        theirs = make_message(chat, reply_of(chat), "user", "Mine", author=ben)
        made = branch_off(message=Message.objects.get(id=theirs.id), user=ben)
        made.refresh_from_db()
        assert (made.owner, made.system_prompt, made.temperature) == (ben, "", None)
        assert made.model_name == "demo/demo"
        authors = [m.author for m in Message.objects.path_to(made.current_leaf_id)]  # type: ignore[arg-type]
        assert authors == [owner, owner, None]
        assert not made.messages.exclude(rating=None, rating_note="").exists()


class TestTelling:
    """Marks and notifications are each person's own."""

    def test_who_did_not_look_is_told(self, chat: Conversation, owner: User, ben: User) -> None:
        posted = messages.post_message(conversation=chat, content="Hi")
        unread.mark_unread(answer(posted.reply).id, seen_by={owner.pk})
        chat.refresh_from_db()
        assert not chat.is_unread
        assert chat.memberships.get().is_unread
        (told,) = notifications.list_notifications(user=ben).entries
        assert told.sentence.text == f"{owner.username} answered in “Plans”, which you share."

    def test_who_looked_is_not(self, chat: Conversation, owner: User, ben: User) -> None:
        posted = messages.post_message(conversation=chat, content="Hi", author=ben)
        unread.mark_unread(answer(posted.reply).id, seen_by={ben.pk})
        chat.refresh_from_db()
        assert chat.is_unread
        assert not chat.memberships.get().is_unread
        assert not Notification.objects.filter(user=ben).exists()

    @pytest.mark.parametrize("by_list", [False, True])
    def test_reading_takes_the_mark_away(
        self, chat: Conversation, ben: User, client: Client, *, by_list: bool
    ) -> None:
        posted = messages.post_message(conversation=chat, content="Hi")
        unread.mark_unread(answer(posted.reply).id)
        client.force_login(ben)
        page = client.get("/").content.decode()
        assert f'id="unread-{chat.id}"' in page
        if by_list:
            notifications.mark_read(user=ben)
        else:
            client.get(reverse("chats:conversation", args=[chat.id]))
        assert not chat.memberships.get().is_unread
        assert notifications.count_unread(ben) == 0
        chat.refresh_from_db()
        assert chat.is_unread

    def test_sidebar_and_page_list_what_is_shared(
        self, chat: Conversation, ben: User, client: Client, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(1):
            assert len(members.shared_with(ben).memberships) == 1
        for number in range(7):
            other = make_conversation(chat.owner, title=f"Chat {number}")
            Membership.objects.create(conversation=other, user=ben)
        client.force_login(ben)
        page = client.get("/").content.decode()
        assert 'href="/shared/">Shared with you</a>' in page
        # Where each is left.
        assert page.count("People of “") == page.count("conversation-shared")
        assert "All that are shared with you" in page
        assert client.get("/shared/?page=x").content.decode().count('class="person"') == 8
        assert "Chat 6" in client.get("/sidebar/", headers={"HX-Request": "true"}).content.decode()


def test_room_knows_who_is_here() -> None:
    now = 0.0
    room = Room(clock=lambda: now)
    assert room.news() is None
    room.heard("1", "b", "Ben")
    room.heard("2", "b", "Ben")
    room.heard("3", "a", "ann")
    assert room.news() == [{"id": "a", "name": "ann"}, {"id": "b", "name": "Ben"}]
    room.left("1")
    assert room.news() is None
    room.left("2")
    assert room.news() == [{"id": "a", "name": "ann"}]
    now = GONE_AFTER + 1
    assert room.news() == []
