"""Which chats the model names, what it is sent for that, and what is made of its answer."""

import asyncio
import logging
import time
import unicodedata
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from chats import conversations, generation, messages, titles
from chats.models import Conversation, Message
from chats.runner import Runner
from chats.titles import clean_title, prepare, store
from providers.errors import NetworkError
from providers.types import Text
from tests.chats.conftest import exchange
from tests.conftest import make_user
from tests.waiting import until

Source = Conversation.TitleSource
FRAME = "First message:\n\n\nReply:\n"


@pytest.fixture(autouse=True)
def _titles_on(settings: Settings) -> None:
    settings.TITLES = "model"
    settings.PROVIDER_ENVIRONMENT = settings.PROVIDER_ENVIRONMENT | {
        "openai": {"api_key": "sk-test", "base_url": "http://127.0.0.1:9/v1"}
    }


@pytest.fixture
def named(owner: User) -> Conversation:
    """A chat with a model that has not answered yet."""
    return Conversation.objects.create(
        owner=owner, title="First words", provider="openai", model="gpt-4o"
    )


def finished(conversation: Conversation, content: str = "Hello", text: str = "Hi.") -> Message:
    reply = messages.post_message(conversation=conversation, content=content).reply
    job = generation.claim(reply.id, runner="a")
    assert job is not None
    generation.finish(
        generation.Progress(reply.id, text, "", None, changed=True),
        generation.Outcome(Message.Status.COMPLETE),
        runner="a",
    )
    reply.refresh_from_db()
    return reply


# --- What is made of an answer --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("A walk by the sea", "A walk by the sea"),
        ("\n\n  # A walk  by the sea\n\nIt began", "A walk by the sea"),
        ('"A walk by the sea."', "A walk by the sea"),
        ("**Title:** “A walk”", "A walk"),
        ("1. First\n2. Second", "First"),
        ("- [A walk](https://example.org)", "A walk"),
        ("```\nA walk\n```", "A walk"),
        ("<think>What is\nit about?</think>\nA walk", "A walk"),
        ("<think>What is it about", ""),
        ("It's Ann's “great” day", "It's Ann's “great” day"),
        ("A* search and snake_case_names", "A* search and snake_case_names"),
        ("海辺の散歩。", "海辺の散歩"),
        ("Strandspaziergang 👩‍👩‍👧", "Strandspaziergang 👩‍👩‍👧"),
        ("And then...", "And then..."),
        ("\u202egnorts\u202c \u2066A walk\u2069\ufeff", "gnorts A walk"),
        ("A\x00 walk\x1b[31m\x7f", "A walk [31m"),
        ("A\u2028walk\x85on", "A walk on"),
        ("half \ud83d", "half"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("", ""),
        ("...", ""),
        ("“”\n---\n***", ""),
        ("\u3164\u3164\u2800", ""),
        ("\U000e0041\U000e0042", ""),
    ],
)
def test_one_line_of_plain_text_is_left(said: str, title: str) -> None:
    assert clean_title(said) == title


def test_a_long_title_is_cut_between_words() -> None:
    cut = clean_title("word " * 1000)
    assert cut == "word " * 14 + "word…"
    assert len(clean_title("x" * 9_000)) == 80


@pytest.mark.parametrize(
    "said",
    [
        "> " * 4_000 + "*" * 4_000,
        "`" * 4_000 + "a" * 4_000,
        "[" * 8_000,
        "<think>" * 1_000,
        "**a" * 3_000,
    ],
)
def test_hostile_markup_costs_no_time(said: str) -> None:
    started = time.thread_time()
    title = clean_title(said)
    assert time.thread_time() - started < 1
    assert len(title) <= 80
    assert not any(unicodedata.category(each)[0] == "C" for each in title)


# --- Which chats are named ------------------------------------------------------------------------


