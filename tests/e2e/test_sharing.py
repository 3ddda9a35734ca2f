"""Sharing a chat by a link, in real browsers: the owner's, and a stranger's without scripts."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.data.payloads import ALL_IN_ONE, FLAG, LINES
from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Chat, Person
from tests.e2e.test_hostile_text import nothing_acts
from tests.server import Server


def shared_page(person: Person, chat: Chat, **fields: str) -> str:
    """Make a link to a chat without a page; the path of what others see."""
    path = chat.page.url.removeprefix(person.url).partition("#")[0]
    form = {"title": "Shared", "audience": "public", "expiry": "never", **fields}
    found = re.search(r"/s/[\w-]{43}/", person.post(f"{path}share/", {**form}))
    assert found
    return found[0]


def test_a_part_is_shared_seen_and_revoked(ann: Person, browser: Browser, server: Server) -> None:
    """From the message's menu to the end of the link; the stranger has no script and no cookie."""
    chat = ann.chat(model="openai/echo-whole")
    chat.send("The first words")
    chat.reply_is("complete")
    chat.send("Words for myself")
    chat.reply_is("complete")
    first = chat.page.locator('[data-role="assistant"]').first
    first.hover()
    first.locator('[data-action="message-menu"]').click()
    chat.page.get_by_role("link", name="Share up to here").click()
    preview = chat.page.locator("#preview")
    expect(preview.locator("article")).to_have_count(2)
    expect(preview).not_to_contain_text("Words for myself")
    chat.page.get_by_label("Show my username").check()
    expect(preview).to_contain_text(f"Shared by {ann.name}")
    seen = preview.locator("article").all_inner_texts()
    chat.button("Create the link").click()
    address = chat.page.get_by_label("Address").input_value()
    ann.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copy = chat.button("Copy")
    copy.click()
    expect(copy).to_have_attribute("data-copied", "yes")
    assert chat.page.evaluate("navigator.clipboard.readText()") == address

    context = browser.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    stranger = context.new_page()
    stranger.goto(address)
    assert stranger.locator("article").all_inner_texts() == seen
    expect(stranger.get_by_text(f"Shared by {ann.name}")).to_be_visible()
    assert context.cookies() == []
    stranger.get_by_role("link", name="Continue from here").click()
    expect(stranger.get_by_role("button", name="Sign in")).to_be_visible()

    chat.page.get_by_text("Revoke the link").click()
    chat.button("Revoke").click()
    expect(chat.page.get_by_text("nobody can open it any more")).to_be_visible()
    answer = stranger.goto(address)
    assert answer
    assert answer.status == 404
    context.close()


def test_who_is_named_is_told_and_goes_on(ann: Person, people: People) -> None:
    """A link for one person: the notification leads there, and to a copy of one's own."""
    bob = people()
    chat = ann.chat(model="openai/echo-whole")
    chat.send("Words for Bob")
    chat.reply_is("complete")
    shared_page(ann, chat, audience="people", people=bob.name, title="For Bob")
    page = bob.open("/notifications/").page
    page.get_by_role("link", name="“For Bob” was shared with you.").click()
    expect(page.locator("article")).to_have_count(2)
    page.get_by_role("link", name="Continue from here").click()
    page.get_by_role("button", name="Make my own copy").click()
    copy = Chat(page)
    copy.reply_is("complete")
    copy.send("And further words")
    copy.reply_is("complete")
    expect(copy.body).to_contain_text("And further words")


@pytest.mark.parametrize("model", ["openai/echo-whole", "openai/echo-reasoning"])
def test_hostile_text_on_the_shared_page(ann: Person, people: People, model: str) -> None:
    """Title, question, reply and reasoning; the policy has nothing to report."""
    chat = ann.chat(model=model)
    chat.send(ALL_IN_ONE)
    chat.reply_is("complete")
    title = " ".join(LINES[0].split())[:200]
    path = shared_page(ann, chat, title=title, shows_reasoning="on")
    bob = people(signed_up=False)
    page: Page = bob.open(path).page
    for summary in page.locator("summary").all():
        summary.click()
    expect(page.locator("article").first).to_contain_text(LINES[0])
    nothing_acts(page)
    assert page.locator("script").count() == 0
    for element in page.locator(".message-body *:visible").all()[:80]:
        element.dispatch_event("mouseover")
        element.dispatch_event("focus")
    assert page.evaluate(f"() => window.{FLAG}") is None
    assert len(page.context.pages) == 1
    assert bob.context.cookies() == []
    preview = ann.open(chat.page.url.partition("#")[0] + "share/").page
    expect(preview.locator("#preview article").first).to_contain_text(LINES[0])
    nothing_acts(preview)
