"""Templates by `/` and presets by `@`."""

import re

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Chat, Person

_MARKUP = "<img src=x onerror=window.__pwned=1>"


def _keep(ann: Person, name: str, content: str, *, kind: str = "templates") -> None:
    """Save a template, or a preset whose system prompt is `content`."""
    ann.open("/").page.close()
    form: dict[str, str | float | bool] = {"name": name, "content": content}
    if kind == "presets":
        form = {"name": name, "model": "openai/echo", "system_prompt": content}
    ann.post(f"/{kind}/new/", form)
    # The next page would say that it was saved.
    ann.open("/").page.close()


def _options(chat: Chat) -> Locator:
    return chat.page.locator("#library").get_by_role("option")


def _active(chat: Chat) -> Locator:
    """The option that screen readers are told of."""
    named = re.compile("^library-option-")
    expect(chat.composer).to_have_attribute("aria-activedescendant", named)
    return chat.page.locator(f"#{chat.composer.get_attribute('aria-activedescendant')}")


def test_choose_fill_and_send_by_the_keyboard(ann: Person) -> None:
    """`/`, a few letters, arrows, Enter; Tab through the blanks; the text stands where `/` was."""
    _keep(ann, "Letter", "Dear {{name}}, {{mood:choice(well|so so)}} on {{day:date}}.")
    _keep(ann, "Letter of thanks", "Thank you.")
    chat = ann.chat(model="openai/echo")
    # Keys that come before it has the focus go nowhere.
    expect(chat.composer).to_be_focused()
    page, keyboard = chat.page, chat.page.keyboard
    keyboard.type("First, /lett")
    expect(_options(chat)).to_have_count(2)
    expect(_active(chat)).to_contain_text("Letter")
    keyboard.press("ArrowDown")
    expect(_active(chat)).to_contain_text("Letter of thanks")
    keyboard.press("ArrowUp")
    keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Letter")
    expect(dialog.get_by_role("textbox", name="name")).to_be_focused()
    keyboard.press("Enter")
    expect(dialog).to_be_visible()
    keyboard.type("Bo")
    keyboard.press("Tab")
    keyboard.type("so")
    dialog.get_by_label("day").fill("2026-01-31")
    keyboard.press("Enter")
    expect(chat.composer).to_have_value("First, Dear Bo, so so on 2026-01-31.")
    expect(chat.composer).to_be_focused()
    expect(dialog).to_have_count(0)
    keyboard.press("Control+z")
    expect(chat.composer).to_have_value("First, /lett")
    keyboard.press("Control+Shift+z")
    keyboard.press("Enter")
    chat.reply_is("complete")
    expect(chat.questions).to_contain_text("First, Dear Bo, so so on 2026-01-31.")


def test_nothing_typed_is_lost_or_kept_from_being_sent(ann: Person) -> None:
    """Escape closes; what is no template is sent as it is; paths and addresses open nothing."""
    _keep(ann, "Template", "Text")
    chat = ann.chat(model="openai/echo")
    expect(chat.composer).to_be_focused()
    keyboard = chat.page.keyboard
    keyboard.type("/")
    expect(_options(chat)).to_have_count(1)
    keyboard.press("Escape")
    expect(_options(chat)).to_have_count(0)
    keyboard.type("temp")
    expect(chat.composer).to_have_value("/temp")
    expect(_options(chat)).to_have_count(0)
    keyboard.press("Enter")
    expect(chat.questions.last).to_contain_text("/temp")
    chat.reply_is("complete")
    for text in ("@nobody there", "/nothing", "and/or a/t", "/usr/bin", "https://t/t", "1 / t"):
        keyboard.type(text)
        keyboard.press("Enter")
        expect(chat.questions.last.locator(".message-body")).to_have_text(text)
        chat.reply_is("complete")


def test_enter_waits_for_the_list_that_was_asked_for(ann: Person) -> None:
    """Whoever types faster than the server answers gets the template; late answers are dropped."""
    _keep(ann, "Slow", "Slow text")
    chat = ann.chat(model="openai/echo")
    expect(chat.composer).to_be_focused()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    chat.page.route(re.compile(r"/templates/\?q="), hold)
    with chat.page.expect_request(re.compile(r"/templates/\?q=slow")):
        chat.page.keyboard.type("/slow")
    chat.page.keyboard.press("Enter")
    assert chat.questions.count() == 0
    for route in reversed(held):
        route.continue_()
    expect(chat.composer).to_have_value("Slow text")
    expect(_options(chat)).to_have_count(0)


def test_markup_in_names_blanks_and_values_is_text(ann: Person) -> None:
    """In the list, the dialog, the page and the message."""
    text = f"{{{{a}}}} {{{{pick:{_MARKUP}|other}}}} {{{{b:long}}}} {_MARKUP}"
    _keep(ann, f"{_MARKUP} \u202etpircs", text)
    chat = ann.chat(model="openai/echo")
    expect(chat.composer).to_be_focused()
    chat.page.keyboard.type("/img")
    expect(_options(chat)).to_contain_text(_MARKUP)
    chat.page.keyboard.press("Tab")
    dialog = chat.page.get_by_role("dialog", name=_MARKUP)
    dialog.get_by_label("a", exact=True).fill("{{b}}")
    expect(dialog.get_by_label("pick")).to_have_value(_MARKUP)
    dialog.get_by_label("b", exact=True).fill(f"</textarea>{_MARKUP}")
    chat.button("Insert").click()
    filled = f"{{{{b}}}} {_MARKUP} </textarea>{_MARKUP} {_MARKUP}"
    expect(chat.composer).to_have_value(filled)
    chat.page.keyboard.press("Enter")
    chat.reply_is("complete")
    expect(chat.questions).to_contain_text(filled)
    chat.page.goto("/templates/")
    chat.page.get_by_role("link", name=re.compile("^Use")).click()
    expect(chat.page.get_by_role("heading", level=1)).to_contain_text(_MARKUP)
    assert chat.page.evaluate("window.__pwned") is None


