"""The search's page and dialog, and the way from a result to its message."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from chats import indexing
from chats.models import Conversation, Folder, Message, Tag
from tests.chats.pages import make_conversation, make_message, question_of
from tests.data.payloads import SCRIPTS
from tests.markup import parse

DIALOG = {"HX-Request": "true", "HX-Target": "search-options"}


@pytest.fixture
def chat(owner: User) -> Conversation:
    """Two versions of a chat; the page shows the newer one."""
    made = make_conversation(owner, title="Birds", turns=2)
    other = make_message(made, question_of(made), "assistant", "Kestrels nest on ledges")
    make_message(made, other, "user", "And where do ospreys?")
    indexing.index_conversations([made.id])
    return made


def links(client: Client, query: str, **headers: str) -> list[str]:
    """Where the results lead."""
    page = client.get(reverse("chats:search"), {"q": query}, headers=headers)
    assert page.status_code == 200
    hits = parse(page.content.decode()).by_class("search-hit")
    return [hit.attributes["href"] for hit in hits]


def test_results_lead_to_messages_and_chats(owner_client: Client, chat: Conversation) -> None:
    found = chat.messages.get(content__startswith="Kestrels")
    to_message = f"/c/{chat.id}/?message={found.id}#message-{found.id}"
    assert links(owner_client, "kestrels") == [to_message]
    assert links(owner_client, "kestrels", **DIALOG) == [to_message]
    assert links(owner_client, "birds") == [f"/c/{chat.id}/"]


def test_page_says_what_it_found(owner_client: Client, chat: Conversation) -> None:
    page = owner_client.get("/search/?q=kestrels+from:assistant+is:odd").content.decode()
    assert "<mark>Kestrels</mark> nest on ledges" in page
    [count] = [p for p in parse(page).by_tag("p") if p.attributes.get("id") == "search-count"]
    assert count.text.strip() == "1 chat"
    assert count.attributes["role"] == "status"
    assert 'href="/search/?q=kestrels"' in page
    assert "“is:odd” means nothing here." in page


def test_chats_lead_to_all_that_was_found_in_them(
    owner_client: Client, client: Client, stranger: User, chat: Conversation
) -> None:
    make_message(chat, None, "user", "Kestrels again")
    indexing.index_conversations([chat.id])
    page = parse(owner_client.get("/search/?q=kestrels").content.decode())
    [more] = page.by_class("search-more")
    assert more.text == "1 more in this chat"
    inside = owner_client.get(more.attributes["href"]).content.decode()
    assert len(parse(inside).by_class("search-hit")) == 2
    assert "2 messages in this chat" in inside
    assert not parse(inside).by_class("search-more")
    assert len(links(owner_client, "kestrels", **DIALOG)) == 1
    client.force_login(stranger)
    assert "Nothing was found." in client.get(more.attributes["href"]).content.decode()
    assert owner_client.get("/search/?q=kestrels&chat=%00").status_code == 200


def test_strangers_find_nothing(client: Client, stranger: User, chat: Conversation) -> None:
    client.force_login(stranger)
    assert links(client, "kestrels") == []
    assert "Nothing was found." in client.get("/search/?q=kestrels").content.decode()


def test_before_anything_is_typed(owner_client: Client, chat: Conversation) -> None:
    for path, shown in (("/", 1), (f"/c/{chat.id}/", 1), ("/search/", 0)):
        dialogs = parse(owner_client.get(path).content.decode()).by_tag("dialog")
        assert [d.attributes["id"] for d in dialogs].count("search-dialog") == shown
    assert links(owner_client, "", **DIALOG) == [f"/c/{chat.id}/"]
    assert "is:archived" in owner_client.get("/search/").content.decode()


def test_values_of_filters_are_suggested(
    owner: User, owner_client: Client, chat: Conversation
) -> None:
    Tag.objects.create(owner=owner, name="to do")
    Tag.objects.create(owner=owner, name="done")
    Folder.objects.create(owner=owner, name="Dovecote")

    def suggested(query: str) -> list[str]:
        page = owner_client.get("/search/", {"q": query}, headers=DIALOG).content.decode()
        filled = (e.attributes.get("data-fill") for e in parse(page).by_class("search-hit"))
        return [each for each in filled if each]

    assert suggested("bird tag:d") == ["bird tag:done ", 'bird tag:"to do" ']
    assert suggested("-folder:DO") == ["-folder:Dovecote "]
    assert suggested("model:") == ["model:demo/demo "]
    assert suggested("is:") == ["is:pinned ", "is:archived ", "is:shared "]
    assert suggested("bird from:") == ["bird from:me ", "bird from:assistant "]
    assert suggested("-has:") == ["-has:file "]
    for number in range(7):
        Tag.objects.create(owner=owner, name=f"x{number}")
    assert len(suggested("tag:x")) == 7
    assert len(suggested("tag:")) == 9
    assert suggested("is:a") == ["is:archived "]
    assert suggested("bird") == suggested("tag:done ") == suggested("is:archived") == []


@pytest.mark.parametrize("query", ["tag:", "tag:d", 'tag:"', "is:", "bird from:", "-has:"])
def test_while_a_filter_is_typed_nothing_is_missing(
    owner: User, owner_client: Client, chat: Conversation, query: str
) -> None:
    """Its suggestions are what was found."""
    Tag.objects.create(owner=owner, name="done")
    for headers in ({}, DIALOG):
        page = owner_client.get("/search/", {"q": query}, headers=headers).content.decode()
        assert "Nothing was found." not in page
        assert "You have no" not in page
        assert "means nothing" not in page
        assert "suggestion" in page


def test_hostile_words_are_only_text(owner: User, owner_client: Client) -> None:
    made = make_conversation(owner, title=SCRIPTS[0][:200])
    text = "\n\n".join(("needle", *SCRIPTS))
    make_message(made, None, "user", text)
    Tag.objects.create(owner=owner, name="<script>x")
    indexing.index_conversations([made.id])
    for query in ("needle", "script", *SCRIPTS, "tag:<scr", 'tag:"<script>x" needle'):
        for headers in ({}, DIALOG):
            page = owner_client.get("/search/", {"q": query}, headers=headers).content.decode()
            answer = page.split("<main")[-1]
            assert not parse(answer).by_tag("script"), query
            assert not parse(answer).by_tag("img"), query


@pytest.mark.parametrize(
    "query", ["%00", "%ed%a0%80", "%ff%fe", "x" * 9000, "%22" * 3000, "q&q=%00"]
)
def test_bad_addresses(owner_client: Client, chat: Conversation, query: str) -> None:
    for headers in ({}, DIALOG):
        assert (
            owner_client.get(f"/search/?q={query}&cursor={query}", headers=headers).status_code
            == 200
        )


def test_queries_do_not_grow_with_results(owner: User, owner_client: Client) -> None:
    counts = set()
    for _times in range(2):
        for _each in range(6):
            made = make_conversation(owner, title="Birds")
            indexing.index_conversations([made.id])
        with CaptureQueriesContext(connection) as queries:
            owner_client.get("/search/?q=birds", headers=DIALOG)
        counts.add(len(queries))
    assert len(counts) == 1
    assert counts.pop() <= 16


class TestLedToMessage:
    def shown(self, client: Client, chat: Conversation, message: Message) -> str:
        page = client.get(f"/c/{chat.id}/?message={message.id}")
        assert page.status_code == 200
        return page.content.decode()

    def test_in_another_version(self, owner_client: Client, chat: Conversation) -> None:
        found = chat.messages.get(content__startswith="Kestrels")
        page = self.shown(owner_client, chat, found)
        assert f'id="message-{found.id}"' in page
        assert "And where do ospreys?" in page
        assert "Answer 1" not in page
        assert "This is another version of the chat" in page
        leaf = chat.messages.get(content__contains="ospreys")
        assert f'name="parent" value="{leaf.id}"' in page
        before = chat.current_leaf_id
        chat.refresh_from_db()
        assert chat.current_leaf_id == before

    def test_in_the_current_version(self, owner_client: Client, chat: Conversation) -> None:
        page = self.shown(owner_client, chat, question_of(chat))
        assert "Answer 1" in page
        assert "data-found" in page
        assert "This is another version" not in page

    def test_far_up(self, owner: User, owner_client: Client) -> None:
        made = make_conversation(owner, turns=40)
        page = self.shown(owner_client, made, question_of(made))
        assert f'id="message-{question_of(made).id}"' in page
        assert "Answer 39" in page

    def test_too_far_up_to_show_all(self, owner: User, owner_client: Client) -> None:
        made = make_conversation(owner, turns=170)
        first = question_of(made)
        answer = owner_client.get(f"/c/{made.id}/?message={first.id}")
        assert answer.status_code == 303
        page = owner_client.get(answer.headers["Location"].partition("#")[0]).content.decode()
        assert f'id="message-{first.id}"' in page

    def test_of_another_chat(self, owner: User, owner_client: Client, chat: Conversation) -> None:
        other = make_conversation(owner, title="Other")
        page = self.shown(owner_client, chat, question_of(other))
        assert f"message-{question_of(other).id}" not in page
        assert "Answer 1" in page
