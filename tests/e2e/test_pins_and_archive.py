"""Chats at the top of the list, and chats put away."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Chat, Person
from tests.upstream import Upstream


def _more(chat: Chat, title: str) -> None:
    chat.sidebar.get_by_role("button", name=f"Menu of “{title}”").click()


def test_pin_by_keyboard_and_unpin(ann: Person) -> None:
    """It moves to the top with the focus on it; the other tab follows."""
    for title in ("Oldest", "Middle", "Newest"):
        ann.start(title)
    chat = ann.open("/")
    expect(chat.titles).to_have_text(["Newest", "Middle", "Oldest"])
    more = chat.sidebar.get_by_role("button", name="Menu of “Oldest”")
    more.focus()
    more.press("Enter")
    expect(chat.page.locator("#chat-menu")).to_be_visible()
    for _ in range(6):
        if chat.page.evaluate("document.activeElement.textContent.trim()") == "Pin":
            break
        chat.page.keyboard.press("Tab")
    chat.page.keyboard.press("Enter")
    expect(chat.titles).to_have_text(["Oldest", "Newest", "Middle"])
    expect(chat.sidebar.get_by_role("heading").first).to_have_text("Pinned")
    expect(more).to_be_focused()
    expect(chat.page.locator("#announcer")).to_have_text("“Oldest” is pinned.")
    chat.page.reload()
    expect(chat.titles).to_have_text(["Oldest", "Newest", "Middle"])
    _more(chat, "Oldest")
    chat.sidebar.get_by_role("button", name="Unpin").click()
    expect(chat.titles).to_have_text(["Newest", "Middle", "Oldest"])
    expect(chat.sidebar.get_by_role("heading", name="Pinned")).to_have_count(0)


def test_archive_and_undo(ann: Person) -> None:
    """From the list beside another chat, and of the open one; a tab with another chat follows."""
    other = ann.start("Other")
    kept = ann.start("Kept")
    ann.start("Done")
    chat = ann.open(kept)
    watching = ann.open(other)
    _more(chat, "Done")
    chat.sidebar.get_by_role("button", name="Archive").click()
    expect(chat.titles).to_have_text(["Kept", "Other"])
    expect(chat.titles.first).to_be_focused()
    expect(watching.titles).to_have_text(["Kept", "Other"])
    expect(chat.toasts).to_contain_text("“Done” was archived.")
    chat.toasts.get_by_role("button", name="Undo").click()
    expect(chat.titles).to_have_text(["Done", "Kept", "Other"])
    # Not every toast: the reply in "Done" may have ended meanwhile, and is told of.
    expect(chat.toasts.filter(has_text="was archived")).to_have_count(0)
    _more(chat, "Kept")
    chat.sidebar.get_by_role("button", name="Archive").click()
    expect(chat.page).to_have_url(re.compile(r"/$"))
    expect(chat.titles).to_have_text(["Done", "Other"])
    expect(chat.toasts).to_contain_text("“Kept” was archived.")


def test_the_archive(ann: Person) -> None:
    """Reached from the account menu; rows go one by one, and the list beside follows."""
    for title in ("One", "Two", "Three"):
        ann.post(f"{ann.start(title)}archive/", {})
    chat = ann.open("/")
    chat.sidebar.get_by_role("button", name="Account menu").click()
    chat.sidebar.get_by_role("link", name="Archive").click()
    rows = chat.page.locator(".archive-title")
    expect(rows).to_have_text(["Three", "Two", "One"])
    expect(chat.titles).to_have_count(0)
    unarchive = chat.button("Unarchive “Two”")
    unarchive.focus()
    unarchive.press("Enter")
    expect(rows).to_have_text(["Three", "One"])
    expect(chat.page.get_by_role("link", name=re.compile("^One"))).to_be_focused()
    expect(chat.titles).to_have_text(["Two"])
    expect(chat.page.locator("#announcer")).to_have_text("“Two” is back in the list of chats.")
    chat.button("Delete “Three”").click()
    expect(rows).to_have_text(["One"])
    chat.toasts.get_by_role("button", name="Undo").click()
    expect(rows).to_have_text(["Three", "One"])
    _more(chat, "Two")
    chat.sidebar.get_by_role("button", name="Archive").click()
    expect(rows).to_have_text(["Two", "Three", "One"])
    expect(chat.page.get_by_text("Nothing is archived.")).to_be_hidden()
    for title in ("Two", "Three", "One"):
        chat.button(f"Unarchive “{title}”").click()
    expect(chat.page.get_by_text("Nothing is archived.")).to_be_visible()
    expect(chat.titles).to_have_count(3)


def test_an_archived_chat_comes_back_with_a_message(ann: Person, upstream: Upstream) -> None:
    """Opening it changes nothing; sending does, in every tab."""
    address = ann.start("Put away", model="openai/echo")
    chat = ann.open(address)
    chat.reply_is("complete")
    ann.post(f"{address}archive/", {})
    chat.page.reload()
    note = chat.page.get_by_text("This chat is archived.")
    expect(note).to_be_in_viewport(ratio=1)
    second = ann.open(address)
    expect(second.page.get_by_text("This chat is archived.")).to_be_visible()
    expect(chat.titles).to_have_count(0)
    chat.send("Once more")
    expect(note).to_have_count(0)
    expect(chat.titles).to_have_text(["Put away"])
    expect(second.page.get_by_text("This chat is archived.")).to_have_count(0)
    chat.reply_is("complete")
    ann.post(f"{address}archive/", {})
    chat.page.reload()
    unarchive = chat.button("Unarchive", within=chat.page.locator("#archived"))
    unarchive.focus()
    unarchive.press("Enter")
    expect(note).to_have_count(0)
    expect(chat.titles).to_have_text(["Put away"])
    expect(chat.composer).to_be_focused()


def test_without_scripts_on_a_phone(people: People) -> None:
    """Forms alone do, and nothing is wider than the screen."""
    ann = people(viewport=PHONE, java_script_enabled=False)
    address = ann.start("A title that is rather long for so narrow a row of the archive")
    ann.post(f"{address}archive/", {})
    page = ann.open("/archive/").page
    page.get_by_role("button", name=re.compile("Unarchive")).click()
    expect(page).to_have_url(re.compile(re.escape(address)))
    expect(page.get_by_text("This chat is archived.")).to_have_count(0)
