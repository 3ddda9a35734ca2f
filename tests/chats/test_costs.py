"""What a reply cost and what its model is called, as its run enters it."""

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from pytest_django import Settings

from accounts.models import User
from chats import conversations, messages
from chats.models import Message
from chats.pacing import Pacer
from chats.run import Run
from chats.templatetags.amounts import dollars
from providers.types import ModelInfo, Usage
from tests.chats.pages import HTMX
from tests.conftest import make_user
from tests.markup import parse

pytestmark = pytest.mark.django_db(transaction=True)
PRICED = ModelInfo(id="demo", input_price=Decimal(3), output_price=Decimal(10))
UNPRICED = ModelInfo(id="demo")


@pytest.fixture
def reply(settings: Settings) -> Message:
    """A pending reply by the demo."""
    settings.PROVIDER_DEMO_DELAY = 0
    return conversations.start_conversation(
        user=make_user("rita"), content="Hello", model="demo/demo"
    ).reply


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call it with a price and counts: what is known of the demo, and what it says it used."""

    def set_up(info: ModelInfo, **more: int) -> None:
        monkeypatch.setattr("providers.routing.catalogue.model_info", lambda *_a, **_o: info)
        usage = partial(Usage, 1000, 200, **more)
        monkeypatch.setattr("providers.adapters.demo.Usage", lambda **_counts: usage())

    return set_up


async def make(reply: Message) -> Message:
    await Run(reply.id, runner_id="here", pacer=Pacer()).execute()
    return await Message.objects.select_related("conversation").aget(id=reply.id)


async def go_on(reply: Message) -> Message:
    await sync_to_async(messages.continue_reply)(message=reply)
    return await make(reply)


async def test_tokens_at_their_price(reply: Message, counted: Any) -> None:
    counted(PRICED)
    assert (await make(reply)).cost_micros == 5_000


async def test_an_unknown_price_is_no_price(reply: Message, counted: Any) -> None:
    counted(UNPRICED)
    made = await make(reply)
    assert (made.output_tokens, made.cost_micros) == (200, None)


async def test_what_the_provider_charged_wins(reply: Message, counted: Any) -> None:
    counted(PRICED, cost_micros=42)
    assert (await make(reply)).cost_micros == 42


async def test_a_continued_reply_costs_both_calls(reply: Message, counted: Any) -> None:
    counted(PRICED)
    made = await go_on(await make(reply))
    assert (made.input_tokens, made.cost_micros) == (2000, 10_000)


@pytest.mark.parametrize("order", [(PRICED, UNPRICED), (UNPRICED, PRICED)])
async def test_one_unknown_call_makes_the_sum_unknown(
    order: tuple[ModelInfo, ModelInfo], reply: Message, counted: Any
) -> None:
    counted(order[0])
    made = await make(reply)
    counted(order[1])
    assert (await go_on(made)).cost_micros is None


async def test_what_the_next_prompt_begins_with(reply: Message, counted: Any) -> None:
    """Of the last call alone, without its reasoning."""
    counted(PRICED, reasoning_tokens=50)
    made = await go_on(await make(reply))
    assert made.metadata["context"]["tokens"] == 1150
    assert made.metadata["context"]["counted"] == 1000


async def test_a_reply_keeps_what_its_model_is_called(
    reply: Message, counted: Any, async_client: AsyncClient
) -> None:
    """So that pages need not look it up, and a later name does not change who wrote it."""
    counted(replace(PRICED, name="<b>De</b>\u202emo 1"))
    made = await make(reply)

    assert made.metadata["model_label"] == "<b>De</b>mo 1"
    await async_client.aforce_login(await User.objects.aget())
    page = await async_client.get(f"/m/{made.id}/footer/", headers=HTMX)
    [facts] = parse(page.content.decode()).by_class("message-facts")
    called = facts.by_tag("span")[0]
    assert (called.text, called.attributes["title"]) == ("<b>De</b>mo 1", "demo/demo")


async def test_a_reply_without_such_a_name_says_the_id(
    reply: Message, counted: Any, async_client: AsyncClient
) -> None:
    counted(PRICED)
    made = await make(reply)

    assert "model_label" not in made.metadata
    await async_client.aforce_login(await User.objects.aget())
    page = await async_client.get(f"/m/{made.id}/footer/", headers=HTMX)
    [facts] = parse(page.content.decode()).by_class("message-facts")
    assert facts.by_tag("span")[0].text == "demo"


@pytest.mark.parametrize(
    ("micros", "shown"),
    [(0, "free"), (99, "< $0.0001"), (159, "$0.0002"), (1_999, "$0.0020"), (19_999, "$0.02")],
)
def test_amounts_are_rounded(micros: int, shown: str) -> None:
    assert dollars(micros) == shown
