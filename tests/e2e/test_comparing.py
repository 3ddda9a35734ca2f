"""Several models side by side in a browser: chosen, watched, reloaded, one of them gone on with."""

import re

import pytest
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from tests.data.payloads import FLAG
from tests.e2e.conftest import People
from tests.e2e.person import DESK, PHONE, Chat, Person
from tests.e2e.test_axe import check
from tests.e2e.test_picker import button, open_picker, options, search

LONG = "/mode fast-3000@40"
HOSTILE = f"<img src=x onerror=window.{FLAG}=1>\u202e{'w' * 120}"


def toggle(page: Page) -> Locator:
    """What turns comparing on and off."""
    return page.get_by_role("button", name="Compare", exact=True)


def tick(page: Page, name: str) -> None:
    """Find a model and take it with the keyboard."""
    search(page).fill(name)
    expect(options(page)).to_have_count(1)
    search(page).press("Enter")
    expect(options(page)).to_have_attribute("aria-selected", "true")


def compare(chat: Chat, *names: str) -> None:
    """Choose models beside the chat's own."""
    open_picker(chat)
    toggle(chat.page).click()
    for name in names:
        tick(chat.page, name)
    chat.page.get_by_role("button", name="Done").click()
    expect(search(chat.page)).to_be_hidden()
    expect(button(chat)).to_have_text(f"{len(names) + 1} models")


def column(chat: Chat, name: str) -> Locator:
    """By the model's name."""
    return chat.page.get_by_role("group", name=name)


def text_of(place: Locator) -> str:
    """Of its reply."""
    return place.locator(".message-body").text_content() or ""


def grows(place: Locator) -> None:
    """Wait until more of a reply is there than now."""
    before = len(text_of(place))
    expect(place.locator(".message-body")).to_have_text(
        re.compile(rf"^[\s\S]{{{before + 10},}}$"), use_inner_text=False
    )


def test_two_models_are_asked_watched_and_one_is_gone_on_with(ann: Person) -> None:
    chat = ann.chat(model="openai/fast-400@100")
    compare(chat, "echo", "slow")
    chips = chat.page.locator("#composer-form").get_by_role("list", name="Models to compare")
    expect(chips.get_by_role("listitem")).to_have_text(
        [*(re.compile(n) for n in ("fast", "echo", "slow"))]
    )
    chips.get_by_role("button", name="slow Remove").click()
    expect(button(chat)).to_have_text("2 models")
    chat.send(LONG)
    expect(chips.get_by_role("listitem")).to_have_count(0)
    page = chat.page
    fast, echo = column(chat, "fast-400@100"), column(chat, "echo")
    expect(echo.locator("article")).to_have_attribute("data-status", "complete")
    expect(echo.locator(".message-body")).to_have_text(LONG)
    expect(button(chat)).to_have_text("fast-400@100")
    grows(fast)
    page.reload()
    grows(fast)
    expect(fast.locator("article")).to_have_attribute("data-status", "streaming")
    chat.stop_button.click()
    expect(fast.locator("article")).to_have_attribute("data-status", "stopped")
    expect(chat.stop_button).to_have_count(0)
    echo.get_by_role("button", name="Go on with").click()
    expect(chat.replies).to_have_count(1)
    expect(chat.body).to_have_text(LONG)
    expect(chat.reply.locator(".branch-count")).to_have_text("2/2")
    expect(button(chat)).to_have_text("echo")
    expect(chat.composer).to_be_focused()
    chat.send("And on it goes")
    chat.reply_is("complete")
    expect(chat.body).to_have_text("And on it goes")
    expect(chat.replies).to_have_count(2)


def test_both_stream_at_once_and_one_is_stopped(ann: Person) -> None:
    chat = ann.open("/?compare=openai/fast-3000@40&compare=openai/fast-3001@40")
    expect(button(chat)).to_have_text("2 models")
    chat.send("Which?")
    one, other = column(chat, "fast-3000@40"), column(chat, "fast-3001@40")
    grows(one)
    grows(other)
    one.get_by_role("button", name="Stop this one").click()
    expect(one.locator("article")).to_have_attribute("data-status", "stopped")
    grows(other)
    expect(chat.stop_button).to_be_visible()
    chat.page.keyboard.press("Escape")
    expect(other.locator("article")).to_have_attribute("data-status", "stopped")
    expect(chat.stop_button).to_have_count(0)
    expect(chat.page.get_by_text("Until you choose, a message goes on with:")).to_contain_text(
        "fast-3000@40"
    )


def test_an_end_that_is_told_late_brings_no_stop_back(ann: Person) -> None:
    chat = ann.open("/?compare=openai/ok&compare=openai/fast-60@20")
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            # Made while the other is still being written.
            held.append((route, route.fetch()))

    chat.page.route(re.compile(r"/m/[0-9a-f-]+/(footer/)?$"), hold)
    chat.send("Which?")
    expect(column(chat, "fast-60@20").locator(".message-facts")).to_be_visible()
    expect(chat.stop_button).to_have_count(0)
    ((route, answer),) = held
    assert 'data-action="stop"' in answer.text()
    route.fulfill(response=answer)
    expect(column(chat, "ok").locator(".message-facts")).to_be_visible()
    expect(chat.stop_button).to_have_count(0)
    chat.send("And then?")


