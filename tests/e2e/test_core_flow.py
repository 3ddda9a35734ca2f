"""The sacred flow: sign up, send, stream, reload, come back."""

import re

from playwright.sync_api import expect

from tests.conftest import PASSWORD
from tests.e2e.conftest import People
from tests.e2e.person import Person
from tests.server import Server


def test_first_visit_ends_in_a_streamed_answer(people: People, own_server: Server) -> None:
    """From nothing to a formatted reply of the demo that a reload shows unchanged."""
    chat = people(site=own_server, signed_up=False).open("/")
    page = chat.page
    expect(page).to_have_url(re.compile("/accounts/signup/"))
    expect(page.get_by_text("this account will administer the site")).to_be_visible()
    page.get_by_role("textbox", name="Username").fill("ann")
    page.get_by_role("textbox", name="Email").fill("ann@example.org")
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(chat.composer).to_be_focused()

    page.goto("/?model=demo/demo")
    chat.send("Show me code, a table and a formula")
    expect(page).to_have_url(re.compile(r"/c/[0-9a-f-]{36}/$"))
    expect(chat.composer).to_have_value("")
    expect(chat.composer).to_be_focused()
    chat.writes(20)
    seen = chat.length()
    chat.reply_is("complete")
    assert chat.length() > seen
    expect(chat.body.locator("table th").first).to_have_text("Part")
    expect(chat.body.locator("pre code .nf")).to_have_text("fibonacci")
    expect(chat.body.locator("math")).to_have_count(2)
    expect(chat.reply.locator(".message-facts")).to_contain_text(re.compile(r"\d+ in, \d+ out"))
    expect(chat.titles).to_have_text(["Show me code, a table and a formula"])
    expect(page).to_have_title(re.compile("Show me code"))

    before = chat.bodies()
    page.reload()
    assert chat.bodies() == before
    page.get_by_role("button", name="Account menu").click()
    expect(page.get_by_role("link", name="Administration")).to_be_visible()


def test_stop_keeps_the_text_and_regenerate_makes_a_branch(ann: Person) -> None:
    """Text grows on screen; Stop, Regenerate, switch, edit."""
    chat = ann.chat(model="openai/prose-600@60")
    chat.send("Tell me about the sea")
    chat.writes(10)
    chat.writes(chat.length() + 60)
    chat.stop_button.click()
    chat.reply_is("stopped")
    kept = chat.length()
    assert 70 <= kept < 2_000
    expect(chat.reply).to_contain_text("You stopped this reply")
    expect(chat.stop_button).to_have_count(0)

    first = chat.reply.get_attribute("id")
    chat.button("Retry").click()
    expect(chat.reply).not_to_have_attribute("id", str(first))
    chat.writes(10)
    chat.page.keyboard.press("Escape")
    chat.reply_is("stopped")
    expect(chat.reply.locator(".branch-count")).to_have_text("2/2")
    chat.button("Previous version", within=chat.reply).click()
    expect(chat.reply).to_have_attribute("id", str(first))
    expect(chat.reply.locator(".branch-count")).to_have_text("1/2")
    assert chat.length() == kept


def test_regenerate_and_edit_make_branches(ann: Person) -> None:
    """Both ways to try again, and back."""
    chat = ann.chat(model="openai/echo")
    chat.send("First words")
    chat.reply_is("complete")
    chat.button("Regenerate", within=chat.reply).click()
    expect(chat.reply.locator(".branch-count")).to_have_text("2/2")
    chat.reply_is("complete")
    chat.questions.first.hover()
    chat.questions.first.get_by_role("link", name="Edit").click()
    editor = chat.page.get_by_label("Your message")
    expect(editor).to_be_focused()
    expect(editor).to_have_value("First words")
    editor.fill("Other words")
    editor.press("Enter")
    expect(chat.body).to_have_text("Other words")
    chat.reply_is("complete")
    expect(chat.questions).to_have_count(1)
    expect(chat.questions.first.locator(".branch-count")).to_have_text("2/2")
    chat.button("Previous version", within=chat.questions.first).click()
    expect(chat.body).to_have_text("First words")
    expect(chat.reply.locator(".branch-count")).to_have_text("2/2")
    chat.page.reload()
    expect(chat.body).to_have_text("First words")
