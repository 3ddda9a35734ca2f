"""What can be done with one message: asking another model, deleting from there, branching off."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from chats import messages
from chats.branches import branch_off, delete_from
from chats.conversations import restore_conversation
from chats.models import Attachment, Conversation, Message
from chats.thread import load_thread
from providers.models import ApiKey
from tests.chats.conftest import answer, exchange
from tests.chats.pages import HTMX, make_conversation, make_message, question_of, reply_of

Status = Message.Status


def texts(conversation: Conversation) -> list[str]:
    """Of the messages that the page shows, oldest first."""
    conversation.refresh_from_db()
    return [turn.message.content for turn in load_thread(conversation, limit=100).turns]


def attach(owner: User, *to: Message) -> Attachment:
    """A file that messages use."""
    made = Attachment(owner=owner, name="a.png", media_type="image/png", size=3)
    made.file.save("a.png", ContentFile(b"png"))
    made.messages.set(to)
    return made


def address(name: str, message: Message) -> str:
    """Of an action."""
    return reverse(f"chats:{name}", args=[message.id])


class TestDelete:
    """`delete_from` and its page."""

    def test_takes_all_below_in_every_version(self, conversation: Conversation) -> None:
        keep = load_thread(conversation).turns[1].message
        exchange(conversation, "second", "old")
        conversation.refresh_from_db()
        old = reply_of(conversation)
        answer(messages.regenerate_reply(message=old), "new")
        question = Message.objects.get(content="second")
        assert delete_from(message=question)
        assert texts(conversation) == ["Hello there", "An answer."]
        assert conversation.current_leaf_id == keep.id
        assert conversation.messages.count() == 2

    @pytest.mark.parametrize(("gone", "shown"), [(0, "B deep"), (1, "A"), (2, "B deep")])
    def test_shows_the_version_before_else_the_one_after(
        self, conversation: Conversation, gone: int, shown: str
    ) -> None:
        first = reply_of(conversation)
        Message.objects.filter(id=first.id).update(content="A")
        others = [answer(messages.regenerate_reply(message=first), text) for text in "BC"]
        versions = [first, *others]
        deeper = make_message(conversation, versions[1], "user", "B question")
        make_message(conversation, deeper, "assistant", "B deep")
        messages.switch_branch(message=versions[gone])
        delete_from(message=versions[gone])
        assert texts(conversation)[-1] == shown

    def test_a_branch_that_is_not_shown_changes_nothing_on_the_page(
        self, conversation: Conversation
    ) -> None:
        old = reply_of(conversation)
        answer(messages.regenerate_reply(message=old), "new")
        delete_from(message=old)
        assert texts(conversation) == ["Hello there", "new"]

    def test_the_only_reply_leaves_its_question_to_go_on_from(
        self, conversation: Conversation
    ) -> None:
        delete_from(message=reply_of(conversation))
        assert texts(conversation) == ["Hello there"]
        assert exchange(conversation, "Again").content == "An answer."

    def test_live_reply_is_stopped(self, conversation: Conversation) -> None:
        reply = messages.post_message(conversation=conversation, content="second").reply
        delete_from(message=reply)
        assert texts(conversation)[-1] == "second"
        assert not Message.objects.live().exists()

    def test_nothing_left_deletes_the_chat_with_a_way_back(
        self, conversation: Conversation
    ) -> None:
        assert not delete_from(message=question_of(conversation))
        conversation.refresh_from_db()
        assert conversation.deleted_at
        assert conversation.messages.count() == 2

    def test_twice_from_two_tabs_harms_nothing(self, conversation: Conversation) -> None:
        exchange(conversation, "second")
        message = Message.objects.get(content="second")
        stale = Message.objects.get(id=message.id)
        delete_from(message=message)
        assert delete_from(message=stale)
        assert texts(conversation) == ["Hello there", "An answer."]

    @pytest.mark.django_db(transaction=True)
    def test_what_another_tab_deletes_at_once_is_not_answered(self, owner: User) -> None:
        conversation = make_conversation(owner, turns=2)
        question = Message.objects.get(content="Question 1")
        reply = Message.objects.get(content="Answer 1")
        delete_from(message=Message.objects.get(id=question.id))
        with pytest.raises(ValidationError, match="was deleted"):
            messages.regenerate_reply(message=reply)
        with pytest.raises(ValidationError, match="was deleted"):
            messages.edit_message(message=question, content="Anew")
        with pytest.raises(ValidationError, match="not in this chat"):
            messages.post_message(conversation=conversation, content="On", parent_id=reply.id)
        assert texts(conversation) == ["Question 0", "Answer 0"]

    def test_first_message_twice_keeps_the_time_of_the_deletion(
        self, conversation: Conversation
    ) -> None:
        first = question_of(conversation)
        delete_from(message=first)
        conversation.refresh_from_db()
        before = conversation.deleted_at
        delete_from(message=first)
        conversation.refresh_from_db()
        assert conversation.deleted_at == before

    @pytest.mark.django_db(transaction=True)
    def test_files_that_only_it_used_go(self, owner: User) -> None:
        conversation = make_conversation(owner, turns=2)
        last = Message.objects.get(content="Question 1")
        only = attach(owner, last)
        shared = attach(owner, last, question_of(conversation))
        delete_from(message=last)
        assert list(Attachment.objects.all()) == [shared]
        assert not Path(only.file.path).exists()
        assert Path(shared.file.path).exists()

    def test_thousands_take_few_queries(self, owner: User) -> None:
        """A path deeper than Python recurses."""
        conversation = make_conversation(owner)
        rows: list[Message] = []
        for number in range(1999):
            parent = rows[-1] if rows else reply_of(conversation)
            role = "assistant" if number % 2 else "user"
            rows.append(Message(conversation=conversation, parent=parent, role=role))
        Message.objects.bulk_create(rows)
        Conversation.objects.update(current_leaf=rows[-1])
        with CaptureQueriesContext(connection) as queries:
            delete_from(message=rows[0])
        assert conversation.messages.count() == 2
        assert len(queries) < 100

    def test_page_asks_first_and_says_how_much(
        self, owner_client: Client, conversation: Conversation
    ) -> None:
        exchange(conversation, "second")
        message = Message.objects.get(content="second")
        page = owner_client.get(address("more", message)).content.decode()
        assert "1 message below it" in page
        assert "<details" in page
        assert owner_client.get(address("delete_from", message)).status_code == 405
        first = owner_client.get(address("more", question_of(conversation))).content.decode()
        assert "the whole chat" in first

    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
    def test_page_shows_what_is_left(
        self, owner_client: Client, conversation: Conversation, headers: dict[str, str]
    ) -> None:
        exchange(conversation, "second")
        message = Message.objects.get(content="second")
        response = owner_client.post(
            address("delete_from", message), headers=headers, follow=not headers
        )
        page = response.content.decode()
        assert "An answer." in page
        assert "2 messages were deleted." in page
        assert "second" not in page
        again = owner_client.post(address("delete_from", message), headers=headers)
        assert again.status_code == 404

    def test_page_of_a_deleted_chat_offers_undo(
        self, owner_client: Client, conversation: Conversation
    ) -> None:
        path = address("delete_from", question_of(conversation))
        here = "http://testserver" + reverse("chats:conversation", args=[conversation.id])
        headers = {**HTMX, "HX-Current-URL": here}
        assert owner_client.post(path, headers=headers)["HX-Redirect"] == "/"
        page = owner_client.get("/").content.decode()
        assert reverse("chats:restore", args=[conversation.id]) in page


class TestBranch:
    """`branch_off` and its page."""

    def test_copies_the_path_up_to_the_message(self, owner: User) -> None:
        source = make_conversation(owner, title="Sky", turns=3)
        Conversation.objects.filter(id=source.id).update(
            system_prompt="Be kind.", temperature=0.5, top_p=0.9, max_tokens=7,
            options={"a": 1}, fallback_model="demo/demo", is_pinned=True,
        )  # fmt: skip
        before = list(source.messages.order_by("id").values())
        branch = branch_off(message=Message.objects.get(content="Answer 1"))
        assert texts(branch) == ["Question 0", "Answer 0", "Question 1", "Answer 1"]
        assert branch.messages.count() == 4
        assert branch.title == "Sky (branch)"
        assert (branch.owner, branch.model_name) == (owner, "demo/demo")
        assert (branch.system_prompt, branch.temperature, branch.top_p) == ("Be kind.", 0.5, 0.9)
        assert (branch.max_tokens, branch.options) == (7, {"a": 1})
        assert branch.fallback_model == "demo/demo"
        assert not branch.is_pinned
        assert list(source.messages.order_by("id").values()) == before
        assert exchange(branch, "On").conversation_id == branch.id

    def test_leaves_versions_beside_the_path(self, conversation: Conversation) -> None:
        old = reply_of(conversation)
        answer(messages.regenerate_reply(message=old), "new")
        branch = branch_off(message=old)
        assert texts(branch) == ["Hello there", "An answer."]
        assert branch.messages.count() == 2

    def test_copies_were_paid_for_once(self, conversation: Conversation) -> None:
        Message.objects.filter(id=reply_of(conversation).id).update(cost_micros=5, output_tokens=9)
        copy = reply_of(branch_off(message=reply_of(conversation)))
        assert (copy.cost_micros, copy.output_tokens) == (None, 9)

    def test_live_reply_is_copied_as_far_as_it_is(self, conversation: Conversation) -> None:
        reply = messages.post_message(conversation=conversation, content="second").reply
        Message.objects.filter(id=reply.id).update(
            status=Status.STREAMING, content="So fa", runner="r", stop_requested=True
        )
        reply.refresh_from_db()
        copy = reply_of(branch_off(message=reply))
        assert (copy.status, copy.content) == (Status.INTERRUPTED, "So fa")
        assert (copy.runner, copy.heartbeat_at, copy.stop_requested) == ("", None, False)
        reply.refresh_from_db()
        assert reply.is_live

    @pytest.mark.django_db(transaction=True)
    def test_files_live_as_long_as_either_uses_them(self, owner: User) -> None:
        source = make_conversation(owner, turns=2)
        question = Message.objects.get(content="Question 1")
        file = attach(owner, question)
        branch = branch_off(message=question)
        assert file.messages.count() == 2
        delete_from(message=question)
        assert Path(file.file.path).exists()
        delete_from(message=reply_of(branch))
        assert not Attachment.objects.exists()
        assert not Path(file.file.path).exists()
        assert source.messages.count() == 2

    def test_long_titles_and_branches_of_branches(self, owner: User) -> None:
        source = make_conversation(owner, title="x" * 200)
        branch = branch_off(message=reply_of(source))
        assert branch.title == "x" * 191 + " (branch)"
        assert branch_off(message=reply_of(branch)).title == branch.title

    def test_queries_do_not_grow_with_the_path(self, owner: User) -> None:
        counts = []
        for turns in (2, 12):
            source = make_conversation(owner, turns=turns)
            attach(owner, question_of(source))
            with CaptureQueriesContext(connection) as queries:
                branch_off(message=reply_of(source))
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 21

    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
    def test_page_goes_to_the_branch(
        self, owner_client: Client, conversation: Conversation, headers: dict[str, str]
    ) -> None:
        response = owner_client.post(address("branch", reply_of(conversation)), headers=headers)
        branch = Conversation.objects.exclude(id=conversation.id).get()
        there = reverse("chats:conversation", args=[branch.id])
        target = response["HX-Redirect"] if headers else response["Location"].partition("#")[0]
        assert target == there
        assert "An answer." in owner_client.get(there).content.decode()


class TestRegenerate:
    """By another model than the conversation's."""

    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
    def test_other_model_answers_beside(
        self,
        owner: User,
        owner_client: Client,
        conversation: Conversation,
        headers: dict[str, str],
    ) -> None:
        ApiKey.objects.create(
            user=owner, provider="openai", slug="openai", key_name="Mine", encrypted_key="sk"
        )
        old = reply_of(conversation)
        owner_client.post(address("regenerate", old), {"model": "openai/other"}, headers=headers)
        conversation.refresh_from_db()
        new = reply_of(conversation)
        assert (new.parent_id, new.model_name) == (old.parent_id, "openai/other")
        assert conversation.model_name == "demo/demo"

    def test_unknown_model_is_refused(
        self, owner_client: Client, conversation: Conversation
    ) -> None:
        path = address("regenerate", reply_of(conversation))
        response = owner_client.post(path, {"model": "nobody/x"}, headers=HTMX)
        assert response.status_code == 422
        assert "not available" in response.content.decode()
        assert conversation.messages.count() == 2

    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
    def test_question_whose_reply_was_deleted_is_answered(
        self, owner_client: Client, conversation: Conversation, headers: dict[str, str]
    ) -> None:
        question = question_of(conversation)
        delete_from(message=reply_of(conversation))
        owner_client.post(address("regenerate", question), headers=headers)
        conversation.refresh_from_db()
        new = reply_of(conversation)
        assert (new.parent_id, new.role, new.status) == (question.id, "assistant", "pending")
        assert conversation.messages.count() == 2

    def test_page_of_models_posts_the_choice(
        self, owner_client: Client, conversation: Conversation
    ) -> None:
        reply = reply_of(conversation)
        link = f"{reverse('chats:models')}?message={reply.id}"
        assert link in owner_client.get(address("more", reply)).content.decode()
        page = owner_client.get(link).content.decode()
        assert f'action="{address("regenerate", reply)}"' in page
        assert 'name="model" value="demo/demo"' in page
        assert reverse("chats:model", args=[conversation.id]) not in page

    def test_question_offers_no_other_model(
        self, owner_client: Client, conversation: Conversation
    ) -> None:
        page = owner_client.get(address("more", question_of(conversation))).content.decode()
        assert "another model" not in page

    def test_stranger_sees_no_models_for_a_message(
        self, stranger_client: Client, conversation: Conversation
    ) -> None:
        link = f"{reverse('chats:models')}?message={reply_of(conversation).id}"
        assert stranger_client.get(link).status_code == 404


def test_footer_has_one_more_button(owner_client: Client, conversation: Conversation) -> None:
    page = owner_client.get(reverse("chats:conversation", args=[conversation.id])).content.decode()
    for message in conversation.messages.all():
        assert page.count(address("more", message)) == 1


def test_undo_period_keeps_the_messages(conversation: Conversation) -> None:
    """What was deleted by its first message comes back whole."""
    delete_from(message=question_of(conversation))
    restore_conversation(conversation=conversation)
    assert texts(conversation) == ["Hello there", "An answer."]
