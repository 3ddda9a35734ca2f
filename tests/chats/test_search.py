"""Searching: what is found and in what order; that nothing of others' or of deleted chats is."""

# ruff: noqa: RUF001

import random
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chats import branches, conversations, generation, indexing, messages, own_data, temporary
from chats.index_entries import STRETCH
from chats.models import Conversation, Folder, Membership, Message, SearchEntry, SharedLink, Tag
from chats.search import WINDOW, Hit, search
from tests.chats.pages import make_conversation, make_message, question_of, reply_of

pytestmark = pytest.mark.django_db


def chat(owner: User, *texts: str, title: str = "A chat", **fields: object) -> Conversation:
    """A chat of a question, a reply, a question…, in the index."""
    made = Conversation.objects.create(owner=owner, title=title, **fields)
    leaf: Message | None = None
    for number, text in enumerate(texts):
        leaf = make_message(made, leaf, "assistant" if number % 2 else "user", text)
    made.current_leaf = leaf
    made.save()
    indexing.index_conversations([made.id])
    return made


def found(user: User, text: str) -> set[str]:
    """The texts of messages that are found, and the titles of chats with none."""
    hits = list(search(user=user, text=text).hits)
    for hit in [hit for hit in hits if hit.more]:
        inside = search(user=user, text=text, inside=hit.conversation_id)
        assert inside.count == hit.more + 1
        hits += inside.hits
    return {said(hit) for hit in hits}


def said(hit: Hit) -> str:
    """What a hit shows: the snippet, or the title."""
    return "".join(part.text for part in hit.snippet or hit.title)


def marked(user: User, text: str) -> list[str]:
    """What is marked in the first hit."""
    first = search(user=user, text=text).hits[0]
    return [part.text for part in first.snippet or first.title if part.is_match]


class TestWords:
    @pytest.mark.parametrize(
        ("text", "query"),
        [
            ("The quick brown fox", "quick"),
            ("The quick brown fox", "FOX quick"),
            ("The quick brown fox", '"quick brown"'),
            ("The quick brown fox", "brow"),
            ("Un café à Zürich", "cafe zurich"),
            ("Un cafe a Zurich", "café Zürich"),
            ("Straße nach Łódź", "strasse lodz"),
            ("日本語の検索を試す", "検索"),
            ("日本語の検索を試す", "語の検"),
            ("我们在北京吃饭", "北京"),
            ("서울에서 만나요", "서울"),
            ("อยากไปเที่ยวทะเล", "ทะเล"),
            ("مُحَمَّد يكتب", "محمد"),
            ("शहर में बारिश", "शहर"),
            ("Ёлка зелёная", "елка"),
            ("ship it 🚀 today", "🚀"),
            ("call foo_bar(x) twice", "foo_bar"),
            ("see https://example.org/a/b?c=1", "https://example.org/a"),
            ("ﬁne ①②", "fine"),
            ("one\ntwo", '"one two"'),
            ("it's don’t", "don't"),
        ],
    )
    def test_is_found_and_marked(self, owner: User, text: str, query: str) -> None:
        chat(owner, text)
        assert found(owner, query) == {" ".join([text]) if "\n" not in text else text}
        assert "".join(marked(owner, query)).strip()

    @pytest.mark.parametrize(
        "query",
        [
            "fo brown ",
            "quick fo",
            '"brown quick"',
            "quick -fox",
            "quic ",
            "quick zebra",
            '-"brown fox" the',
        ],
    )
    def test_is_not_found(self, owner: User, query: str) -> None:
        chat(owner, "The quick brown fox", title="Animals")
        assert found(owner, query) == set()

    def test_marks_what_was_looked_for(self, owner: User) -> None:
        chat(owner, "A naïve fox, a Foxtrot and a vixen")
        assert marked(owner, "naive foxt") == ["naïve", "Foxtrot"]
        assert marked(owner, '"A NAIVE"') == ["A naïve"]

    def test_title_is_found_by_the_first_letters(self, owner: User) -> None:
        chat(owner, title="Kestrels of the north")
        assert marked(owner, "ke") == ["Kestrels"]
        assert marked(owner, "north k") == ["Kestrels", "north"]

    def test_marks_signs_in_scripts_without_spaces(self, owner: User) -> None:
        chat(owner, "今日は京都と東京に行きました")
        assert marked(owner, "東京") == ["東京"]

    def test_snippet_is_around_a_match_far_down(self, owner: User) -> None:
        chat(owner, "padding " * 900 + "the needle is here " + "padding " * 900)
        [hit] = search(user=owner, text="needle").hits
        assert "the needle is here" in said(hit)
        assert len(said(hit)) < 400

    def test_phrase_where_stretches_of_a_long_message_meet(self, owner: User) -> None:
        words = [f"w{n}" for n in range(3 * STRETCH)]
        chat(owner, " ".join(words))
        at = STRETCH
        for first in (at - 40, at - 16, at - 1, at):
            phrase = " ".join(words[first : first + 15])
            assert search(user=owner, text=f'"{phrase}"').count == 1, first
        assert search(user=owner, text=words[-1]).count == 1

    def test_title_comes_before_messages(self, owner: User) -> None:
        chat(owner, "The budget, the budget!", title="Other")
        wanted = chat(owner, "Hello", title="Budget of spring")
        hits = search(user=owner, text="budget").hits
        assert (hits[0].conversation_id, hits[0].message_id) == (wanted.id, None)
        assert marked(owner, "budget") == ["Budget"]

    def test_newer_comes_first_among_alike(self, owner: User) -> None:
        for days in (300, 3, 30):
            made = chat(owner, title="Alike")
            make_message(
                made, None, "user", "same words", created_at=timezone.now() - timedelta(days=days)
            )
            indexing.index_conversations([made.id])
        dates = [hit.date for hit in search(user=owner, text='"same words"').hits]
        assert dates == sorted(dates, reverse=True)
        assert len(dates) == 3


