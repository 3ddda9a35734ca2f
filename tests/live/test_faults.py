"""Providers that refuse, fail, break off and send nonsense: what the person gets to see."""

import asyncio
import time

import pytest

from tests.live.conftest import OPENAI_KEY, Asked, resident, words
from tests.person import Article, Person
from tests.server import Server
from tests.waiting import until

pytestmark = pytest.mark.server

PROVIDERS = ("openai", "anthropic")
REFUSALS = {
    "error-401": "The provider did not accept the key.",
    "error-403": "This key may not use that model.",
    "error-404": "The provider does not know this model.",
    "error-422": "The provider did not understand the request.",
    "error-context": "The conversation is too long for this model.",
}


async def answered(person: Person, model: str) -> Article:
    """The reply of a model to a first message, after its end."""
    return await person.ended(await person.start_chat(person.own("Hello"), model=model))


@pytest.mark.parametrize("mode", REFUSALS)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_refusal_is_told_in_words_and_not_repeated(
    ann: Person, asked: Asked, provider: str, mode: str
) -> None:
    article = await answered(ann, f"{provider}/{mode}")
    assert (article.status, article.body) == ("failed", "")
    assert REFUSALS[mode] in article.footer
    assert "The provider said:" in article.footer
    assert "Retry" in article.buttons
    assert "Continue" not in article.buttons
    assert len(asked.requests) == 1


async def test_the_key_is_cut_out_of_the_providers_words(ann: Person) -> None:
    article = await answered(ann, "openai/error-key")
    assert "Something about the key … is odd." in article.footer
    assert OPENAI_KEY not in article.element.outer


async def test_words_that_no_page_could_hold_are_mended(ann: Person) -> None:
    article = await answered(ann, "openai/error-half")
    assert "half of ?" in article.footer


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_pause_that_is_asked_for_is_kept_and_counted_down(
    ann: Person, asked: Asked, provider: str
) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model=f"{provider}/429-once")
    async with ann.watch(reply) as viewer:
        await viewer.until(lambda v: v.notices)
        assert await viewer.ended() == "complete"
    notice = viewer.notices[0]
    assert (notice["kind"], notice["text"]) == ("retrying", "The provider asks for a pause.")
    assert 0 < notice["seconds"] < 1.3
    first, second = (request["at"] for request in asked.requests)
    assert second - first >= 1


async def test_a_long_pause_is_left_to_the_person(ann: Person, asked: Asked) -> None:
    article = await answered(ann, "openai/error-429-long")
    assert article.status == "failed"
    waits = article.element.all(lambda e: "data-countdown" in e.attributes)
    assert [float(e.attributes["data-countdown"]) for e in waits] == [3600]
    assert len(asked.requests) == 1


@pytest.mark.parametrize("mode", ["500-once", "cut-once"])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_passing_fault_is_got_over(
    ann: Person, asked: Asked, provider: str, mode: str
) -> None:
    article = await answered(ann, f"{provider}/{mode}")
    assert article.status == "complete"
    assert len(asked.requests) == 2


async def test_a_lasting_fault_ends_after_four_attempts(ann: Person, asked: Asked) -> None:
    models = [f"{provider}/error-{status}" for provider in PROVIDERS for status in (500, 503)]
    articles = await asyncio.gather(*(answered(ann, model) for model in models))
    for article in articles:
        assert article.status == "failed"
        assert "The provider has a problem of its own." in article.footer
        assert "sounds like." in article.footer
        assert "Retry" in article.buttons
    assert len(asked.requests) == 4 * len(models)


async def test_stop_ends_the_pause_before_the_next_attempt(ann: Person, asked: Asked) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/error-429")
    async with ann.watch(reply) as viewer:
        await viewer.until(lambda v: v.notices)
        await ann.stop(reply)
        assert await viewer.ended(5) == "stopped"
    assert len(asked.requests) == 1


@pytest.mark.parametrize("mode", ["cut-after-60", "end-after-60"])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_reply_that_is_cut_keeps_its_text_and_can_go_on(
    ann: Person, asked: Asked, provider: str, mode: str
) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model=f"{provider}/{mode}")
    async with ann.watch(reply) as viewer:
        assert await viewer.ended() == "interrupted"
    article = await ann.article(reply.id)
    assert article.body == viewer.html
    assert article.text.strip() == words(60)
    assert "The provider's answer was cut off." in article.footer
    assert {"Continue", "Retry"} <= article.buttons
    assert len(asked.requests) == 1


