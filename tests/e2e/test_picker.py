"""The list of models in a browser: found, read, chosen, on every device and without a script."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.data.payloads import FLAG
from tests.e2e.conftest import People
from tests.e2e.person import DESK, PHONE, Chat, Person
from tests.e2e.test_accessibility import CONTRAST, check_names, check_structure
from tests.models_upstream import ModelsUpstream

HOSTILE = (
    f"<script>window.{FLAG}=1</script>",
    f"\"'><img src=x onerror=window.{FLAG}=1>",
    "\u202e\u2066evil gpt\u2069\u2069",
    "w" * 200,
    "many words " * 18,
    "   ",
    "عربي نموذج",
    "</div></dialog>",
)


@pytest.fixture
def box() -> Iterator[ModelsUpstream]:
    """A provider of somebody's own."""
    with ModelsUpstream(["plain"]) as running:
        yield running


def connect(person: Person, box: ModelsUpstream, name: str) -> None:
    """By the form of the keys."""
    person.open("/settings/providers/").page.close()
    form: dict[str, str | float | bool] = {
        "provider": "openai_compatible",
        "key_name": name,
        "key": "sk-own",
        "base_url": box.url,
    }
    person.post("/settings/providers/", form)


def button(chat: Chat) -> Locator:
    """What opens the picker."""
    return chat.page.locator("#model-button")


def search(page: Page) -> Locator:
    """The field to type in."""
    return page.get_by_role("combobox", name="Search models")


def options(page: Page) -> Locator:
    """The rows that are shown."""
    return page.get_by_role("option")


def open_picker(chat: Chat) -> None:
    """Until the list is there."""
    button(chat).click()
    expect(search(chat.page)).to_be_focused()
    expect(options(chat.page).first).to_be_visible()


