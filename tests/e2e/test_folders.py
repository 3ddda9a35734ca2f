"""Folders and tags in the sidebar: by mouse, by keyboard, on a phone, without a script."""

import re
from collections.abc import Callable

from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Chat, Person


def make_folder(person: Person, name: str, **more: str) -> str:
    """By the form's page; its id. The browser's list has it open from then on."""
    page = person.open("/folders/new/").page
    page.get_by_label("Name").fill(name)
    for label, value in more.items():
        page.get_by_label(label.replace("_", " ").capitalize()).fill(value)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    found = re.search(r"/folders/([0-9a-f-]{36})/$", page.url)
    assert found
    page.close()
    return found[1]


def folder(chat: Chat, name: str) -> Locator:
    """Its row in the sidebar, with what is in it."""
    return chat.sidebar.locator(".folder", has=chat.page.locator("summary", has_text=name))


def _stays(row: Locator, before: FloatRect | None) -> None:
    expect(row.page.locator("#days.is-over")).to_have_count(1)
    expect(row.page.get_by_text("Drop it here")).to_be_visible()
    assert row.bounding_box() == before


def test_the_list_of_folders_is_folded(ann: Person) -> None:
    """And stays so on the next page. A folder's menu comes before what is in it."""
    make_folder(ann, "Work")
    chat = ann.open("/")
    page, fold = chat.page, chat.sidebar.locator("#fold-folders")
    summary = folder(chat, "Work").locator("summary")
    expect(summary).to_be_visible()
    page.locator("#more-folder-" + str(folder(chat, "Work").get_attribute("id"))[7:]).focus()
    page.keyboard.press("Tab")
    expect(summary).to_be_focused()
    fold.press("Enter")
    expect(summary).to_be_hidden()
    page.wait_for_function("document.cookie.includes('folders_folded=1')")
    page.reload()
    expect(fold).to_be_visible()
    expect(summary).to_be_hidden()
    fold.press("Enter")
    expect(summary).to_be_visible()


def drag(page: Page, row: Locator, place: Locator, seen: Callable[[], None] = lambda: None) -> None:
    """Press, move over the place, see it shown as the one, and let go."""
    row.hover()
    page.mouse.down()
    row.hover(position={"x": 60, "y": 12}, force=True)
    expect(page.locator(".is-dragged")).to_have_count(1)
    # Chromium tells of a drag that a test makes only with a move of the mouse.
    place.hover(force=True)
    place.hover(force=True, position={"x": 40, "y": 14})
    expect(page.locator(".is-over")).to_have_count(1)
    seen()
    page.mouse.up()


def test_drag_into_a_folder_and_out(ann: Person) -> None:
    """Another tab follows, and its folder stays as open as it was."""
    make_folder(ann, "Work")
    for title in ("First", "Second"):
        ann.start(title)
    chat, watching = ann.open("/"), ann.open("/")
    work = folder(chat, "Work")
    row = chat.sidebar.get_by_role("link", name="First", exact=True)
    drag(chat.page, row, work.locator("summary"))
    expect(work.locator(".conversation-link")).to_have_text(["First"])
    # Others may tell that the chats' replies are ready.
    expect(chat.toasts.filter(has_text="“First” is in “Work” now.")).to_have_count(1)
    expect(folder(watching, "Work").locator(".conversation-link")).to_have_text(["First"])
    # All of the list of days stands for no folder, and nothing moves when that is shown.
    second = chat.sidebar.get_by_role("link", name="Second", exact=True)
    before = second.bounding_box()
    drag(chat.page, work.locator(".conversation-link"), second, seen=lambda: _stays(second, before))
    expect(work.locator(".conversation-link")).to_have_count(0)
    expect(chat.titles).to_have_text(["Second", "First"])
    expect(folder(watching, "Work").locator("details")).to_have_attribute("open", "")


