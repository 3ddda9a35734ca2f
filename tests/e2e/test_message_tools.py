"""What one does with a reply beside reading it: rich copy, having it read aloud, rating it."""

import re

import pytest
from playwright.sync_api import expect

from tests.data.payloads import ALL_IN_ONE
from tests.e2e.person import Chat, Person
from tests.e2e.test_actions import more
from tests.e2e.test_hostile_text import nothing_happened

_VOICE = """
(() => {
  window.spoken = [];
  const voice = new EventTarget();
  voice.getVoices = () => [{ name: "One", lang: "en" }];
  voice.speak = (it) => { window.spoken.push(it.text); window.utterance = it; };
  voice.cancel = () => { window.cancelled = true; };
  Object.defineProperty(window, "speechSynthesis", { value: voice });
})();
"""
_PASTED = """async (type) => {
  const [item] = await navigator.clipboard.read();
  return (await item.getType(type)).text();
}"""


def choose(chat: Chat, name: str) -> None:
    """An entry of the last reply's menu."""
    more(chat, chat.reply).get_by_role("button", name=name).click()


def test_copies_with_its_look(ann: Person) -> None:
    """Structure and words without the site's buttons, classes and styles; Markdown beside it."""
    ann.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=ann.url)
    chat = ann.chat(model="openai/echo-whole")
    chat.send(
        "## Title\n\nSome **bold** and [a link](https://example.org).\n\n```python\nx = 1\n```"
    )
    chat.reply_is("complete")
    choose(chat, "Copy as rich text")
    expect(chat.reply.locator('[data-action="copy-message"]')).to_have_attribute(
        "data-copied", "yes"
    )
    html = chat.page.evaluate(_PASTED, "text/html")
    assert "<strong>bold</strong>" in html
    assert '<a href="https://example.org/">a link</a>' in html
    assert re.search(r"<pre><code>x = 1\s*</code></pre>", html)
    assert not re.search(r"<button|class=|style=|Copy", html)
    assert "**bold**" in chat.page.evaluate(_PASTED, "text/plain")


def test_copies_hostile_text_as_it_stands(ann: Person) -> None:
    """What is copied carries no script to where it is pasted."""
    ann.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=ann.url)
    chat = ann.chat(model="openai/echo-whole")
    chat.send(ALL_IN_ONE)
    chat.reply_is("complete")
    choose(chat, "Copy as rich text")
    expect(chat.reply.locator('[data-action="copy-message"]')).to_have_attribute(
        "data-copied", "yes"
    )
    html = chat.page.evaluate(_PASTED, "text/html")
    assert not re.search(
        r"<(?:script|svg|iframe|style|object|embed)|\son\w+=|javascript:", _tags(html)
    )
    nothing_happened(chat)


def _tags(html: str) -> str:
    """All tags of some markup, without the text between them."""
    return " ".join(re.findall(r"<[^>]*>", html))


def test_reads_aloud_sentence_by_sentence(ann: Person) -> None:
    """Words, not code; until the end, or until it is told to stop."""
    ann.context.add_init_script(_VOICE)
    chat = ann.chat(model="openai/echo-whole")
    chat.send("One is **here**. Two is there.\n\n```\nsecret = 1\n```\n\n- Three")
    chat.reply_is("complete")
    stop = chat.button("Stop reading", within=chat.reply)
    expect(stop).to_be_hidden()
    choose(chat, "Read aloud")
    expect(stop).to_be_visible()
    for _ in range(2):
        chat.page.evaluate("() => window.utterance.onend()")
    assert chat.page.evaluate("() => window.spoken") == ["One is here.", "Two is there.", "Three"]
    chat.page.evaluate("() => window.utterance.onend()")
    expect(stop).to_be_hidden()
    choose(chat, "Read aloud")
    stop.click()
    expect(stop).to_be_hidden()
    chat.page.evaluate("() => window.utterance.onend()")
    assert chat.page.evaluate("() => window.spoken.length") == 4
    assert chat.page.evaluate("() => window.cancelled")


def test_without_a_voice_nothing_is_read_aloud(ann: Person) -> None:
    """Until the browser finds one. Up and Down go from entry to entry."""
    ann.context.add_init_script(
        _VOICE.replace('[{ name: "One", lang: "en" }]', "window.voices ?? []")
    )
    chat = ann.chat(model="openai/ok")
    chat.send("Hello")
    chat.reply_is("complete")
    menu = more(chat, chat.reply)
    entry = menu.get_by_role("button", name="Read aloud")
    expect(menu.get_by_role("button", name="Regenerate with another model")).to_be_focused()
    chat.page.keyboard.press("ArrowDown")
    chat.page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("button", name="Branch into a new chat")).to_be_focused()
    expect(entry).to_be_hidden()
    chat.page.evaluate(
        "() => { window.voices = [{}]; speechSynthesis.dispatchEvent(new Event('voiceschanged')); }"
    )
    expect(entry).to_be_visible()
    chat.page.keyboard.press("ArrowUp")
    expect(entry).to_be_focused()
    for _ in range(3):
        chat.page.keyboard.press("ArrowUp")
    expect(menu.locator("summary")).to_be_focused()


@pytest.mark.parametrize("text", ["```\nonly = code\n```"])
def test_says_that_nothing_can_be_read(ann: Person, text: str) -> None:
    ann.context.add_init_script(_VOICE)
    chat = ann.chat(model="openai/echo-whole")
    chat.send(text)
    chat.reply_is("complete")
    choose(chat, "Read aloud")
    expect(chat.toasts).to_contain_text("nothing in this message")


def test_rates_and_says_why(ann: Person) -> None:
    """By keyboard: the thumb keeps the focus, the note is kept over a reload."""
    chat = ann.chat(model="openai/ok")
    chat.send("Hello")
    chat.reply_is("complete")
    thumb = chat.button("Bad reply", within=chat.reply)
    thumb.focus()
    chat.page.keyboard.press("Enter")
    expect(thumb).to_have_attribute("aria-pressed", "true")
    expect(thumb).to_be_focused()
    note = chat.reply.get_by_label("Note on this reply")
    save = chat.button("Save note", within=chat.reply).bounding_box()
    composer = chat.page.locator(".composer-box").bounding_box()
    assert save is not None
    assert composer is not None
    assert save["y"] + save["height"] <= composer["y"]
    note.fill("Wrong <img src=x onerror=window.__pwned=1> date")
    chat.button("Save note", within=chat.reply).click()
    expect(note).to_be_hidden()
    expect(chat.reply.locator("summary", has_text="Your note")).to_be_focused()
    expect(chat.page.locator("#announcer")).to_have_text("Saved")
    chat.page.reload()
    chat.reply.get_by_text("Your note").click()
    expect(note).to_have_value("Wrong <img src=x onerror=window.__pwned=1> date")
    nothing_happened(chat)
    thumb.click()
    expect(thumb).to_have_attribute("aria-pressed", "false")
    expect(chat.reply.get_by_text("Your note")).to_have_count(0)