def test_another_tab_shows_the_comparison_and_its_end(ann: Person) -> None:
    chat = ann.chat(model="openai/ok")
    chat.send("First")
    chat.reply_is("complete")
    other = ann.open(chat.page.url)
    compare(chat, "echo")
    chat.send("Second")
    for tab in (chat, other):
        expect(column(tab, "echo").locator("article")).to_have_attribute("data-status", "complete")
        expect(column(tab, "ok").locator("article")).to_have_attribute("data-status", "complete")
    # The page goes on with this one anyway; that it was chosen is to be seen all the same.
    column(chat, "ok").get_by_role("button", name="Go on with").click()
    for tab in (chat, other):
        expect(tab.page.locator("[data-comparison]")).to_have_count(0)
        expect(tab.reply.locator(".branch-count")).to_have_text("1/2")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_hostile_names_and_one_that_fails(people: People, viewport: dict[str, int]) -> None:
    ann = people(viewport=viewport)
    names = ["openai/ok", f"openai/{HOSTILE}", "openai/error-500", "openai/error-400"]
    page = ann.context.new_page()
    chat = Chat(page)
    page.goto("/?model=openai/ok")
    page.evaluate(
        """names => document.getElementById("compare-chosen").replaceChildren(...names.map((name) =>
          Object.assign(document.createElement("input"), { name: "compare", value: name })))""",
        names,
    )
    chat.send("Which?")
    expect(chat.replies).to_have_count(4)
    for name in ("error-400", "error-500"):
        failed = column(chat, name)
        expect(failed.locator("article")).to_have_attribute("data-status", "failed")
        expect(failed.get_by_role("button", name="Retry")).to_be_attached()
        expect(failed.get_by_role("button", name="Go on with")).to_have_count(0)
    fine = column(chat, "ok")
    expect(fine.locator("article")).to_have_attribute("data-status", "complete")
    assert chat.overflow() <= 0
    assert page.evaluate(f"() => window.{FLAG}") is None
    expect(chat.stop_button).to_have_count(0)
    fine.get_by_role("button", name="Go on with").click()
    expect(chat.reply.locator(".branch-count")).to_have_text("1/4")
    expect(chat.body).to_contain_text("This is fine")


def test_choosing_by_the_keyboard(ann: Person) -> None:
    """Up to four; chips take them back; one is left alone; and back to one model."""
    chat = ann.chat(model="openai/ok")
    page = chat.page
    open_picker(chat)
    listbox = page.get_by_role("listbox", name="Models")
    expect(listbox).not_to_have_attribute("aria-multiselectable", "true")
    toggle(page).focus()
    page.keyboard.press("Enter")
    expect(toggle(page)).to_have_attribute("aria-pressed", "true")
    expect(listbox).to_have_attribute("aria-multiselectable", "true")
    expect(search(page)).to_be_focused()
    chosen = page.locator("#model-dialog").get_by_role("list", name="Models to compare")
    chips = chosen.get_by_role("button")
    expect(chips).to_have_text([re.compile("ok")])
    status = page.locator(".compare-status")
    expect(status).to_have_text("Choose two to four models.")
    for name in ("echo", "slow", "hang"):
        tick(page, name)
    expect(chips).to_have_count(4)
    search(page).fill("reasoning")
    expect(options(page)).to_have_count(1)
    search(page).press("Enter")
    expect(status).to_have_text("Four at the most: remove one first.")
    expect(options(page)).to_have_attribute("aria-selected", "false")
    expect(chips).to_have_count(4)
    search(page).fill("")
    search(page).press("Backspace")
    expect(chips).to_have_count(3)
    chosen.get_by_role("button", name="echo Remove").press("Enter")
    expect(chips).to_have_count(2)
    page.keyboard.press("Escape")
    expect(button(chat)).to_have_text("2 models")
    expect(button(chat)).to_be_focused()
    open_picker(chat)
    expect(chips).to_have_text([re.compile("ok"), re.compile("slow")])
    toggle(page).click()
    expect(chips).to_have_count(0)
    expect(button(chat)).to_have_text("ok")
    expect(page.get_by_role("option", selected=True)).to_have_count(1)
    search(page).fill("echo")
    expect(options(page)).to_have_count(1)
    search(page).press("Enter")
    expect(button(chat)).to_have_text("echo")


def test_without_a_script(people: People) -> None:
    ann = people(java_script_enabled=False)
    page = ann.context.new_page()
    page.goto("/")
    page.locator("#model-button").click()
    page.get_by_role("link", name="Compare several models").click()
    for box in page.get_by_role("checkbox", checked=True).all():
        box.uncheck()
    page.get_by_role("checkbox", name="ok", exact=False).first.check()
    page.get_by_role("checkbox", name="echo").check()
    page.get_by_role("button", name="Compare these").click()
    expect(page.get_by_role("button", name="echo Remove")).to_be_visible()
    page.locator("#composer").fill("Without a script")
    page.locator(".composer-send").click()
    echo = page.get_by_role("group", name="echo")
    expect(echo.locator("article")).to_have_attribute("data-status", "complete")
    expect(echo.locator(".message-body")).to_have_text("Without a script")
    echo.get_by_role("button", name="Go on with").click()
    expect(page.locator(".branch-count")).to_have_text("2/2")


def test_axe_finds_nothing(ann: Person) -> None:
    """In the columns, live and ended, the list with several chosen, and its page."""
    chat = ann.open("/?compare=openai/ok&compare=openai/hang&compare=openai/error-400")
    page = chat.page
    chat.send("Which?")
    expect(column(chat, "error-400").locator("article")).to_have_attribute("data-status", "failed")
    expect(column(chat, "ok").locator("article")).to_have_attribute("data-status", "complete")
    check(page, "side by side")
    chat.stop_button.click()
    expect(chat.stop_button).to_have_count(0)
    open_picker(chat)
    toggle(page).click()
    tick(page, "slow")
    search(page).fill("")
    check(page, "choosing several")
    page.goto("/models/?several=on")
    check(page, "boxes")