def test_the_beginning_of_question_and_reply_is_sent_and_nothing_dear(named: Conversation) -> None:
    named.system_prompt = "Be a pirate."
    named.temperature, named.max_tokens = 1.5, 7
    named.options = {"reasoning_effort": "high", "service_tier": "priority"}
    named.save()
    beginning = prepare(finished(named, "q" * 9_000, "r" * 9_000).id)
    assert beginning is not None
    request = beginning.request
    (part,) = request.messages[0].parts
    assert isinstance(part, Text)
    assert (part.text.count("q"), part.text.count("r")) == (2_000, 2_000 + FRAME.count("r"))
    assert (request.model, request.system) == ("gpt-4o", titles.INSTRUCTION)
    assert (request.parameters.max_tokens, dict(request.options)) == (None, {})


def test_what_makes_a_model_think_less_is_sent(named: Conversation) -> None:
    Conversation.objects.filter(id=named.id).update(options={"reasoning_effort": "minimal"})
    beginning = prepare(finished(named).id)
    assert beginning is not None
    assert beginning.request.options == {"reasoning_effort": "minimal"}


def test_only_the_first_complete_reply_names_a_chat(named: Conversation) -> None:
    stopped = exchange(named, "Hello")
    Message.objects.filter(id=stopped.id).update(status=Message.Status.STOPPED)
    assert prepare(stopped.id) is None
    named.refresh_from_db()
    first, second = finished(named), finished(named)
    assert prepare(first.id) is not None
    assert prepare(second.id) is None


@pytest.mark.parametrize(
    "change",
    [
        {"title_source": Source.PERSON},
        {"title_source": Source.MODEL},
        {"deleted_at": "2026-01-01T00:00:00Z"},
    ],
)
def test_a_chat_that_was_named_or_deleted_is_not_asked_about(
    named: Conversation, change: dict[str, Any]
) -> None:
    reply = finished(named)
    Conversation.objects.filter(id=named.id).update(**change)
    assert prepare(reply.id) is None


@pytest.mark.parametrize("change", [{"makes_titles": False}, {"is_active": False}])
def test_the_owner_decides(named: Conversation, change: dict[str, bool]) -> None:
    reply = finished(named)
    User.objects.update(**change)
    assert prepare(reply.id) is None


def test_the_demo_names_nothing(conversation: Conversation) -> None:
    assert prepare(finished(conversation).id) is None


def test_nothing_is_asked_about_an_image_without_a_word(named: Conversation) -> None:
    reply = finished(named, text=" ")
    Message.objects.filter(children=reply).update(content="")
    assert prepare(reply.id) is None


def test_whether_to_try_is_known_without_a_query(
    named: Conversation, settings: Settings, django_assert_num_queries: Any
) -> None:
    reply = messages.post_message(conversation=named, content="Hello").reply
    job = generation.claim(reply.id, runner="a")
    assert job is not None
    with django_assert_num_queries(0):
        assert titles.may_name(job)
        settings.TITLES = "words"
        assert not titles.may_name(job)
        settings.TITLES = "model"
        job.user.makes_titles = False
        assert not titles.may_name(job)


# --- Storing --------------------------------------------------------------------------------------


def test_the_models_title_is_stored_once(named: Conversation) -> None:
    before = Conversation.objects.get().updated_at
    assert store(named.id, "By the sea")
    assert not store(named.id, "By the lake")
    stored = Conversation.objects.get()
    assert (stored.title, stored.title_source) == ("By the sea", Source.MODEL)
    assert stored.updated_at == before


def test_a_persons_title_stays(named: Conversation) -> None:
    conversations.rename_conversation(conversation=named, title="Mine")
    assert not store(named.id, "By the sea")
    stored = Conversation.objects.get()
    assert (stored.title, stored.title_source) == ("Mine", Source.PERSON)


def test_a_person_can_rename_what_the_model_named(named: Conversation) -> None:
    store(named.id, "By the sea")
    conversations.rename_conversation(conversation=named, title="Mine")
    stored = Conversation.objects.get()
    assert (stored.title, stored.title_source) == ("Mine", Source.PERSON)


# --- Failures -------------------------------------------------------------------------------------


