"""Everything by the keyboard."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import People, text_of
from tests.e2e.person import Person


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until the element with an accessible name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and re.search(name, focused.aria_snapshot()):
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_whole_flow_without_a_mouse(ann: Person) -> None:
    """Send, stop, retry, rename, settings: Tab, Enter, Escape."""
    chat = ann.chat(model="openai/prose-900@60")
    page = chat.page
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    chat.writes(10)
    _tab_to(page, 'button "Stop"')
    page.keyboard.press("Enter")
    chat.reply_is("stopped")
    # The button is gone; the focus is not lost with it.
    expect(chat.composer).to_be_focused()
    page.goto(page.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    _tab_to(page, 'button "Menu of')
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Rename")).to_be_focused()
    page.keyboard.press("Enter")
    title = page.get_by_label("Title", exact=True)
    expect(title).to_be_focused()
    title.fill("Named by keyboard")
    page.keyboard.press("Enter")
    expect(chat.titles).to_have_text(["Named by keyboard"])
    _tab_to(page, 'button "Settings of this chat"')
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("System prompt")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("System prompt")).to_be_hidden()
    expect(chat.button("Settings of this chat")).to_be_focused()


def test_model_picker(ann: Person) -> None:
    """Search, arrows, Enter, Escape; the choice holds for the next message."""
    chat = ann.chat(model="openai/ok")
    page = chat.page
    page.keyboard.press("Control+Shift+M")
    search = page.get_by_role("combobox", name="Search models")
    expect(search).to_be_focused()
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    everything = options.count()
    page.keyboard.type("fast")
    expect(options).to_have_count(1)
    page.keyboard.press("Escape")
    expect(search).to_be_hidden()
    expect(page.locator("[data-model-label]")).to_have_text("ok")

    page.locator('[data-action="pick-model"]').press("Enter")
    expect(options).to_have_count(everything)
    page.keyboard.type("e")
    expect(options.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    active = page.locator("[data-active]")
    expect(active).to_have_count(1)
    assert search.get_attribute("aria-activedescendant") == active.get_attribute("id")
    search.fill("nothing by that name")
    expect(options).to_have_count(0)
    search.fill("echo")
    page.keyboard.press("Enter")
    expect(search).to_be_hidden()
    expect(page.locator("[data-model-label]")).to_have_text("echo")
    expect(page.locator('[data-action="pick-model"]')).to_be_focused()
    chat.send("Echo this")
    chat.reply_is("complete")
    expect(chat.body).to_have_text("Echo this")

    page.locator('[data-action="pick-model"]').click()
    search.fill("openai/ok")
    with page.expect_response(re.compile("/model/$")):
        page.keyboard.press("Enter")
    # The bar came anew with the answer; the focus is where it was.
    expect(page.locator("#topbar .htmx-request")).to_have_count(0)
    expect(page.locator("[data-model-label]")).to_have_text("ok")
    expect(page.locator('[data-action="pick-model"]')).to_be_focused()
    page.reload()
    expect(page.locator("[data-model-label]")).to_have_text("ok")
    chat.send("And now")
    chat.reply_is("complete")
    expect(chat.body).to_contain_text("This is fine")


def test_shortcuts(people: People) -> None:
    """Each key of the help page, and the help page."""
    ann = people(permissions=["clipboard-read", "clipboard-write"])
    chat = ann.chat(model="openai/echo")
    page = chat.page
    chat.send("Copy **me**")
    chat.reply_is("complete")
    page.keyboard.press("Control+Shift+C")
    page.wait_for_function("async () => (await navigator.clipboard.readText()) === 'Copy **me**'")
    page.keyboard.press("Control+/")
    help_page = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_page).to_be_visible()
    page.keyboard.press("Escape")
    expect(help_page).to_be_hidden()
    expect(chat.composer).to_be_focused()
    page.keyboard.press("Control+Shift+S")
    expect(chat.sidebar).not_to_be_in_viewport()
    page.reload()
    expect(chat.sidebar).not_to_be_in_viewport()
    page.keyboard.press("Control+Shift+S")
    expect(chat.sidebar).to_be_in_viewport()
    chat.composer.focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Your message")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Your message")).to_have_count(0)
    expect(chat.questions).to_have_count(1)
    expect(chat.composer).to_be_focused()
    edit = chat.questions.get_by_role("link", name="Edit")
    edit.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your message")).to_be_focused()
    page.keyboard.press("Escape")
    expect(edit).to_be_focused()
    page.keyboard.press("Control+Shift+O")
    expect(page).to_have_url(re.compile(r"/$"))
    page.keyboard.press("Control+.")
    expect(page).to_have_url(re.compile("/settings/$"))


def test_code_is_copied_as_it_was_written(people: People) -> None:
    """The button of a block copies its text and says so."""
    ann = people(permissions=["clipboard-read", "clipboard-write"])
    chat = ann.chat(model="openai/echo")
    code = 'if a < b and "c":\n\tprint(1)  # &amp;\n'
    chat.send(f"```python\n{code}```")
    chat.reply_is("complete")
    chat.button("Copy", within=chat.body).click()
    page = chat.page
    page.wait_for_function(
        "async (code) => (await navigator.clipboard.readText()).trimEnd() === code.trimEnd()",
        arg=code,
    )
    expect(page.locator("#announcer")).to_have_text("Copied")
    expect(chat.body).to_contain_text(text_of("python"))
