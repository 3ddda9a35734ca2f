"""Reasoning: that the model thinks, for how long it did, and that nothing jumps meanwhile."""

import re

from playwright.sync_api import expect

from tests.e2e.person import Person

_TOP = "element => element.getBoundingClientRect().top + scrollY"


def test_thinking_and_how_long_it_took(ann: Person) -> None:
    """The label changes where it stands; what was unfolded stays so, also after a reload."""
    chat = ann.chat(model="openai/thinks-2.5")
    chat.send("Think about it")
    folded = chat.reply.locator(".reasoning")
    label = folded.locator(".reasoning-label")
    expect(label).to_be_visible()
    expect(label).to_have_text("Thinking…")
    top = label.evaluate(_TOP)
    folded.locator("summary").click()
    expect(folded.locator(".reasoning-text")).to_contain_text("Hm. Hm.")
    chat.writes()
    expect(label).to_have_text(re.compile(r"^Thought for [234] s$"))
    said = label.text_content()
    assert label.evaluate(_TOP) == top
    expect(folded).to_have_attribute("open", "")
    chat.reply_is("complete")
    expect(folded).to_have_attribute("open", "")
    expect(label).to_have_text(said or "")
    folded.locator("summary").click()
    body = chat.body.evaluate(_TOP)
    chat.page.reload()
    expect(label).to_have_text(said or "")
    assert chat.body.evaluate(_TOP) == body


def test_whoever_comes_later_sees_the_same(ann: Person) -> None:
    """A second tab opens while the model thinks."""
    chat = ann.chat(model="openai/thinks-3")
    chat.send("Think about it")
    label = ".reasoning-label"
    expect(chat.reply.locator(label)).to_be_visible()
    late = ann.open(chat.page.url.removeprefix(ann.url))
    expect(late.reply.locator(label)).to_be_visible()
    chat.reply_is("complete")
    late.reply_is("complete")
    said = chat.reply.locator(label).text_content()
    assert said
    assert said.startswith("Thought for")
    expect(late.reply.locator(label)).to_have_text(said)
