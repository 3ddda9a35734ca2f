"""Nothing that a model, a provider or a person writes can run: whole or split, live or reloaded."""

import asyncio
from collections.abc import Iterator
from typing import Final

import pytest

from tests.data.payloads import ALL_IN_ONE, CANARY, FLAG, LINES, PAYLOADS
from tests.markup import Element, parse
from tests.person import Person

pytestmark = pytest.mark.server

ADDRESSES: Final = frozenset(
    ("action", "background", "data", "formaction", "href", "ping", "poster", "src", "srcset")
)
RENDERED: Final = frozenset(
    (
        "a", "blockquote", "br", "button", "code", "del", "div", "em", "figcaption", "figure", "h1",
        "h2", "h3", "h4", "h5", "h6", "hr", "input", "li", "ol", "p", "pre", "s", "span", "strong",
        "svg", "table", "tbody", "td", "th", "thead", "tr", "ul", "use",
    )
)  # fmt: skip
"""All that Markdown becomes, besides MathML."""
NOT_ITS_OWN: Final = ("hx-", "id", "name", "form", "style", "srcdoc", "data-message", "data-status")


def faults_of_page(page: Element) -> Iterator[str]:
    """What on a whole page could run or call out."""
    for each in page.elements():
        for name, value in each.attributes.items():
            start = value.strip().lower()
            if name.startswith("on") or name in {"srcdoc", "style"}:
                yield f"{each.tag} {name}={value}"
            if name.split(":")[-1] not in ADDRESSES or (name == "href" and each.tag == "a"):
                continue
            if (start and not start.startswith(("/", "#", "?"))) or start.startswith("//"):
                yield f"{each.tag} {name}={value}"
        if each.tag == "a" and not is_harmless(each.attributes.get("href", "#")):
            yield each.outer
        if each.tag == "script" and FLAG in each.outer:
            yield each.outer
        if each.tag in {"base", "iframe", "object", "embed", "style"}:
            yield each.outer


def is_harmless(address: str) -> bool:
    """Whether a link leads to a page, here or elsewhere, and not into a script."""
    return address.lower().startswith(("https://", "http://", "mailto:", "/", "#", "?"))


def faults_of_reply(body: Element) -> Iterator[str]:
    """What in a rendered reply is not Markdown's."""
    yield from faults_of_page(body)
    for each in body.elements():
        if each.tag not in RENDERED and not each.tag.startswith(("m", "semantics", "annotation")):
            yield each.outer
        for name, value in each.attributes.items():
            if name.startswith(NOT_ITS_OWN) or (CANARY in value and each.tag != "a"):
                yield f"{each.tag} {name}={value}"


async def check(person: Person, text: str, mode: str) -> int:
    """Have a model say the text to somebody who watches and reloads; how many frames came."""
    reply = await person.start_chat(text, model=f"openai/{mode}")
    async with person.watch(reply) as viewer:
        assert await viewer.ended() == "complete"
    for frame in viewer.frames:
        pieces = [frame.get("html", ""), frame.get("tail", "")]
        pieces += [op[1] for op in frame.get("ops", []) if len(op) > 1]
        assert not list(faults_of_reply(parse("".join(pieces))))
    for moment in viewer.moments:
        assert not list(faults_of_reply(parse(moment.html)))
    article = await person.article(reply.id)
    assert not list(faults_of_reply(parse(article.body)))
    if viewer.snapshots:
        assert viewer.html == article.body
    page = parse((await person.get(f"/c/{reply.conversation_id}/")).text)
    assert not list(faults_of_page(page))
    edit = parse((await person.get(f"/m/{reply.question_id}/edit/")).text)
    assert not list(faults_of_page(edit))
    return len(viewer.moments)


async def test_the_check_itself_finds_what_it_looks_for() -> None:
    for payload in (
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<p style='x'>",
        "<iframe></iframe>",
        "<base href=/>",
        f"<script>window.{FLAG}=1</script>",
        "<img src=//canary.invalid/x>",
        "<svg><use xlink:href='data:x'></use></svg>",
    ):
        assert list(faults_of_page(parse(payload))), payload
    for payload in ("<form></form>", "<div hx-get=/x>", "<video></video>", "<p id=composer>"):
        assert list(faults_of_reply(parse(payload))), payload


@pytest.mark.parametrize("mode", ["echo-whole", "echo-reasoning"])
async def test_no_payload_of_a_model_can_run(ann: Person, mode: str) -> None:
    await check(ann, ALL_IN_ONE, mode)


async def test_no_payload_split_into_characters_can_run(ann: Person) -> None:
    parts = ["\n\n".join(PAYLOADS[start::6]) for start in range(6)]
    frames = await asyncio.gather(*(check(ann, part, "echo-chars") for part in parts))
    assert sum(frames) > 60, "it came in pieces"


async def test_no_payload_in_a_title_or_a_system_prompt_can_run(ann: Person) -> None:
    reply = await ann.start_chat("Hello", model="demo/demo")
    await ann.stop(reply)
    path = f"/c/{reply.conversation_id}/"
    for payload in LINES:
        answer = await ann.submit(f"{path}rename/", {"title": payload[:200]}, htmx=True)
        assert answer.status_code in {200, 422}
        assert not list(faults_of_page(parse(answer.text))), payload
    for titles in range(0, len(LINES), 4):
        title = " ".join(LINES[titles : titles + 4])[:200]
        assert (await ann.submit(f"{path}rename/", {"title": title})).status_code == 303
        assert not list(faults_of_page(parse((await ann.get(path)).text))), title
    body = {"system_prompt": ALL_IN_ONE}
    assert (await ann.submit(f"{path}settings/", body)).status_code == 303
    page = parse((await ann.get(path)).text)
    assert FLAG in page.text
    assert not list(faults_of_page(page))


async def test_no_payload_in_a_providers_words_or_a_models_name_can_run(ann: Person) -> None:
    for start in range(0, len(LINES), 5):
        words = " ".join(LINES[start : start + 5])[:480]
        reply = await ann.start_chat(words, model="openai/error-echo")
        assert (await ann.ended(reply)).status == "failed"
        named = await ann.start_chat("Hello", model=f"openai/{words[:150]}")
        assert (await ann.ended(named)).status == "complete"
        for each in (reply, named):
            page = parse((await ann.get(f"/c/{each.conversation_id}/")).text)
            assert not list(faults_of_page(page)), words