def hold_back(page: Page) -> list[Route]:
    """From now on, the questions for the list that nobody answers yet."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route("**/models/**", keep)
    return held


def test_search_and_choose_by_mouse(ann: Person) -> None:
    """The choice of a new chat is told to the page, sent with the message and comes first later."""
    chat = ann.chat(model="openai/ok")
    page = chat.page
    page.evaluate(
        """() => document.addEventListener("parley:model",
          ({ target }) => (window.told = { ...target.dataset }))"""
    )
    open_picker(chat)
    expect(page.get_by_role("option", selected=True)).to_contain_text("ok")
    search(page).fill("OPENAI ech")
    expect(options(page)).to_have_count(1)
    expect(page.get_by_role("group", name="OpenAI")).to_be_visible()
    options(page).click()
    expect(search(page)).to_be_hidden()
    expect(button(chat)).to_be_focused()
    expect(page.locator("[data-chosen=label]")).to_have_text("echo")
    told = page.evaluate("() => window.told")
    assert (told["model"], told["label"], told["images"]) == ("openai/echo", "echo", "unknown")
    chat.send("Echo this")
    chat.reply_is("complete")
    expect(chat.body).to_have_text("Echo this")
    open_picker(chat)
    recent = page.get_by_role("group", name="Recent")
    expect(recent.get_by_role("option").first).to_contain_text("echo")
    expect(page.get_by_role("option", selected=True)).to_have_count(1)


def test_keys(ann: Person) -> None:
    """Arrows, pages, the ends; Escape changes nothing; Enter before the list is there waits."""
    chat = ann.chat(model="openai/ok")
    page = chat.page
    button(chat).focus()
    page.keyboard.press("Space")
    expect(options(page).first).to_be_visible()
    active = page.locator("[data-active]")
    expect(active).to_contain_text("ok")
    page.keyboard.press("End")
    expect(active).to_contain_text("demo")
    page.keyboard.press("ArrowDown")
    expect(active).to_contain_text("demo")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    expect(active).to_contain_text("echo")
    options(page).first.hover()
    expect(active).to_have_count(1)
    expect(active).to_contain_text("ok")
    page.keyboard.press("PageDown")
    page.keyboard.press("PageUp")
    expect(active).to_have_count(1)
    expect(search(page)).to_have_attribute("aria-activedescendant", str(active.get_attribute("id")))
    search(page).fill("no such thing at all")
    expect(options(page)).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="No model by that name.")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(button(chat)).to_be_focused()
    expect(button(chat)).to_contain_text("ok")

    page.reload()
    held = hold_back(page)
    button(chat).press("Enter")
    expect(search(page)).to_be_focused()
    page.keyboard.type("slow")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Loading the models…")).to_be_visible()
    held.pop().continue_()
    expect(button(chat)).to_contain_text("slow")


def test_state_is_current_and_shown_at_once(ann: Person, box: ModelsUpstream) -> None:
    """The kept list is there before the answer, gives way to it, and is left when none comes."""
    ann.expect_problem("ERR_FAILED")
    chat = ann.chat(model="openai/ok")
    page = chat.page
    open_picker(chat)
    page.keyboard.press("Escape")
    connect(ann, box, "New box")
    page.clock.install()
    held = hold_back(page)
    page.clock.fast_forward(10_000)
    with page.expect_request("**/models/**"):
        open_picker(chat)
    search(page).press("ArrowDown")
    chosen = str(page.locator("[data-active]").get_attribute("data-model"))
    group = page.get_by_role("group", name=re.compile("New box"))
    expect(group).to_have_count(0)
    held.pop().continue_()
    expect(group).to_contain_text("plain")
    expect(page.locator("[data-active]")).to_have_attribute("data-model", chosen)
    page.keyboard.press("Escape")
    page.clock.fast_forward(10_000)
    with page.expect_request("**/models/**"):
        open_picker(chat)
    held.pop().abort()
    expect(page.get_by_text("The models could not be loaded.")).to_be_visible()
    expect(group).to_contain_text("plain")


def test_refused_choice_is_taken_back(ann: Person) -> None:
    """The button says what the server has."""
    ann.expect_problem("status of 422|Error Code 422")
    chat = ann.chat(model="openai/echo")
    chat.send("Hello")
    chat.reply_is("complete")
    open_picker(chat)
    chat.page.locator("#model-options [data-model='demo/demo']").evaluate_all(
        "rows => rows.forEach((row) => (row.dataset.model = 'gone/model'))"
    )
    search(chat.page).fill("demo")
    chat.page.keyboard.press("Enter")
    expect(chat.toasts).to_contain_text("not available")
    expect(button(chat)).to_contain_text("echo")
    facts = chat.page.locator("#model-facts")
    expect(facts).to_have_attribute("data-model", "openai/echo")


def test_failing_connection_says_why(ann: Person, box: ModelsUpstream) -> None:
    """In the provider's own words, as words."""
    box.status = 500
    connect(ann, box, "Burning box")
    chat = ann.chat(model="openai/ok")
    open_picker(chat)
    group = chat.page.get_by_role("group", name=re.compile("Burning box"))
    expect(group).to_contain_text("The box is on <b>fire</b>.")
    expect(group.get_by_title("Failing")).to_be_visible()


def test_providers_are_asked_again(ann: Person, box: ModelsUpstream) -> None:
    """By the button: what they say now comes into the open list."""
    connect(ann, box, "Box")
    chat = ann.chat(model="openai/ok")
    open_picker(chat)
    group = chat.page.get_by_role("group", name=re.compile("Box"))
    expect(group.get_by_role("option")).to_have_count(1)
    box.models = ["plain", "fresh"]
    until = time.monotonic() + 60
    while group.get_by_role("option").count() != 2:
        # One that has just answered is left alone for some seconds.
        assert time.monotonic() < until
        chat.button("Ask the providers again").click()
        chat.page.wait_for_timeout(4000)


