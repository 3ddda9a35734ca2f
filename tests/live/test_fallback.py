"""A second model stands in for one that fails before its first word: once, and never later."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.live.conftest import Asked, site_environment, words
from tests.person import Person, Reply
from tests.server import Server, free_port
from tests.upstream import Upstream

pytestmark = pytest.mark.server

SECOND = "anthropic/ok"


async def ask(person: Person, first: str, *, second: str = SECOND) -> Reply:
    """A message to `first` in a chat whose second model is `second`."""
    begun = await person.start_chat("Hello", model="demo/demo")
    await person.stop(begun)
    await person.ended(begun)
    chat = f"/c/{begun.conversation_id}"
    assert (await person.submit(f"{chat}/model/", {"model": first})).status_code == 303
    answer = await person.submit(f"{chat}/settings/", {"fallback_model": second})
    assert answer.status_code == 303, answer.text
    return await person.post(begun.conversation_id, person.own("Are you there?"), parent=begun.id)


@pytest.mark.parametrize(
    ("mode", "reason", "attempts"),
    [
        ("error-500", "The provider has a problem of its own.", 2),
        ("error-401", "The provider did not accept the key.", 1),
        ("error-404", "The provider does not know this model.", 1),
        ("error-429", "The provider asks for a pause.", 1),
        ("error-context", "The conversation is too long for this model.", 1),
    ],
)
async def test_a_model_that_fails_is_replaced_and_the_reply_says_so(
    ann: Person, asked: Asked, mode: str, reason: str, attempts: int
) -> None:
    reply = await ask(ann, f"openai/{mode}")
    async with ann.watch(reply) as viewer:
        assert await viewer.ended() == "complete"
    article = await ann.article(reply.id)
    assert article.text.startswith("Hello")
    assert f"Answered by {SECOND}, because openai/{mode} failed: {reason}" in article.footer
    assert "in place of" in article.element.by_tag("h2")[0].text
    assert [body["model"] for body in asked.bodies] == [mode] * attempts + ["ok"]
    # Each is asked in its own protocol and over its own connection.
    assert [entry["path"] for entry in asked.requests][-1] == "/v1/messages"


async def test_each_model_gets_the_options_of_its_own_provider(ann: Person, asked: Asked) -> None:
    begun = await ann.start_chat("Hello", model=SECOND)
    await ann.ended(begun)
    chat = f"/c/{begun.conversation_id}"
    values = {"option_thinking": "enabled", "option_thinking_budget": "2048", "temperature": "0.5"}
    assert (await ann.submit(f"{chat}/settings/", values)).status_code == 303
    assert (await ann.submit(f"{chat}/model/", {"model": "openai/error-401"})).status_code == 303
    values = {"fallback_model": SECOND, "temperature": "0.5"}
    assert (await ann.submit(f"{chat}/settings/", values)).status_code == 303
    await ann.ended(await ann.post(begun.conversation_id, ann.own("Think."), parent=begun.id))
    first, second = asked.bodies
    assert (first["model"], first["temperature"]) == ("error-401", 0.5)
    assert "thinking" not in first
    assert second["thinking"] == {"type": "enabled", "budget_tokens": 2048}


async def test_the_page_tells_of_it_while_it_happens(ann: Person) -> None:
    reply = await ask(ann, "openai/error-401", second="anthropic/slow-first-1")
    async with ann.watch(reply) as viewer:
        await viewer.until(lambda v: v.notices)
        async with ann.watch(reply) as late:
            await late.until(lambda v: v.notices)
        await viewer.ended()
    text = (
        "openai/error-401 failed: The provider did not accept the key. "
        "Asking anthropic/slow-first-1 instead."
    )
    for page in (viewer, late):
        assert {(notice["kind"], notice["text"]) for notice in page.notices} == {("fallback", text)}


async def test_when_both_fail_both_are_named(ann: Person, asked: Asked) -> None:
    reply = await ask(ann, "openai/error-401", second="anthropic/error-403")
    article = await ann.ended(reply)
    assert article.status == "failed"
    assert "This key may not use that model." in article.footer
    assert "openai/error-401 had failed: The provider did not accept the key." in article.footer
    assert "This is what 401 sounds like." in article.footer
    assert "This is what 403 sounds like." in article.footer
    assert len(asked.requests) == 2


async def test_retry_begins_with_the_first_model_again(ann: Person, asked: Asked) -> None:
    reply = await ask(ann, "openai/error-401", second="anthropic/error-403")
    await ann.ended(reply)
    again = await ann.act("retry", reply.id, reply.conversation_id)
    assert again.id == reply.id
    await ann.ended(again)
    assert [body["model"] for body in asked.bodies] == ["error-401", "error-403"] * 2


async def test_regenerate_begins_with_the_first_model_again(ann: Person, asked: Asked) -> None:
    reply = await ask(ann, "openai/error-401")
    await ann.ended(reply)
    await ann.ended(await ann.act("regenerate", reply.id, reply.conversation_id))
    assert [body["model"] for body in asked.bodies] == ["error-401", "ok"] * 2


async def test_a_reply_that_has_begun_stays_with_its_model(ann: Person, asked: Asked) -> None:
    article = await ann.ended(await ask(ann, "openai/cut-after-5"))
    assert (article.status, article.text.strip()) == ("interrupted", words(5))
    assert "Answered by" not in article.footer
    assert len(asked.requests) == 1


async def test_continue_goes_on_with_the_model_that_began(ann: Person, asked: Asked) -> None:
    reply = await ask(ann, "openai/error-401", second="anthropic/cut-after-5")
    await ann.ended(reply)
    article = await ann.ended(await ann.act("continue", reply.id, reply.conversation_id))
    assert article.text.strip() == f"{words(5)} {words(5)}"
    assert "Answered by anthropic/cut-after-5, because openai/error-401" in article.footer
    assert [b["model"] for b in asked.bodies] == ["error-401", *["cut-after-5"] * 2]


async def test_what_is_refused_for_its_content_is_not_asked_elsewhere(
    ann: Person, asked: Asked
) -> None:
    article = await ann.ended(await ask(ann, "openai/error-filter"))
    assert article.status == "failed"
    assert "The provider declined to answer this." in article.footer
    assert len(asked.requests) == 1


async def test_stop_during_the_first_ones_pause_asks_nobody_else(ann: Person, asked: Asked) -> None:
    reply = await ask(ann, "openai/error-429-1")
    async with ann.watch(reply) as viewer:
        await viewer.until(lambda v: [n for n in v.notices if n["kind"] == "retrying"])
        await ann.stop(reply)
        assert await viewer.ended() == "stopped"
    await asyncio.sleep(1.5)
    assert [body["model"] for body in asked.bodies] == ["error-429-1"]


async def test_a_silent_model_is_replaced_after_the_time_for_a_first_word(
    strict_server: Server, upstream: Upstream
) -> None:
    async with Person(strict_server.url) as eve:
        await eve.sign_up()
        article = await eve.ended(await ask(eve, "openai/hang"))
        assert article.status == "complete"
        assert "openai/hang failed: The provider did not answer in time." in article.footer
        assert [b["model"] for b in Asked(upstream, eve).bodies] == ["hang", "ok"]


@pytest.fixture
async def fay(upstream: Upstream, tmp_path: Path) -> AsyncIterator[Person]:
    """Somebody on a site with a second model, whose first provider is not there."""
    nobody = f"http://127.0.0.1:{free_port()}/v1"
    variables = site_environment(upstream, FALLBACK_MODEL=SECOND, OPENAI_BASE_URL=nobody)
    with Server(tmp_path, env=variables) as server:
        async with Person(server.url) as person:
            yield await person.sign_up()


async def test_the_sites_second_model_stands_in_for_a_provider_that_is_not_there(
    fay: Person, upstream: Upstream
) -> None:
    first = await fay.start_chat(fay.own("Hello"), model="openai/ok")
    alone = await ask(fay, "openai/ok", second="none")
    article, none = await asyncio.gather(fay.ended(first), fay.ended(alone))
    assert article.status == "complete"
    assert "openai/ok failed: The provider could not be reached." in article.footer
    assert none.status == "failed"
    assert len(Asked(upstream, fay).requests) == 1