def test_a_new_chat_with_a_preset(ann: Person) -> None:
    """It stands over the composer, can be taken away, and sets the chat up."""
    _keep(ann, "Pirate", "Speak like a pirate.", kind="presets")
    chat = ann.chat(model="demo/demo")
    expect(chat.composer).to_be_focused()
    keyboard, chip = chat.page.keyboard, chat.page.locator(".preset-chip")
    keyboard.type("Ahoy @pir")
    expect(_active(chat)).to_contain_text("Pirate")
    keyboard.press("Enter")
    expect(chip).to_contain_text("Pirate")
    expect(chat.composer).to_have_value("Ahoy ")
    expect(chat.page.locator("[data-model-label]")).to_have_text("echo")
    chat.page.reload()
    expect(chip).to_contain_text("Pirate")
    expect(chat.composer).to_have_value("Ahoy ")
    chat.page.get_by_role("link", name="Take the preset “Pirate” away").click()
    expect(chip).to_have_count(0)
    expect(chat.composer).to_be_focused()
    keyboard.type("@")
    keyboard.press("Enter")
    expect(chip).to_contain_text("Pirate")
    chat.composer.press("Enter")
    chat.reply_is("complete")
    expect(chip).to_have_count(0)
    chat.button("Settings of this chat").click()
    expect(chat.page.get_by_label("System prompt")).to_have_value("Speak like a pirate.")


def test_an_open_chat_is_set_up_at_once_and_back(ann: Person) -> None:
    """With a toast that undoes it."""
    _keep(ann, "Pirate", "Speak like a pirate.", kind="presets")
    chat = ann.open(ann.start("Hello"))
    chat.reply_is("complete")
    label, prompt = (
        chat.page.locator("[data-model-label]"),
        chat.page.locator("#setting-system_prompt"),
    )
    before = label.text_content() or ""
    chat.composer.press("@")
    chat.page.keyboard.press("Enter")
    expect(chat.toasts).to_contain_text("“Pirate” is set")
    expect(label).to_have_text("echo")
    expect(prompt).to_have_value("Speak like a pirate.")
    expect(chat.composer).to_have_value("")
    chat.toasts.get_by_role("button", name="Undo").click()
    expect(label).to_have_text(before)
    expect(prompt).to_have_value("")
    expect(chat.toasts).to_have_count(0)


def test_by_touch(people: People) -> None:
    """The button opens the list above the composer, which keeps the keyboard."""
    ann = people(viewport=PHONE, has_touch=True)
    _keep(ann, "Template", "Some text")
    _keep(ann, "Pirate", "Speak like a pirate.", kind="presets")
    chat = ann.open("/")
    chat.composer.fill("Words")
    chat.page.get_by_role("button", name="Templates and presets").tap()
    expect(_options(chat)).to_have_text([re.compile("Template")])
    chat.page.locator("#library").get_by_role("button", name=re.compile("Presets")).tap()
    expect(_options(chat)).to_have_text([re.compile("Pirate")])
    expect(chat.composer).to_have_value("Words @")
    chat.page.locator("#library").get_by_role("button", name=re.compile("Templates")).tap()
    expect(chat.composer).to_have_value("Words /")
    expect(_options(chat)).to_have_text([re.compile("Template")])
    chat.page.keyboard.press("Escape")
    expect(_options(chat)).to_have_count(0)
    expect(chat.composer).to_have_value("Words")
    chat.page.get_by_role("button", name="Templates and presets").tap()
    _options(chat).tap()
    expect(chat.composer).to_have_value("Words Some text")
    expect(chat.composer).to_be_focused()
    assert chat.overflow() <= 0


@pytest.mark.parametrize("script", [True, False])
def test_write_use_and_delete(people: People, *, script: bool) -> None:
    """The pages, reached from the account menu; the same without script."""
    ann = people(java_script_enabled=script)
    chat = ann.open("/")
    page = chat.page
    page.get_by_role("button", name="Account menu").click()
    page.get_by_role("link", name="Templates and presets", exact=True).click()
    page.get_by_role("link", name="New template").click()
    page.get_by_label("Name").fill("Greeting")
    page.get_by_label("Text", exact=True).fill("Hello {{who}}!")
    chat.button("Save").click()
    page.get_by_role("link", name="Use “Greeting”").click()
    page.get_by_label("who").fill("world")
    chat.button("Start a chat with it").click()
    expect(chat.composer).to_have_value("Hello world!")
    page.goto("/templates/")
    page.get_by_role("link", name=re.compile("^Greeting")).click()
    page.locator("summary", has_text="Delete").click()
    chat.button("Delete").click()
    expect(page.get_by_text("There are no templates yet.")).to_be_visible()
    expect(page.get_by_role("link", name="New template")).to_be_visible()