class TestFilters:
    def test_from(self, owner: User) -> None:
        chat(owner, "ask green", "say green", title="T")
        assert found(owner, "green from:me") == {"ask green"}
        assert found(owner, "green from:assistant") == {"say green"}
        assert found(owner, "green -from:me") == {"say green"}
        assert found(owner, "from:me") == {"ask green"}

    def test_tag_and_folder(self, owner: User, stranger: User) -> None:
        one, two, _three = (chat(owner, f"green {n}", title=n) for n in ("one", "two", "three"))
        tag = Tag.objects.create(owner=owner, name="À lire")
        one.tags.add(tag)
        outer = Folder.objects.create(owner=owner, name="Work")
        inner = Folder.objects.create(owner=owner, name="Deep", parent=outer)
        Conversation.objects.filter(id=two.id).update(folder=inner)
        Tag.objects.create(owner=stranger, name="theirs")
        assert found(owner, 'green tag:"a lire"') == {"green one"}
        assert found(owner, 'green -tag:"a lire"') == {"green two", "green three"}
        assert found(owner, "green folder:work") == {"green two"}
        assert found(owner, "green folder:deep") == {"green two"}
        assert found(owner, 'green folder:"work / deep"') == {"green two"}
        assert found(owner, "folder:work") == {"two"}
        assert [hit.folder for hit in search(user=owner, text="folder:work").hits] == [
            "Work / Deep"
        ]
        for query in ("green tag:theirs", "green folder:nowhere"):
            results = search(user=owner, text=query)
            assert not results.hits
            assert query.partition(":")[2] in results.notes[0]

    def test_is(self, owner: User, stranger: User) -> None:
        chat(owner, "green", title="plain")
        chat(owner, "green", title="pinned", is_pinned=True)
        chat(owner, "green", title="archived", archived_at=timezone.now())
        linked = chat(owner, "green", title="linked")
        joint = chat(owner, "green", title="joint")
        SharedLink.objects.create(owner=owner, conversation=linked, token="t", title="t")
        Membership.objects.create(conversation=joint, user=stranger)
        assert found(owner, "is:pinned") == {"pinned"}
        assert found(owner, "is:archived") == {"archived"}
        assert found(owner, "is:shared") == {"linked", "joint"}
        assert search(user=owner, text="green -is:shared").count == 3
        assert search(user=owner, text="green is:pinned").count == 1

    def test_model(self, owner: User) -> None:
        made = chat(owner, "green?")
        for model in ("gpt-4o", "gpt-5", "o3"):
            make_message(
                made, None, "assistant", f"green by {model}", provider="openai", model=model
            )
        indexing.index_conversations([made.id])
        assert found(owner, "green model:gpt-4o") == {"green by gpt-4o"}
        assert found(owner, "green model:openai/o3") == {"green by o3"}
        assert found(owner, "model:gpt") == {"green by gpt-4o", "green by gpt-5"}
        assert found(owner, "green -model:gpt from:assistant") == {"green by o3"}

    def test_has_file(self, owner: User) -> None:
        made = chat(owner, "green without")
        with_file = make_message(made, None, "user", "green with")
        only_file = make_message(made, None, "user", "")
        for message in (with_file, only_file):
            message.attachments.create(owner=owner, name="a.txt", size=1)
        indexing.index_conversations([made.id])
        assert found(owner, "green has:file") == {"green with"}
        assert search(user=owner, text="has:file", inside=made.id).count == 2

    def test_dates(self, owner: User) -> None:
        made = chat(owner)
        for day in ("2024-12-31", "2025-01-01", "2025-01-31", "2025-02-01", "2026-01-01"):
            moment = timezone.make_aware(datetime.fromisoformat(f"{day}T12:00"))
            make_message(made, None, "user", f"green {day}", created_at=moment)
        indexing.index_conversations([made.id])

        def days(text: str) -> list[str]:
            return sorted(each[-10:] for each in found(owner, f"green {text}"))

        assert days("before:2025") == ["2024-12-31"]
        assert days("after:2025") == ["2026-01-01"]
        assert days("after:2025-01 before:2026-01-01") == ["2025-02-01"]
        assert days("after:2024-12-31 before:2025-1-31") == ["2025-01-01"]
        assert days("-before:2025-02") == ["2025-02-01", "2026-01-01"]
        assert days("before:0001") == []
        assert days("after:9999-12-31") == []

    def test_chips_and_notes_say_what_was_understood(self, owner: User) -> None:
        results = search(user=owner, text='fox TAG:"a b" is:odd -from:me before:2025-02-30 x:y')
        assert [chip.text for chip in results.chips] == ['tag:"a b"', "-from:me"]
        assert results.chips[1].rest == 'fox x:y tag:"a b"'
        assert len([note for note in results.notes if "is:odd" in note or "02-30" in note]) == 2

    def test_filter_without_a_value_is_no_word(self, owner: User) -> None:
        chat(owner, "what it is", "from here", title="has")
        for text in ("is:", "from:", "HAS:", "-is:", "before:"):
            results = search(user=owner, text=text)
            assert (results.hits, results.notes, results.query.is_empty) == ([], [], True)
        assert found(owner, "what is:") == {"what it is"}
        forgotten = search(user=owner, text="is: here")
        assert [said(hit) for hit in forgotten.hits] == ["from here"]
        assert "“is:”" in forgotten.notes[0]

    def test_nothing_but_exclusions_finds_nothing(self, owner: User) -> None:
        chat(owner, "green")
        for text in ("", "   ", "-green", "...", "-tag"):
            assert search(user=owner, text=text).hits == []


