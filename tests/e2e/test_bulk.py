"""Many chats at once, with keys and pointer, on a desk and on a phone."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Person

TITLES = ("One", "Two", "Three", "Four", "Five")


def _start(ann: Person) -> Page:
    for title in reversed(TITLES):
        ann.start(title)
    page = ann.open("/").page
    page.get_by_role("button", name="Account menu").click()
    page.get_by_role("link", name="All chats").click()
    expect(_titles(page)).to_have_text(list(TITLES))
    return page


def _titles(page: Page) -> Locator:
    return page.locator(".bulk-title")


def _box(page: Page, title: str) -> Locator:
    return page.get_by_role("checkbox", name=title, exact=True)


def _ticked(page: Page) -> Locator:
    return page.locator('[name="conversation"]:checked')


def _press(page: Page, name: str) -> None:
    page.locator("#chats").get_by_role("button", name=name, exact=True).click()


def test_by_keyboard(ann: Person) -> None:
    """Rows are walked and ticked, the number is said, Esc clears; a folder and a tag are made."""
    page = _start(ann)
    count, announcer = page.locator("[data-bulk-count]"), page.locator("#announcer")
    expect(page.locator(".bulk-bar")).to_be_hidden()
    _box(page, "One").focus()
    page.keyboard.press("Space")
    expect(count).to_have_text("1 selected")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(_box(page, "Three")).to_be_focused()
    expect(announcer).to_have_text("3 selected")
    page.keyboard.press("Escape")
    expect(page.locator(".bulk-bar")).to_be_hidden()
    expect(_ticked(page)).to_have_count(0)
    for title in ("Two", "Four", "Five"):
        _box(page, title).press("Space")
    expect(count).to_have_text("3 selected")
    page.get_by_role("button", name="Move", exact=True).first.press("Enter")
    page.get_by_role("textbox", name="New folder").fill("Work")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("3 chats were moved to “Work”.")
    expect(page.locator(".bulk-folder")).to_have_text(["Work"] * 3)
    expect(_ticked(page)).to_have_count(0)
    _box(page, "Two").press("Space")
    page.get_by_role("button", name="Tag", exact=True).press("Enter")
    page.get_by_role("textbox", name="New tag").fill("urgent")
    page.keyboard.press("Enter")
    expect(page.locator(".bulk-facts .tag")).to_have_text(["urgent"])
    page.get_by_role("combobox", name="Tag").select_option("urgent")
    expect(_titles(page)).to_have_text(["Two"])
    expect(page).to_have_url(re.compile(r"tag=[0-9a-f-]{36}"))


def test_ranges_and_undo(ann: Person) -> None:
    """Shift-click ticks what lies between; the list beside follows, and Undo brings all back."""
    page = _start(ann)
    listed = page.locator(".conversation-link")
    _box(page, "Two").click()
    _box(page, "Four").click(modifiers=["Shift"])
    expect(_ticked(page)).to_have_count(3)
    _box(page, "Three").click(modifiers=["Shift"])
    expect(_ticked(page)).to_have_count(1)
    _box(page, "Four").click(modifiers=["Shift"])
    _press(page, "Delete")
    expect(_titles(page)).to_have_text(["One", "Five"])
    expect(listed).to_have_text(["One", "Five"])
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(_titles(page)).to_have_text(list(TITLES))
    expect(listed).to_have_text(list(TITLES))
    page.get_by_role("checkbox", name="Select all on this page").click()
    expect(_ticked(page)).to_have_count(5)
    _box(page, "One").click()
    _press(page, "Export")
    with page.expect_download() as download:
        page.locator("#bulk-export").get_by_role("button", name="Export").click()
    assert download.value.suggested_filename.endswith(".zip")
    page.keyboard.press("Escape")
    expect(_ticked(page)).to_have_count(4)
    _press(page, "Archive")
    expect(listed).to_have_text(["One"])
    page.get_by_role("combobox", name="Which chats").select_option("Archived")
    expect(_titles(page)).to_have_text(list(TITLES[1:]))


def test_on_a_phone(people: People) -> None:
    """The bar stands at the bottom and covers no row that one scrolls to."""
    ann = people(viewport=PHONE, has_touch=True)
    for number in range(12):
        ann.start(f"A chat with a rather long title, number {number}")
    chat = ann.open("/chats/")
    page = chat.page
    rows = page.locator(".bulk-row")
    rows.last.get_by_role("checkbox").tap()
    bar = page.locator(".bulk-bar")
    expect(bar).to_be_in_viewport(ratio=1)
    page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
    last, over = rows.last.bounding_box(), bar.bounding_box()
    assert last
    assert over
    assert last["y"] + last["height"] <= over["y"]
    assert over["y"] + over["height"] == PHONE["height"]
    assert chat.overflow() <= 0
    _press(page, "More")
    page.get_by_role("button", name="Pin", exact=True).tap()
    expect(page.locator("#toasts")).to_contain_text("1 chat is pinned.")
    expect(bar).to_be_hidden()


def test_without_scripts(people: People) -> None:
    """Ticks and buttons are a plain form; what was done can be undone."""
    ann = people(java_script_enabled=False)
    for title in ("Stays", "Goes", "Goes too"):
        ann.start(title)
    page = ann.open("/chats/").page
    for title in ("Goes", "Goes too"):
        _box(page, title).check()
    _press(page, "Delete")
    expect(_titles(page)).to_have_text(["Stays"])
    page.get_by_role("button", name="Undo").click()
    expect(_titles(page)).to_have_count(3)
    _box(page, "Stays").check()
    _press(page, "Move")
    page.get_by_role("textbox", name="New folder").fill("Work")
    page.locator("#bulk-move").get_by_role("button", name="Move").click()
    expect(page.locator(".bulk-folder")).to_have_text(["Work"])
    page.get_by_role("combobox", name="Folder").select_option("Work")
    page.get_by_role("button", name="Apply").click()
    expect(_titles(page)).to_have_text(["Stays"])
