"""Finding chats and messages again, by keyboard, on a phone, and with hostile words."""

import re

from playwright.sync_api import Page, Route, expect

from tests.data.payloads import FLAG, SCRIPTS
from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Chat, Person

ABANDONED = "htmx:(sendAbort|afterRequest)"
"""A list that nobody waits for, as more was typed."""


def dialog_of(chat: Chat) -> None:
    chat.page.keyboard.press("Control+k")
    expect(chat.page.get_by_role("combobox", name="Search chats and messages")).to_be_focused()


class Held:
    """A server that does not answer at some addresses until it is told to."""

    def __init__(self, page: Page, pattern: str) -> None:
        self._routes: list[Route] | None = []
        page.route(re.compile(pattern), self._saw)

    def _saw(self, route: Route) -> None:
        if self._routes is None:
            route.continue_()
        else:
            self._routes.append(route)

    def release(self) -> None:
        routes, self._routes = self._routes or [], None
        for route in routes:
            route.continue_()


def test_what_is_typed_at_once_goes_into_the_search(ann: Person) -> None:
    """Before its script and its list are there, too: never to a model."""
    ann.start("Where do kestrels nest?")
    ann.expect_problem(ABANDONED)
    chat = ann.open()
    methods: list[str] = []
    chat.page.on("request", lambda request: methods.append(request.method))
    held = Held(chat.page, r"/search/|/search[.\w]*\.js")
    chat.composer.focus()
    chat.page.keyboard.press("Control+k")
    chat.page.keyboard.type("kestrels")
    field = chat.page.get_by_role("combobox", name="Search chats and messages")
    expect(field).to_have_value("kestrels")
    held.release()
    hit = chat.page.get_by_role("option", selected=True)
    expect(hit).to_contain_text("Where do kestrels nest?")
    expect(field).to_have_value("kestrels")
    chat.page.keyboard.press("Escape")

    held = Held(chat.page, r"/search/")
    chat.page.keyboard.press("Control+k")
    chat.page.keyboard.type("my secret")
    chat.page.keyboard.press("Enter")
    chat.page.wait_for_timeout(300)
    held.release()
    expect(chat.page).to_have_url("/search/?q=my+secret")
    expect(chat.page.get_by_role("searchbox")).to_have_value("my secret")
    assert set(methods) == {"GET"}


def test_by_keyboard_to_a_message_in_another_version(ann: Person) -> None:
    """Ctrl+K, words, arrows, Enter; the message is on screen, and the chat stays as it was."""
    ann.expect_problem(ABANDONED)
    address = ann.start("Where do kestrels nest?")
    ann.start("Something else")
    chat = ann.open(address)
    chat.reply_is("complete")
    chat.page.get_by_role("link", name="Edit").click()
    chat.page.locator("[data-edit-form] textarea").fill("Where do ospreys nest?")
    chat.page.locator("[data-edit-form] textarea").press("Enter")
    expect(chat.page.locator(".message-user .message-body")).to_have_text("Where do ospreys nest?")
    chat.reply_is("complete")

    dialog_of(chat)
    dialog = chat.page.locator("#search-dialog")
    expect(dialog.get_by_role("option").nth(1)).to_contain_text("Something else")
    chat.page.keyboard.type("kestrels from:m")
    expect(dialog.get_by_role("option").first).to_have_text("from:me")
    chat.page.keyboard.press("Enter")
    hit = dialog.get_by_role("option", selected=True)
    expect(hit).to_contain_text("Question")
    expect(hit.locator(".search-snippet mark")).to_have_text("kestrels")
    expect(dialog.get_by_role("status")).to_have_text("1 chat")
    expect(dialog.get_by_role("link", name="from:me")).to_be_visible()
    chat.page.keyboard.press("Enter")
    shown = chat.page.locator(".message-user .message-body")
    expect(shown).to_have_text("Where do kestrels nest?")
    expect(shown).to_be_in_viewport()
    expect(chat.page.get_by_text("This is another version of the chat")).to_be_visible()
    # The socket that tells of the current version does not take it away.
    chat.page.wait_for_timeout(500)
    expect(shown).to_have_text("Where do kestrels nest?")
    other = ann.open(address)
    expect(other.page.locator(".message-user .message-body")).to_have_text("Where do ospreys nest?")

    chat.send("And owls?")
    expect(chat.page.locator(".message-user .message-body").last).to_have_text("And owls?")
    expect(other.page.locator(".message-user .message-body").last).to_have_text("And owls?")
    expect(other.page.locator(".message-user .message-body").first).to_have_text(
        "Where do kestrels nest?"
    )


def test_escape_and_chips(ann: Person) -> None:
    """Esc closes and gives the focus back; a filter that is taken away widens the search."""
    ann.expect_problem(ABANDONED)
    chat = ann.open(ann.start("Hello there"))
    composer = chat.page.locator("#composer")
    composer.focus()
    dialog_of(chat)
    chat.page.keyboard.type("hello is:pinned")
    dialog = chat.page.locator("#search-dialog")
    expect(dialog.get_by_text("Nothing was found.", exact=True).last).to_be_visible()
    dialog.get_by_role("link", name="is:pinned").click()
    expect(chat.page.locator("#search-input")).to_have_value("hello")
    expect(dialog.get_by_role("option").first).to_contain_text("Hello there")
    chat.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(composer).to_be_focused()


def test_key_on_pages_without_the_dialog(ann: Person) -> None:
    page = ann.open("/settings/").page
    for path in ("/settings/", "/settings/data/", "/export/"):
        page.goto(path)
        page.keyboard.press("Control+k")
        expect(page).to_have_url("/search/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_page_on_a_phone_with_hostile_words(people: People) -> None:
    """The button in the drawer; what is found is text; nothing is wider than the screen."""
    ann = people(viewport=PHONE)
    ann.expect_problem(ABANDONED)
    ann.start("needle " + " ".join(SCRIPTS[:4]))
    chat = ann.open("/")
    chat.page.get_by_role("button", name="Show the sidebar").click()
    chat.page.locator("#sidebar").get_by_role("link", name="Search").click()
    field = chat.page.get_by_role("combobox", name="Search chats and messages")
    field.fill("needle script")
    option = chat.page.get_by_role("option")
    expect(option.first).to_contain_text("<script>")
    field.press("ArrowUp")
    field.press("ArrowDown")
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    chat.page.goto("/search/?q=needle")
    expect(chat.page.locator(".search-hit").first).to_contain_text("<script>")
    chat.page.get_by_role("searchbox").fill("nothing like it")
    expect(chat.page.get_by_role("status").first).to_have_text("Nothing was found.")
    expect(chat.page).to_have_url("/search/?q=nothing%20like%20it")
    assert chat.page.evaluate(f"window.{FLAG}") is None