def test_move_and_tag_by_keyboard(ann: Person) -> None:
    """Into a new folder from the chat's menu; it opens, and stays open on the next page."""
    ann.start("Poem")
    chat = ann.open("/")
    page, keyboard = chat.page, chat.page.keyboard
    more = chat.sidebar.get_by_role("button", name="Menu of “Poem”")
    sheet = page.get_by_role("dialog", name="Move to folder")
    more.focus()
    keyboard.press("Enter")
    chat.sidebar.get_by_role("link", name="Move to folder…").press("Enter")
    expect(sheet.get_by_label("Folder", exact=True)).to_be_focused()
    keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(more).to_be_focused()
    keyboard.press("Enter")
    chat.sidebar.get_by_role("link", name="Move to folder…").press("Enter")
    sheet.get_by_label("New folder inside it").fill("Verses")
    keyboard.press("Enter")
    verses = folder(chat, "Verses")
    expect(verses.locator("details:not([open])")).to_have_count(1)
    expect(chat.titles).to_have_count(0)
    verses.locator("summary").press("Enter")
    expect(verses.locator(".conversation-link")).to_have_text(["Poem"])
    page.reload()
    expect(verses.locator(".conversation-link")).to_have_text(["Poem"])
    more.focus()
    keyboard.press("Enter")
    chat.sidebar.get_by_role("link", name="Tags…").press("Enter")
    sheet = page.get_by_role("dialog", name="Tags")
    sheet.get_by_label("New tag").fill("Soft")
    keyboard.press("Enter")
    expect(verses.locator(".tag-marks")).to_contain_text("Tags: Soft")
    expect(more).to_be_focused()


def test_a_new_chat_starts_as_its_folder_says(ann: Person) -> None:
    """With its model and its prompt, and in it at once."""
    make_folder(ann, "Work", model="openai/echo-whole", system_prompt="Speak like a pirate.")
    chat = ann.open("/")
    chat.sidebar.get_by_role("button", name="Menu of the folder “Work”").focus()
    chat.page.keyboard.press("Enter")
    chat.sidebar.get_by_role("link", name="New chat in this folder").click()
    expect(chat.page.locator(".folder-chosen")).to_contain_text("Work")
    expect(chat.page.locator("#model-button")).to_contain_text("echo-whole")
    chat.send("Hello")
    chat.reply_is("complete")
    expect(folder(chat, "Work").locator(".conversation-link")).to_have_text(["Hello"])
    chat.button("Settings of this chat").click()
    expect(chat.page.get_by_label("System prompt")).to_have_value("Speak like a pirate.")


def test_on_a_phone_and_without_a_script(people: People) -> None:
    """The menu does what the mouse does; the same pages are plain forms."""
    ann = people(viewport=PHONE, has_touch=True, is_mobile=True)
    make_folder(ann, "A folder with a name that is much longer than any screen is wide")
    address = ann.start("Filed")
    chat = ann.open(address)
    chat.button("Show the sidebar").tap()
    chat.sidebar.get_by_role("button", name="Menu of “Filed”").tap()
    chat.sidebar.get_by_role("link", name="Move to folder…").tap()
    sheet = chat.page.get_by_role("dialog", name="Move to folder")
    sheet.get_by_label("Folder", exact=True).select_option(index=1)
    sheet.get_by_role("button", name="Move").tap()
    expect(sheet).to_have_count(0)
    expect(chat.sidebar.locator(".folder .conversation-link")).to_have_text(["Filed"])
    assert chat.overflow() <= 0
    cookies = ann.context.cookies()
    bob = people(signed_up=False, java_script_enabled=False)
    bob.context.add_cookies(cookies)  # type: ignore[arg-type]
    page = bob.open(f"{address}folder/").page
    page.get_by_label("Folder", exact=True).select_option("")
    page.get_by_role("button", name="Move").click()
    expect(page).to_have_url(re.compile(address))
    expect(page.locator(".folder .conversation-link")).to_have_count(0)
    expect(page.locator(".conversation-link")).to_have_text(["Filed"])