@pytest.mark.parametrize("viewport", [DESK, PHONE, {"width": 320, "height": 500}])
def test_hostile_names(people: People, box: ModelsUpstream, viewport: dict[str, int]) -> None:
    """Shown as text, chosen as they are, and nothing is wider than its place."""
    ann = people(viewport=viewport)
    box.models = [{"id": name.strip() or "blank", "name": name} for name in HOSTILE]
    connect(ann, box, f"{'Box ' * 24}")
    chat = ann.chat(model="openai/ok")
    page = chat.page
    open_picker(chat)
    rows = page.locator("#model-options [data-model^='box']")
    expect(rows).to_have_count(len(HOSTILE))
    expect(rows.filter(has_text="blank")).to_have_count(1)
    wide = """() => [...document.querySelectorAll("#model-dialog, #model-options, .picker-option")]
      .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML.slice(0, 200))"""
    assert page.evaluate(wide) == []
    low = "rows => rows.filter((row) => row.getBoundingClientRect().height < 44).length"
    assert options(page).evaluate_all(low) == 0
    for name in (HOSTILE[0], HOSTILE[3]):
        search(page).fill(name)
        page.keyboard.press("Enter")
        expect(button(chat)).to_contain_text(name)
        assert chat.overflow() <= 0
        open_picker(chat)
    assert page.evaluate(f"() => window.{FLAG}") is None
    chosen = page.locator("#model").input_value()
    assert chosen.partition("/")[2] == HOSTILE[3]
    page.goto("/models/")
    expect(page.get_by_role("link", name=HOSTILE[3])).to_have_count(1)
    assert chat.overflow() <= 0
    assert page.evaluate(f"() => window.{FLAG}") is None


def test_phone(people: People) -> None:
    """A sheet as high as the screen, with a way out and targets for a thumb."""
    ann = people(viewport=PHONE, has_touch=True, is_mobile=True)
    chat = ann.chat(model="openai/ok")
    page = chat.page
    button(chat).tap()
    expect(options(page).first).to_be_visible()
    sheet = page.get_by_role("dialog", name="Choose the model")
    size = sheet.bounding_box()
    assert size
    assert (size["x"], size["y"], size["width"], size["height"]) == (
        0, 0, PHONE["width"], PHONE["height"],
    )  # fmt: skip
    for control in sheet.locator("a:visible, button:visible, [role=option]:visible").all():
        place = control.bounding_box()
        assert place
        assert place["height"] >= 44
        assert place["width"] >= 44
    sheet.get_by_role("button", name="Close").tap()
    expect(sheet).to_be_hidden()
    button(chat).tap()
    search(page).fill("slow")
    options(page).tap()
    expect(button(chat)).to_contain_text("slow")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_structure_and_contrast(people: People, box: ModelsUpstream, scheme: str) -> None:
    """The open picker and the page, in both themes, with something that fails."""
    ann = people(color_scheme=scheme)
    box.status = 500
    connect(ann, box, "Burning box")
    chat = ann.chat(model="openai/ok")
    open_picker(chat)
    check_names(chat.page)
    assert chat.page.evaluate(CONTRAST) == []
    chat.page.goto("/models/")
    check_names(chat.page)
    check_structure(chat.page)
    assert chat.page.evaluate(CONTRAST) == []


def test_a_very_long_list_is_searched_on_the_server(ann: Person, box: ModelsUpstream) -> None:
    """What is left out of the answer is found all the same."""
    box.models = [f"model-{number}" for number in range(1990)]
    connect(ann, box, "Big box")
    chat = ann.chat(model="openai/ok")
    page = chat.page
    open_picker(chat)
    expect(page.get_by_text("search to find the others")).to_have_count(1)
    assert options(page).count() <= 1010
    page.keyboard.type("model-1987")
    page.keyboard.press("Enter")
    expect(button(chat)).to_contain_text("model-1987")
    open_picker(chat)
    search(page).fill("model-1986")
    expect(options(page)).to_have_count(1)
    search(page).fill("")
    expect(options(page).nth(900)).to_have_count(1)


def test_without_script(people: People) -> None:
    """A page of links for a new chat; the flow with a conversation is in test_fallbacks."""
    ann = people(java_script_enabled=False)
    page = ann.open("/models/").page
    page.get_by_role("searchbox", name="Search models").fill("echo")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".picker-option")).to_have_count(1)
    page.locator(".picker-option").click()
    expect(page).to_have_url(re.compile(r"/\?model=openai%2Fecho$"))
    expect(page.locator("#model-button")).to_contain_text("echo")


def test_second_models_are_suggested_when_the_settings_open(people: People) -> None:
    chat = people().chat(model="openai/ok")
    chat.send("Hello")
    chat.reply_is("complete")
    suggested = chat.page.locator("#fallback-models option")
    expect(suggested).to_have_count(0)
    chat.page.get_by_role("button", name="Settings of this chat").click()
    expect(chat.page.locator("#fallback-models option[value='openai/echo']")).to_have_attribute(
        "label", "echo · OpenAI"
    )