def answering(monkeypatch: pytest.MonkeyPatch, failure: Exception | float) -> list[object]:
    """Have the provider raise, or be silent for so many seconds. What it was asked."""
    asked: list[object] = []

    async def ask(beginning: object) -> str:
        asked.append(beginning)
        if isinstance(failure, Exception):
            raise failure
        await asyncio.sleep(failure)
        return "Too late"

    monkeypatch.setattr("chats.titles._ask", ask)
    return asked


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("failure", "reason"), [(NetworkError("yaffingale"), "network"), (30.0, "too long")]
)
async def test_a_failure_is_logged_without_words_and_leaves_the_first_words(
    failure: Exception | float,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("chats.titles.TIME_LIMIT", 0.3)
    answering(monkeypatch, failure)
    reply = await sync_to_async(_asked)()
    with caplog.at_level(logging.INFO):
        await titles.name_conversation(reply.id)
    (record,) = [each for each in caplog.records if each.name == "chats.titles"]
    assert (record.levelname, reason in record.getMessage()) == ("INFO", True)
    assert "yaffingale" not in caplog.text
    stored = await Conversation.objects.aget()
    assert (stored.title, stored.title_source) == ("First words", Source.WORDS)


@pytest.mark.django_db(transaction=True)
async def test_a_title_under_way_is_given_up_at_shutdown(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.PROVIDER_DEMO_DELAY = 0
    monkeypatch.setattr("chats.titles.DEMO", "")
    answering(monkeypatch, 30.0)
    reply = await sync_to_async(_pending)()
    runner = Runner(asyncio.get_running_loop())
    runner.start(reply.id)
    await until(lambda: runner._titles)
    started = time.monotonic()
    await runner.shutdown(10)
    assert time.monotonic() - started < 5
    assert not runner._titles


@pytest.mark.django_db(transaction=True)
async def test_a_reply_that_is_continued_meanwhile_asks_no_second_time(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.PROVIDER_DEMO_DELAY = 0
    monkeypatch.setattr("chats.titles.DEMO", "")
    asked = answering(monkeypatch, 30.0)
    begun: list[UUID] = []
    make = titles.name_conversation

    async def note(message_id: UUID) -> None:
        begun.append(message_id)
        await make(message_id)

    monkeypatch.setattr(titles, "name_conversation", note)
    reply = await sync_to_async(_pending)()
    runner = Runner(asyncio.get_running_loop())
    for _time in range(2):
        runner._start(reply.id)
        await until(lambda: asked and not runner.runs)
        await reply.arefresh_from_db()
        assert reply.status == Message.Status.COMPLETE
        await sync_to_async(messages.continue_reply)(message=reply)
    await runner.shutdown(0)
    assert begun == [reply.id]


def _asked() -> Message:
    conversation = Conversation.objects.create(
        owner=make_user("tess"), title="First words", provider="openai", model="gpt-4o"
    )
    return finished(conversation)


def _pending() -> Message:
    return conversations.start_conversation(
        user=make_user("tess"), content="Hello", model="demo/demo"
    ).reply


# --- The setting ----------------------------------------------------------------------------------


def test_the_setting_is_on_the_page_and_applies(owner: User, owner_client: Client) -> None:
    assert 'name="makes_titles"' in owner_client.get("/settings/").text
    body = {"theme": "system", "default_model": "", "makes_titles": ""}
    owner_client.post("/settings/", body)
    owner.refresh_from_db()
    assert owner.makes_titles is False
    owner_client.post("/settings/", body | {"makes_titles": "on"})
    owner.refresh_from_db()
    assert owner.makes_titles is True


def test_a_site_without_titles_does_not_offer_them_and_keeps_what_was_chosen(
    owner: User, owner_client: Client, settings: Settings
) -> None:
    settings.TITLES = "words"
    assert 'name="makes_titles"' not in owner_client.get("/settings/").text
    owner_client.post("/settings/", {"theme": "dark", "default_model": ""})
    owner.refresh_from_db()
    assert (owner.theme, owner.makes_titles) == ("dark", True)