class TestWhose:
    def test_strangers_find_nothing(self, owner: User, stranger: User) -> None:
        chat(owner, "the yaffingale sings", title="Yaffingale")
        for text in (
            "yaffingale",
            "yaff",
            '"the yaffingale"',
            "from:me",
            "before:2100",
            "is:shared",
        ):
            assert search(user=stranger, text=text).hits == []
        assert search(user=owner, text="yaffingale").count == 1

    def test_words_of_the_index_cannot_be_typed(self, owner: User, stranger: User) -> None:
        made = chat(owner, "green")
        entry = SearchEntry.objects.filter(message__isnull=False).get(conversation=made)
        for word in entry.words.split():
            for text in (word, f'"{word}"', f'x" OR "{word}', f"x' | '{word}", f"model:{word}"):
                assert search(user=stranger, text=text).hits == []

    def test_members_find_what_is_shared_with_them(self, owner: User, stranger: User) -> None:
        made = chat(owner, "green field", title="Ours")
        membership = Membership.objects.create(conversation=made, user=stranger)
        assert found(stranger, "green") == {"green field"}
        assert found(stranger, "green is:shared") == {"green field"}
        assert [hit.is_own for hit in search(user=stranger, text="ours").hits] == [False]
        assert found(stranger, "green from:me") == set()
        membership.delete()
        assert found(stranger, "green") == set()

    def test_of_stale_entries_the_rows_decide(self, owner: User, stranger: User) -> None:
        made = chat(owner, "green")
        Conversation.objects.filter(id=made.id).update(owner=stranger)
        assert search(user=owner, text="green").hits == []
        Conversation.objects.filter(id=made.id).update(owner=owner, deleted_at=timezone.now())
        assert search(user=owner, text="green").hits == []
        Conversation.objects.filter(id=made.id).update(is_temporary=True, deleted_at=None)
        assert search(user=owner, text="green").hits == []


