"""The general settings: each control applies at once and saves itself; and Data."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Chat, Person


def _status(page: Page, name: str) -> Locator:
    """What stands beside a control."""
    return page.locator(f"#id_{name}_status")


def _size(page: Page, selector: str) -> float:
    """Of the text, in pixels."""
    size: float = page.locator(selector).evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    return size


def test_text_size_by_keyboard_applies_everywhere(ann: Person) -> None:
    """On the settings at once, in chats with the next page; the focus stays on the control."""
    address = ann.start("Hello")
    chat = ann.open(address)
    chat.reply_is("complete")
    usual = _size(chat.page, ".message-body.bubble"), _size(chat.page, "#composer")
    settings = ann.open("/settings/").page
    large = settings.get_by_label("Large", exact=True)
    sample = _size(settings, ".text-sample")
    settings.get_by_label("Normal").focus()
    settings.keyboard.press("ArrowRight")
    expect(large).to_be_checked()
    expect(_status(settings, "text_size")).to_have_text("Saved")
    expect(large).to_be_focused()
    assert _size(settings, ".text-sample") > sample
    chat.page.reload()
    expect(chat.page.locator("html")).to_have_attribute("data-text-size", "large")
    now = _size(chat.page, ".message-body.bubble"), _size(chat.page, "#composer")
    assert now[0] > usual[0]
    assert now[1] > usual[1]


def test_what_sends_is_chosen(ann: Person) -> None:
    """Ctrl+Enter sends and Enter makes a new line, in the composer and in an edited message."""
    page = ann.open("/settings/").page
    page.get_by_label("Ctrl+Enter").check()
    expect(_status(page, "send_key")).to_have_text("Saved")
    expect(page.locator('[data-key="send"]')).to_have_text("Ctrl Enter")
    chat = ann.chat(model="openai/echo")
    expect(chat.send_button).to_have_attribute("title", "Send (Ctrl+Enter)")
    chat.composer.fill("First")
    chat.composer.press("Enter")
    chat.composer.press_sequentially("line two")
    expect(chat.composer).to_have_value("First\nline two")
    expect(chat.questions).to_have_count(0)
    chat.composer.press("Control+Enter")
    expect(chat.questions).to_have_count(1)
    chat.reply_is("complete")
    chat.composer.press("ArrowUp")
    edited = chat.page.get_by_label("Your message")
    edited.press("End")
    edited.press("Enter")
    expect(edited).to_be_visible()
    edited.press("Control+Enter")
    expect(chat.page.locator("[data-edit-form]")).to_have_count(0)
    chat.reply_is("complete")


def test_two_tabs_and_what_is_wrong(ann: Person) -> None:
    """Neither tab undoes the other; an error stands beside its control and goes again."""
    ann.expect_problem("status of 422")
    one, two = ann.open("/settings/").page, ann.open("/settings/").page
    one.get_by_label("Dark").check()
    expect(_status(one, "theme")).to_have_text("Saved")
    model = two.get_by_label("Default model")
    model.fill("gpt")
    model.press("Enter")
    expect(_status(two, "default_model")).to_contain_text("Write it as provider/model")
    expect(model).to_have_attribute("aria-invalid", "true")
    model.fill("demo/demo")
    model.press("Enter")
    expect(_status(two, "default_model")).to_have_text("Saved")
    expect(model).not_to_have_attribute("aria-invalid", "true")
    one.reload()
    expect(one.get_by_label("Dark")).to_be_checked()
    expect(one.get_by_label("Default model")).to_have_value("demo/demo")


def test_a_server_that_is_away_and_a_session_that_is_gone(ann: Person) -> None:
    """Said beside the control; then the way leads to the sign-in page."""
    ann.expect_problem("ERR_CONNECTION_REFUSED|status of 401|htmx:|Status Error Code 401")
    tab = ann.open("/settings/")
    page = tab.page
    page.route("**/settings/", lambda route: route.abort("connectionrefused"))
    page.get_by_label("Small").check()
    expect(_status(page, "text_size")).to_contain_text("Not saved")
    page.unroute("**/settings/")
    page.get_by_label("Normal").check()
    expect(_status(page, "text_size")).to_have_text("Saved")
    ann.context.clear_cookies(name="sessionid")
    # The page may be gone before it could be seen as checked.
    page.get_by_label("Dark").click()
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/settings/$"))


def test_the_language_loads_the_page_again(ann: Person) -> None:
    """Once, and the choice is kept."""
    page = ann.open("/settings/").page
    with page.expect_navigation():
        page.get_by_label("Language").select_option("English")
    expect(page.get_by_label("Language")).to_have_value("en")


def test_without_scripts_on_a_phone(people: People) -> None:
    """The form is sent as a whole, and nothing is wider than the screen."""
    ann = people(viewport=PHONE, java_script_enabled=False)
    page = ann.open("/settings/").page
    page.get_by_label("Dark").check()
    page.get_by_label("Largest").check()
    page.get_by_label("Ctrl+Enter").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    expect(root).to_have_attribute("data-text-size", "largest")
    expect(page.get_by_label("Ctrl+Enter")).to_be_checked()


def test_all_chats_are_deleted_and_brought_back(ann: Person) -> None:
    """Only with the own name typed."""
    ann.expect_problem("status of 422")
    for title in ("One", "Two"):
        ann.start(title)
    chat = ann.open("/")
    expect(chat.titles).to_have_count(2)
    page = ann.open("/settings/data/").page
    page.get_by_text("Archive all chats").click()
    page.get_by_role("button", name="Yes, archive all").click()
    expect(page.get_by_text("2 chats were archived.")).to_be_visible()
    page.get_by_label(re.compile("type your username")).fill("somebody else")
    page.get_by_role("button", name="Delete all chats").click()
    expect(page.get_by_label(re.compile("type your username"))).to_be_focused()
    page.get_by_label(re.compile("type your username")).fill(ann.name)
    page.get_by_role("button", name="Delete all chats").click()
    expect(page.get_by_text("2 chats were deleted.")).to_be_visible()
    page.get_by_role("button", name="Bring back").click()
    expect(page.get_by_text("2 chats are back.")).to_be_visible()
    narrow = Chat(page)
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    assert narrow.overflow() <= 0
