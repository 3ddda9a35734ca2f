"""Moving in: an export is uploaded, looked at, imported, read, and taken back."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.person import Person
from tests.e2e.test_axe import check

pytestmark = pytest.mark.browser
EXPORT = Path(__file__).parent.parent / "data" / "imports" / "chatgpt.json"


def test_an_export_of_chatgpt_comes_in_and_goes_again(ann: Person) -> None:
    page = ann.open("/settings/data/").page
    page.get_by_label("File of an export").set_input_files(EXPORT)
    page.get_by_role("button", name="Upload and look").click()

    state = page.locator("#import-state")
    expect(state).to_have_attribute("data-state", "ready")
    expect(state).to_contain_text("This is an export of ChatGPT.")
    expect(state).to_contain_text("Baking bread")
    expect(state).to_contain_text("It has no messages.")
    check(page, "the report of an import")
    page.get_by_role("button", name="Import 2 chats").click()
    expect(state).to_have_attribute("data-state", "done")
    expect(state).to_contain_text("2 chats were imported.")
    check(page, "the result of an import")
    address = page.url

    page.get_by_role("link", name="To the chats", exact=True).click()
    page.get_by_role("link", name="Baking bread").click()
    expect(page.locator("article").last).to_contain_text("A rye loaf.")
    page.locator("article").last.get_by_role("button", name="Next version").click()
    expect(page.locator("article").last).to_contain_text("A sourdough loaf.")

    page.goto(address)
    page.get_by_text("Undo this import").click()
    page.get_by_role("button", name="Yes, delete them").click()
    expect(state).to_have_attribute("data-state", "undone")
    expect(state).to_contain_text("2 chats were deleted.")
    page.goto("/")
    expect(page.get_by_role("link", name="Baking bread")).to_have_count(0)