class TestInStep:
    """The index follows every change, through the documented functions."""

    def test_posting_answering_renaming(self, owner: User) -> None:
        posted = conversations.start_conversation(
            user=owner, content="Where do kestrels nest?", model="demo/demo"
        )
        made = Conversation.objects.get(id=posted.question.conversation_id)
        assert made.is_indexed
        assert found(owner, "kestrels from:me") == {"Where do kestrels nest?"}
        assert generation.claim(posted.reply.id, runner="r")
        progress = generation.Progress(posted.reply.id, "On ledges", "", None, changed=True)
        generation.checkpoint([progress], runner="r")
        assert found(owner, "ledges") == set()
        generation.finish(progress, generation.Outcome(Message.Status.COMPLETE), runner="r")
        assert found(owner, "ledges") == {"On ledges"}
        conversations.rename_conversation(conversation=made, title="Falcons")
        assert found(owner, "falcons") == {"Falcons"}
        assert found(owner, "kestrels") == {"Where do kestrels nest?"}
        messages.post_message(conversation=made, content="And ospreys?")
        assert found(owner, "ospreys") == {"And ospreys?"}

    def test_continued_reply_is_found_by_its_new_words(self, owner: User) -> None:
        made = chat(owner, "ask", "first half")
        reply = reply_of(made)
        messages.continue_reply(message=reply)
        assert generation.claim(reply.id, runner="r")
        progress = generation.Progress(reply.id, "first half, second", "", None, changed=True)
        generation.finish(progress, generation.Outcome(Message.Status.STOPPED), runner="r")
        assert found(owner, "half second") == {"first half, second"}
        assert SearchEntry.objects.filter(message=reply).count() == 1

    def test_interrupted_reply(self, owner: User) -> None:
        made = chat(owner, "ask")
        make_message(made, None, "assistant", "broken words", status="streaming", runner="dead",
                     heartbeat_at=timezone.now() - timedelta(hours=1))  # fmt: skip
        generation.interrupt_orphans(silent_for=timedelta(seconds=10))
        assert found(owner, "broken") == {"broken words"}

    def test_edit_and_delete_and_branch(self, owner: User) -> None:
        made = chat(owner, "old question", "old reply")
        messages.edit_message(message=question_of(made), content="new question")
        assert found(owner, "question") == {"old question", "new question"}
        copy = branches.branch_off(message=made.messages.get(content="old reply"))
        assert [hit.more for hit in search(user=owner, text="old").hits] == [1, 1]
        branches.delete_from(message=made.messages.get(content="old question"))
        assert {hit.conversation_id for hit in search(user=owner, text="old").hits} == {copy.id}

    def test_deleted_chats_are_out_of_the_index_and_come_back(self, owner: User) -> None:
        made = chat(owner, "green")
        conversations.delete_conversation(conversation=made)
        assert not SearchEntry.objects.exists()
        assert search(user=owner, text="green").hits == []
        conversations.restore_conversation(conversation=made)
        assert found(owner, "green") == {"green"}
        own_data.delete_all(user=owner)
        assert search(user=owner, text="green").hits == []
        indexing.catch_up()
        assert not SearchEntry.objects.exists()
        conversations.purge_deleted(older_than=timedelta(0))
        assert indexing.catch_up() == 0

    def test_temporary_chats_are_never_indexed(self, owner: User) -> None:
        posted = conversations.start_conversation(
            user=owner, content="yaffingale", model="demo/demo", is_temporary=True
        )
        made = Conversation.objects.get(id=posted.question.conversation_id)
        Message.objects.filter(id=posted.reply.id).update(content="secret", status="complete")
        branch = branches.branch_off(message=Message.objects.get(id=posted.reply.id))
        indexing.index_messages([posted.question.id, posted.reply.id])
        indexing.index_conversations([made.id, branch.id])
        indexing.catch_up()
        assert not SearchEntry.objects.exists()
        temporary.keep_conversation(conversation=made)
        assert found(owner, "yaffingale from:me") == {"yaffingale"}
        assert found(owner, "secret") == {"secret"}

    def test_what_was_missed_is_made_up_for(self, owner: User) -> None:
        for number in range(3):
            make_conversation(owner, title=f"Missed {number}")
        assert search(user=owner, text="missed").hits == []
        assert indexing.catch_up(limit=2) == 2
        assert search(user=owner, text="missed").count == 2
        assert indexing.catch_up(limit=2) == 1
        assert indexing.catch_up(limit=2) == 0
        assert search(user=owner, text="missed").count == 3
        assert search(user=owner, text="answer").count == 3

    def test_starting_anew(self, owner: User) -> None:
        chat(owner, "green")
        indexing.forget_all()
        assert search(user=owner, text="green").hits == []
        told = StringIO()
        call_command("rebuild_search_index", missing=True, stdout=told)
        assert "1 of 1 chats" in told.getvalue()
        assert found(owner, "green") == {"green"}
        call_command("rebuild_search_index", stdout=told)
        assert found(owner, "green") == {"green"}
        assert_in_step()

    def test_indexing_again_changes_nothing(self, owner: User) -> None:
        made = chat(owner, "green", "blue", title="Colours")
        before = set(SearchEntry.objects.values_list("id", "words"))
        indexing.index_conversations([made.id])
        indexing.index_messages(made.messages.values_list("id", flat=True))
        indexing.index_title(made.id)
        assert set(SearchEntry.objects.values_list("id", "words")) == before
        assert_in_step()

    def test_many_of_one_moment_have_ids_of_their_own(self, owner: User) -> None:
        made = chat(owner)
        now = timezone.now()
        Message.objects.bulk_create(
            Message(id=uuid4(), conversation=made, role="user", content=f"n{n}", created_at=now)
            for n in range(600)
        )
        indexing.index_conversations([made.id])
        assert SearchEntry.objects.filter(message__isnull=False).count() == 600
        assert search(user=owner, text="n599").count == 1
        assert_in_step()

    def test_strange_dates(self, owner: User) -> None:
        made = chat(owner)
        for year in (1, 1969, 9998):
            moment = datetime(year, 6, 1, tzinfo=UTC)
            make_message(made, None, "user", f"year {year}", created_at=moment)
        indexing.index_conversations([made.id])
        assert search(user=owner, text="year", inside=made.id).count == 3

    def test_deleted_words_leave_no_trace_in_the_file(self, owner: User) -> None:
        made = chat(owner, "the yaffingale sings")
        chat(owner, "others stay")
        assert "yaffingale" in stored_words()
        made.delete()
        indexing.words_removed()
        indexing.erase_words()
        assert "yaffingale" not in stored_words()
        assert found(owner, "others") == {"others stay"}
        assert_in_step()