async def test_retry_of_a_cut_reply_is_a_new_branch(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/cut-after-5")
    await ann.ended(reply)
    again = await ann.act("retry", reply.id, reply.conversation_id)
    article = await ann.ended(again)
    assert again.id != reply.id
    assert "2/2" in article.footer


async def test_retry_of_an_empty_reply_takes_its_place(ann: Person, asked: Asked) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/error-401")
    await ann.ended(reply)
    again = await ann.act("retry", reply.id, reply.conversation_id)
    await ann.ended(again)
    assert again.id == reply.id
    assert len(asked.requests) == 2


@pytest.mark.parametrize("mode", ["malformed", "error-event"])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_nonsense_in_the_stream_keeps_what_came_before(
    ann: Person, provider: str, mode: str
) -> None:
    article = await answered(ann, f"{provider}/{mode}")
    assert (article.status, article.text.strip()) == ("failed", "Before this.")
    said = {
        "malformed": "The provider sent something that could not be read.",
        "error-event": "The model fell over.",
    }
    assert said[mode] in article.footer
    assert {"Continue", "Retry"} <= article.buttons


@pytest.mark.parametrize("mode", ["html", "redirect"])
async def test_an_answer_that_is_no_stream_fails_clearly(
    ann: Person, asked: Asked, mode: str
) -> None:
    article = await answered(ann, f"openai/{mode}")
    assert article.status == "failed"
    assert "Welcome" not in article.element.outer
    assert article.element.by_class("message-error")
    assert len(asked.requests) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_line_of_ten_megabytes_fails_and_costs_no_memory(
    ann: Person, bob: Person, server: Server, provider: str
) -> None:
    await answered(ann, f"{provider}/ok")  # What the provider's package needs is loaded now.
    before = resident(server)
    reply = await ann.start_chat(ann.own("Hello"), model=f"{provider}/huge-line")
    ending = asyncio.create_task(ann.ended(reply))
    slowest = 0.0
    while not ending.done():
        begun = time.monotonic()
        assert (await bob.get("/healthz")).status_code == 200
        slowest = max(slowest, time.monotonic() - begun)
        await asyncio.sleep(0.01)
    article = await ending
    assert (article.status, article.text.strip()) == ("failed", "Before this.")
    assert "The provider sent something that could not be read." in article.footer
    assert resident(server) - before < 25_000_000
    assert slowest < 5


async def test_a_reply_cut_by_its_length_can_go_on(ann: Person) -> None:
    article = await answered(ann, "openai/length")
    assert article.status == "complete"
    assert "The reply reached its longest length." in article.footer
    assert "Continue" in article.buttons


async def test_an_empty_reply_ends(ann: Person) -> None:
    article = await answered(ann, "openai/empty")
    assert (article.status, article.body) == ("complete", "")


async def test_stop_ends_a_provider_that_never_answers(ann: Person, asked: Asked) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/hang")
    await until(lambda: asked.answers)
    async with ann.watch(reply) as viewer:
        await viewer.until(lambda v: v.snapshots)
        await ann.stop(reply)
        assert await viewer.ended(5) == "stopped"
    await until(lambda: asked.answers[0]["end"] == "closed by client")
    article = await ann.article(reply.id)
    assert "You stopped this reply." in article.footer
    assert article.buttons >= {"Retry"}


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_stop_in_another_tab_keeps_the_text_and_hangs_up(
    ann: Person, asked: Asked, provider: str
) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model=f"{provider}/fast-1000@50")
    async with ann.watch(reply) as first, ann.watch(reply) as second:
        await first.until(lambda v: len(v.text) > 50)
        await second.until(lambda v: len(v.text) > 50)
        pressed = time.monotonic()
        await ann.stop(reply)
        assert await first.ended(5) == "stopped"
        took = time.monotonic() - pressed
        assert await second.ended(5) == "stopped"
    await until(lambda: asked.answers[0]["end"] == "closed by client")
    article = await ann.article(reply.id)
    assert article.body == first.html == second.html
    assert len(article.text) > 50
    assert {"Continue", "Retry"} <= article.buttons
    assert took < 3, "about one second, on a busy machine"
    await ann.stop(reply)
    assert (await ann.article(reply.id)).status == "stopped"


async def test_a_reply_without_text_is_left_out_of_the_next_prompt(
    ann: Person, asked: Asked
) -> None:
    reply = await ann.start_chat(ann.own("/mode error-401\n"), model="openai/ok")
    await ann.ended(reply)
    await ann.ended(await ann.post(reply.conversation_id, ann.own("Again")))
    # Both questions as one turn: some models refuse two of one speaker in a row.
    [turn] = asked.bodies[1]["messages"]
    assert turn["role"] == "user"
    assert "Again" in turn["content"]
