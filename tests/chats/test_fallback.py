"""Whom a reply may be answered by when its own model fails, and how that is stored."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from accounts.models import User
from chats import conversations, generation, messages, prompts
from chats.models import Conversation, Message
from chats.pacing import Pacer
from chats.run import Run
from providers.models import ApiKey
from tests.chats.conftest import answer, exchange
from tests.conftest import make_user

pytestmark = pytest.mark.django_db(transaction=True)
Status = Message.Status


@pytest.fixture
def reply(settings: Settings) -> Message:
    """A pending reply of a connection that is not there any more."""
    settings.PROVIDER_DEMO_DELAY = 0
    user = make_user("fred")
    conversation = Conversation.objects.create(owner=user, provider="gone", model="gpt")
    return messages.post_message(conversation=conversation, content="Hello").reply


def choose(reply: Message, model: str) -> None:
    Conversation.objects.filter(id=reply.conversation_id).update(fallback_model=model)


def second_of(reply: Message) -> str:
    job = generation.claim(reply.id, runner="a")
    assert job is not None
    return prompts.second_model(job)


async def make(reply: Message) -> Message:
    await Run(reply.id, runner_id="here", pacer=Pacer()).execute()
    return await Message.objects.aget(id=reply.id)


async def test_a_connection_that_is_gone_is_a_failure(reply: Message) -> None:
    await sync_to_async(choose)(reply, "demo/demo")
    made = await make(reply)
    assert (made.status, made.model_name) == (Status.COMPLETE, "demo/demo")
    assert made.metadata["fallback"] == {
        "from": "gone/gpt",
        "kind": "not_found",
        "reason": "The provider does not know this model.",
        "detail": "There is no connection for “gone/gpt”.",
    }


async def test_who_answers_is_stored_before_the_reply_ends(
    reply: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sync_to_async(choose)(reply, "demo/demo")
    monkeypatch.setattr("chats.run.generation.finish", lambda *_a, **_o: False)
    made = await make(reply)
    assert (made.status, made.model_name) == (Status.STREAMING, "demo/demo")
    assert made.metadata["fallback"]["from"] == "gone/gpt"


async def test_both_failures_are_in_the_error(reply: Message) -> None:
    await sync_to_async(choose)(reply, "demo/other")
    made = await make(reply)
    assert made.status == Status.FAILED
    assert made.error is not None
    assert made.error["detail"] == "The demo has one model, “demo”."
    assert made.error["first"] == made.metadata["fallback"]
    assert made.error["first"]["from"] == "gone/gpt"


async def test_a_silent_first_is_left_to_the_second_not_to_the_clock(
    owner: User, settings: Settings
) -> None:
    """Who watches the clock of a reply must not end it while another model waits its turn."""
    settings.PROVIDER_DEMO_DELAY = 30
    settings.REPLY_FIRST_TOKEN_TIMEOUT = 0.2
    settings.FALLBACK_MODEL = "demo/other"
    start = sync_to_async(conversations.start_conversation)
    reply = (await start(user=owner, content="Hi", model="demo/demo")).reply
    run = Run(reply.id, runner_id="here", pacer=Pacer())
    run.task = asyncio.create_task(run.execute())
    while not run.task.done():
        await run.check_patience()
        await asyncio.sleep(0.005)
    made = await Message.objects.aget(id=reply.id)
    assert made.error is not None
    assert (made.error["kind"], made.error["first"]["kind"]) == ("not_found", "timeout")


async def test_a_retry_forgets_who_stood_in(reply: Message) -> None:
    await sync_to_async(choose)(reply, "demo/other")
    made = await make(reply)
    await sync_to_async(messages.retry_reply)(message=made)
    assert made.model_name == "gone/gpt"
    await sync_to_async(choose)(reply, "none")
    made = await make(reply)
    assert (made.status, made.metadata) == (Status.FAILED, {})


def test_the_chats_own_choice_comes_before_the_sites(reply: Message, settings: Settings) -> None:
    settings.FALLBACK_MODEL = "demo/demo"
    choose(reply, "demo/other")
    assert second_of(reply) == "demo/other"


@pytest.mark.parametrize(("chosen", "expected"), [("", "demo/demo"), ("none", "")])
def test_the_sites_choice_holds_where_a_chat_has_none(
    chosen: str, expected: str, reply: Message, settings: Settings
) -> None:
    settings.FALLBACK_MODEL = "demo/demo"
    choose(reply, chosen)
    assert second_of(reply) == expected


def test_nobody_is_sent_to_a_model_of_somebody_else(reply: Message, settings: Settings) -> None:
    other = make_user("olga")
    ApiKey.objects.create(
        user=other, key_name="Mine", slug="mine", provider="openai", encrypted_key="sk-of-olga"
    )
    settings.FALLBACK_MODEL = "mine/gpt"
    assert second_of(reply) == ""
    Conversation.objects.filter(id=reply.conversation_id).update(owner=other)
    Message.objects.filter(id=reply.id).update(status=Status.PENDING, runner="")
    assert second_of(reply) == "mine/gpt"


def test_nothing_stands_in_for_itself_nor_for_half_a_reply(owner: User, settings: Settings) -> None:
    settings.FALLBACK_MODEL = "demo/demo"
    posted = conversations.start_conversation(user=owner, content="Hi", model="demo/demo")
    assert second_of(posted.reply) == ""
    answer(posted.reply)
    conversation = Conversation.objects.get(owner=owner)
    half = exchange(conversation, "More", "half an ans")
    Message.objects.filter(id=half.id).update(status=Status.INTERRUPTED, model="other")
    half.refresh_from_db()
    messages.continue_reply(message=half)
    assert second_of(half) == ""