class TestChats:
    """A chat is found once, by the best that is in it."""

    def test_one_hit_for_title_and_messages(self, owner: User) -> None:
        made = chat(owner, "a recipe", "The recipe: recipe, recipe!", "other", title="Recipe")
        other = chat(owner, "no recipe here", title="Plain")
        results = search(user=owner, text="recipe")
        assert results.count == 2
        assert [(hit.conversation_id, hit.more) for hit in results.hits] == [
            (made.id, 1),
            (other.id, 0),
        ]
        first = results.hits[0]
        assert said(first) == "The recipe: recipe, recipe!"
        assert [part.text for part in first.title if part.is_match] == ["Recipe"]
        assert found(owner, "recipe from:me") == {"a recipe", "no recipe here"}

    def test_messages_of_one_chat(self, owner: User, stranger: User) -> None:
        made = chat(owner, "green one", "green two", "blue", title="Green")
        chat(owner, "green elsewhere")
        inside = search(user=owner, text="green", inside=made.id)
        assert {said(hit) for hit in inside.hits} == {"green one", "green two"}
        assert inside.count == 2
        asked = search(user=owner, text="green from:assistant", inside=made.id)
        assert [said(hit) for hit in asked.hits] == ["green two"]
        assert search(user=owner, text="green is:pinned", inside=made.id).hits == []
        assert search(user=stranger, text="green", inside=made.id).hits == []
        assert search(user=owner, text="green", inside=uuid4()).hits == []

    def test_pages_of_chats(self, owner: User) -> None:
        made = {chat(owner, "green", "green", title="green").id for _each in range(5)}
        first = search(user=owner, text="green", limit=3)
        second = search(user=owner, text="green", limit=3, cursor=first.next)
        seen = [hit.conversation_id for hit in [*first.hits, *second.hits]]
        assert (first.count, second.next, len(seen)) == (5, "", 5)
        assert set(seen) == made


