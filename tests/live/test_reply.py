"""One message, from the form to the provider and back to the page."""

import base64
import io

import pytest
from PIL import Image

from chats.prompts import CONTINUE_PROMPT
from chats.rendering import render
from providers.adapters.anthropic_request import DEFAULT_MAX_TOKENS
from tests.live.conftest import ANTHROPIC_KEY, OPENAI_KEY, Asked
from tests.markup import parse
from tests.person import Person
from tests.upstream_modes import ANSWER, THOUGHTS, UNICODE_ANSWER
from tests.waiting import until

pytestmark = pytest.mark.server

ODD_TEXTS = {
    "u2028": "one\u2028two\u2029three\x85four",
    "byte-by-byte": UNICODE_ANSWER,
}


def rendered(text: str) -> str:
    """The HTML that a text is shown as, spelled as `Article.body` is."""
    return parse(render(text)).inner


def picture() -> bytes:
    """A small PNG."""
    data = io.BytesIO()
    Image.new("RGB", (3, 2), "teal").save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_what_streams_is_what_a_reload_shows(
    ann: Person, asked: Asked, provider: str
) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model=f"{provider}/slow-first-0.5")
    async with ann.watch(reply) as viewer:
        assert await viewer.ended() == "complete"
        assert viewer.html == rendered(ANSWER)
    article = await ann.article(reply.id)
    assert article.body == viewer.html
    assert article.status == "complete"
    page = parse((await ann.get(f"/c/{reply.conversation_id}/")).text)
    shown = [e.inner for e in page.by_class("message-body")]
    assert shown[-1] == viewer.html
    assert len(asked.requests) == 1