class TestPages:
    def test_cursor_walks_through_all_of_it_once(self, owner: User) -> None:
        made = chat(owner, title="Other")
        start = timezone.now() - timedelta(days=400)
        Message.objects.bulk_create(
            Message(conversation=made, role="user", content=f"green {n}",
                    created_at=start + timedelta(hours=n))
            for n in range(WINDOW + 45)
        )  # fmt: skip
        indexing.index_conversations([made.id])
        seen: list[str] = []
        results = search(user=owner, text="green", limit=50, inside=made.id)
        assert (results.count, results.is_more_than) == (WINDOW, True)
        while True:
            seen += [said(hit) for hit in results.hits]
            if not results.next:
                break
            results = search(
                user=owner, text="green", limit=50, cursor=results.next, inside=made.id
            )
        assert len(seen) == len(set(seen)) == WINDOW + 45
        assert "green 0" in seen[-45:]

    def test_filters_that_leave_nothing_inside_a_chat(self, owner: User) -> None:
        made = chat(owner, "green")
        assert len(search(user=owner, text="green", inside=made.id).hits) == 1
        assert not search(user=owner, text="green tag:none", inside=made.id).hits

    def test_a_word_that_fills_a_window_is_no_beginning(
        self, owner: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chats.search.WINDOW", 3)
        for text in ("green 1", "green 2", "greenhouse"):
            chat(owner, text)
        assert found(owner, "green") == {"green 1", "green 2", "greenhouse"}
        chat(owner, "green 3")
        chat(owner, "green 4")
        assert "greenhouse" not in found(owner, "green")
        assert found(owner, "greenh") == {"greenhouse"}

    def test_queries_do_not_grow(self, owner: User) -> None:
        counts = set()
        for number in (1, 12):
            for _each in range(number):
                chat(owner, "green", "green", title="green")
            with CaptureQueriesContext(connection) as queries:
                search(user=owner, text="green is:pinned tag:x")
                search(user=owner, text="green")
            counts.add(len(queries))
        assert len(counts) == 1
        assert counts.pop() <= 26


def stored_words() -> str:
    """Everything that the full-text index holds, deleted or not; on PostgreSQL its vectors."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT block FROM chats_searchwords_data")
            return b"".join(bytes(row[0]) for row in cursor.fetchall()).decode("latin-1")
        cursor.execute("SELECT string_agg(vector::text, ' ') FROM chats_searchentry")
        return cursor.fetchone()[0] or ""


def assert_in_step() -> None:
    """SQLite's full-text table holds just what the entries do."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chats_searchwords(chats_searchwords, rank) VALUES ('integrity-check', 1)"
        )


PIECES = (
    '"', "''", "AND", "OR", "NOT", "NEAR(a b)", "*", "^", ":", "(", ")", "-", "+", "\x00", "\ud800",
    "\udfff", "green", "blue*", "words:", "tag:", 'tag:"', "folder:-", "is:", "before:9999-99",
    "after:0000", "before:２０２５", "🚀", "👩‍👩‍👧", "مرحبا", "\u202e", "日本", "%s", "\\", "'",
    "|", "&", "!", "<->", ":*", "_m", "'; DROP TABLE x; --", "\n", "\t", "{words}",
    "- words", "--", "x" * 200,
    "\u0301", "e\u0301", "\ufeff", "İ", "ß", "ﬀ", "\U000e0001", "½", "۴",
)  # fmt: skip


class TestBadInput:
    @pytest.mark.parametrize("seed", range(6))
    def test_garbage_is_never_an_error_nor_anybody_elses(
        self, owner: User, stranger: User, seed: int
    ) -> None:
        chat(owner, "green words _m 日本 'quoted' 🚀 مرحبا", title="green")
        pick = random.Random(seed)
        for _each in range(40):
            parts = pick.choices(PIECES, k=pick.randint(1, 9))
            text = pick.choice(["", " "]).join(parts)
            assert search(user=stranger, text=text, cursor=pick.choice(PIECES)).hits == []
            search(user=owner, text=text)

    @pytest.mark.parametrize(
        "text", ["x" * 10_240, "q " * 5120, '"' * 10_240, "日" * 10_240, "-a " * 3000]
    )
    def test_ten_kilobytes(self, owner: User, text: str) -> None:
        chat(owner, "green")
        results = search(user=owner, text=text)
        assert not results.hits
        assert any("only the first words" in note for note in results.notes)

    @pytest.mark.parametrize("longest", [1, 3, 8, 9])
    def test_a_long_chat_is_written_in_stretches(
        self, owner: User, monkeypatch: pytest.MonkeyPatch, longest: int
    ) -> None:
        """No transaction holds more of it than others can wait for."""
        monkeypatch.setattr(indexing, "_AT_ONCE", longest)
        written: list[int] = []
        index_messages = indexing.index_messages

        def index(ids: list[UUID]) -> None:
            written.append(len(ids))
            index_messages(ids)

        monkeypatch.setattr(indexing, "index_messages", index)
        short = chat(owner, "short one", title="Brief")
        long = chat(owner, *(f"part {number}" for number in range(8)), title="Endless")
        assert len(found(owner, "part")) == 8
        assert found(owner, "endless") == {"Endless"}
        assert found(owner, "short") == {"short one"}
        assert written == [] or max(written) <= longest
        long.refresh_from_db()
        assert long.is_indexed
        indexing.index_conversations([short.id, long.id])
        assert len(found(owner, "part")) == 8