async def test_the_demo_answers_without_any_provider(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Show me a table"), model="demo/demo")
    async with ann.watch(reply) as viewer:
        assert await viewer.ended() == "complete"
    article = await ann.article(reply.id)
    assert "not an AI" in article.text
    assert "<table" in article.body
    assert article.body == viewer.html


async def test_one_message_is_one_request_with_nothing_added(ann: Person, asked: Asked) -> None:
    text = ann.own("What is 2 + 2?")
    await ann.ended(await ann.start_chat(text, model="openai/ok"))
    (request,) = asked.requests
    assert request["path"] == "/v1/chat/completions"
    assert request["headers"]["authorization"] == f"Bearer {OPENAI_KEY}"
    assert request["body"] == {
        "model": "ok",
        "messages": [{"role": "user", "content": text}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_one_message_is_one_request_to_anthropic_as_well(ann: Person, asked: Asked) -> None:
    text = ann.own("What is 2 + 2?")
    await ann.ended(await ann.start_chat(text, model="anthropic/ok"))
    (request,) = asked.requests
    assert request["path"] == "/v1/messages"
    assert request["headers"]["x-api-key"] == ANTHROPIC_KEY
    assert request["body"] == {
        "model": "ok",
        "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
        "max_tokens": DEFAULT_MAX_TOKENS,
        "stream": True,
    }


async def test_system_prompt_and_parameters_reach_the_provider(ann: Person, asked: Asked) -> None:
    first, second = ann.own("One"), ann.own("Two")
    reply = await ann.start_chat(first, model="openai/ok")
    await ann.ended(reply)
    settings = {
        "system_prompt": "Be brief.", "temperature": "0.5", "top_p": "0.9", "max_tokens": "50",
    }  # fmt: skip
    path = f"/c/{reply.conversation_id}/settings/"
    assert (await ann.submit(path, settings)).status_code == 303
    await ann.ended(await ann.post(reply.conversation_id, second))
    assert asked.bodies[1] == {
        "model": "ok",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": first},
            {"role": "assistant", "content": ANSWER},
            {"role": "user", "content": second},
        ],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 50,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_an_attached_image_reaches_the_provider(
    ann: Person, asked: Asked, provider: str
) -> None:
    data = picture()
    attachment = await ann.upload("teal.png", data)
    text = ann.own("What colour?")
    reply = await ann.start_chat(text, model=f"{provider}/ok", attachments=[attachment])
    assert (await ann.ended(reply)).status == "complete"
    (body,) = asked.bodies
    encoded = base64.b64encode(data).decode()
    image = {
        "openai": {
            "type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"},
        },
        "anthropic": {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": encoded},
        },
    }[provider]  # fmt: skip
    [message] = body["messages"]
    # Anthropic is asked to keep it for the next turn, too.
    sent = [{k: v for k, v in p.items() if k != "cache_control"} for p in message["content"]]
    assert (message["role"], sent) == ("user", [image, {"type": "text", "text": text}])
    file = await ann.get(f"/attachments/{attachment}/")
    assert (file.content, file.headers["content-type"]) == (data, "image/png")
    assert f"/attachments/{attachment}/" in (await ann.get(f"/c/{reply.conversation_id}/")).text


@pytest.mark.parametrize("mode", ODD_TEXTS)
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_every_character_arrives(ann: Person, provider: str, mode: str) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model=f"{provider}/{mode}")
    assert (await ann.ended(reply)).status == "complete"
    assert (await ann.get(f"/m/{reply.id}/raw/")).text == ODD_TEXTS[mode]


async def test_reasoning_is_shown_beside_the_reply(ann: Person) -> None:
    reply = await ann.start_chat(ann.own("Think"), model="anthropic/reasoning")
    article = await ann.ended(reply)
    assert (article.reasoning, article.body) == (THOUGHTS, rendered(ANSWER))


async def test_tokens_are_counted_under_the_reply(ann: Person) -> None:
    article = await ann.ended(await ann.start_chat(ann.own("Hello"), model="openai/ok"))
    assert "11 in, 27 out" in article.footer


async def test_edit_regenerate_and_switch_make_branches(ann: Person, asked: Asked) -> None:
    first = await ann.start_chat(ann.own("/mode ok\nFirst"), model="openai/echo")
    await ann.ended(first)
    chat = first.conversation_id
    again = await ann.act("regenerate", first.id, chat)
    assert "2/2" in (await ann.ended(again)).footer
    edited = await ann.act("edit", first.question_id, chat, content=ann.own("Other words"))
    assert (await ann.ended(edited)).text.strip() == ann.own("Other words")
    assert asked.bodies[2]["messages"] == [{"role": "user", "content": ann.own("Other words")}]
    assert (await ann.submit(f"/m/{first.question_id}/switch/", {})).status_code == 303
    page = (await ann.get(f"/c/{chat}/")).text
    assert f"message-{again.id}" in page
    assert f"message-{edited.id}" not in page


async def test_continue_appends_to_the_same_message(ann: Person, asked: Asked) -> None:
    # The broken stream is asked for by the message, so that the next request goes well.
    reply = await ann.start_chat(ann.own("/mode cut-after-5\n"), model="openai/ok")
    article = await ann.ended(reply)
    assert (article.status, article.text.strip()) == ("interrupted", "the quick brown fox jumps")
    assert {"Continue", "Retry"} <= article.buttons
    await ann.act("continue", reply.id, reply.conversation_id)
    article = await ann.ended(reply)
    assert article.status == "complete"
    assert (await ann.get(f"/m/{reply.id}/raw/")).text == "the quick brown fox jumps " + ANSWER
    assert asked.bodies[1]["messages"][1:] == [
        {"role": "assistant", "content": "the quick brown fox jumps "},
        {"role": "user", "content": CONTINUE_PROMPT},
    ]


async def test_without_script_the_page_refreshes_until_the_reply_is_there(ann: Person) -> None:
    await ann.get("/")
    body = {"content": ann.own("Hello"), "model": "openai/slow-first-1"}
    answer = await ann.submit("/c/", body)
    assert answer.status_code == 303
    path = answer.headers["Location"]
    page = (await ann.get(path)).text
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'data-action="stop"' in page

    async def shown() -> bool:
        page = (await ann.get(path)).text
        return "http-equiv" not in page and 'data-status="complete"' in page

    await until(shown)
    assert rendered(ANSWER) in parse((await ann.get(path)).text).inner
