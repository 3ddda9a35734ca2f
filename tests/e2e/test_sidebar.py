"""The list of chats, older messages, and what the settings change."""

import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import People, text_of
from tests.e2e.person import Chat, Person
from tests.upstream import Upstream


def _menu(chat: Chat, title: str) -> None:
    chat.sidebar.get_by_role("button", name=f"Menu of “{title}”").click()


def test_rename_shows_in_every_tab(ann: Person) -> None:
    """In the list, the window's title, and the other tab."""
    chat = ann.chat(model="openai/echo")
    chat.send("Before")
    chat.reply_is("complete")
    other = ann.open(chat.page.url)
    _menu(chat, "Before")
    chat.sidebar.get_by_role("link", name="Rename").click()
    title = chat.page.get_by_label("Title", exact=True)
    expect(title).to_be_focused()
    title.fill("After")
    title.press("Enter")
    expect(chat.titles).to_have_text(["After"])
    expect(chat.page).to_have_title("After · Parley")
    expect(other.titles).to_have_text(["After"])
    # The part that came by itself works like the page's own.
    _menu(other, "After")
    other.sidebar.get_by_role("link", name="Rename").click()
    title = other.page.get_by_label("Title", exact=True)
    expect(title).to_have_value("After")
    title.fill("Something else")
    # A list that comes meanwhile takes no name from who is typing it.
    with other.page.expect_response("**/sidebar/"):
        ann.start("Another", model="openai/echo")
    other.page.wait_for_timeout(200)
    expect(title).to_have_value("Something else")
    other.page.keyboard.press("Escape")
    expect(other.titles).to_have_text(["Another", "After"])


def test_one_menu_for_all_rows(people: People) -> None:
    """By keyboard, while the list comes anew under it, and as a page without a script."""
    ann = people()
    for title in ("One", "Two"):
        ann.post(f"{ann.start(title, model='demo/demo')}rename/", {"title": title})
    chat = ann.open("/")
    page, keyboard, menu = chat.page, chat.page.keyboard, chat.page.locator("#chat-menu")
    two = chat.sidebar.get_by_role("button", name="Menu of “Two”")
    two.press("Enter")
    expect(menu.get_by_role("link", name="Rename")).to_be_focused()
    expect(two).to_have_attribute("aria-expanded", "true")
    keyboard.press("ArrowDown")
    expect(menu.get_by_role("button", name="Pin")).to_be_focused()
    keyboard.press("ArrowUp")
    keyboard.press("ArrowUp")
    expect(menu.get_by_role("button", name="Delete")).to_be_focused()
    keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(two).to_be_focused()
    expect(two).to_have_attribute("aria-expanded", "false")
    # The list comes anew while the menu is on its way: it is shown beside the new button.

    def late(route: Route) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/menu/", late)
    two.click()
    page.evaluate("htmx.ajax('GET', '/sidebar/', { target: '#sidebar-items', swap: 'innerHTML' })")
    expect(menu).to_be_visible()
    button, box = two.bounding_box(), menu.bounding_box()
    assert button
    assert box
    assert 0 <= box["y"] - button["y"] - button["height"] < 8
    two.click()
    expect(menu).to_be_hidden()
    plain = people(signed_up=False, java_script_enabled=False)
    plain.context.add_cookies(ann.context.cookies())  # type: ignore[arg-type]
    shown = plain.open("/").page
    shown.get_by_role("button", name="Menu of “Two”").click()
    shown.locator("#main").get_by_role("button", name="Archive").click()
    expect(shown.get_by_text("“Two” was archived.")).to_be_visible()


def test_delete_and_undo(ann: Person) -> None:
    """From the list beside another chat, and of the open one."""
    ann.expect_problem("status of 404")
    kept = ann.start("Kept")
    gone = ann.start("Gone")
    chat = ann.open(kept)
    _menu(chat, "Gone")
    chat.sidebar.get_by_role("button", name="Delete").click()
    expect(chat.titles).to_have_text(["Kept"])
    expect(chat.toasts).to_contain_text("“Gone” was deleted.")
    assert ann.context.request.get(gone).status == 404
    chat.toasts.get_by_role("button", name="Undo").click()
    expect(chat.titles).to_have_count(2)
    assert ann.context.request.get(gone).status == 200
    _menu(chat, "Kept")
    chat.sidebar.get_by_role("button", name="Delete").click()
    expect(chat.page).to_have_url(re.compile(r"/$"))
    expect(chat.titles).to_have_text(["Gone"])
    chat.toasts.get_by_role("button", name="Undo").click()
    expect(chat.titles).to_have_count(2)


def test_many_chats_come_as_the_list_is_scrolled(ann: Person) -> None:
    """70 chats: never all at once, none twice, none left out."""
    for number in range(70):
        # Replies that end at once: each end has the list come anew, from its beginning.
        ann.start(f"Chat number {number}", model="openai/ok")
    chat = ann.open("/")
    expect(chat.titles.first).to_have_text("Chat number 69")
    first = chat.titles.count()
    assert first < 70
    for least in (first + 1, 70):
        # Scrolled to its end again where the list comes anew meanwhile, from its beginning.
        chat.page.wait_for_function(
            """(least) => {
                const all = document.querySelectorAll("#sidebar .conversation-link");
                all[all.length - 1].scrollIntoView();
                return all.length >= least;
            }""",
            arg=least,
        )
    found = chat.titles.all_text_contents()
    assert [text.strip() for text in found] == [f"Chat number {n}" for n in range(69, -1, -1)]
    expect(chat.sidebar.get_by_role("heading", name="Today")).to_have_count(1)
    expect(chat.sidebar.get_by_role("link", name="Older chats")).to_have_count(0)


def _top(page: Page, selector: str) -> float:
    top: float = page.locator(selector).evaluate("(found) => found.getBoundingClientRect().top")
    return top


def test_older_messages_come_without_a_jump(ann: Person) -> None:
    """What the reader looks at stays where it is while messages come in above it."""
    address = ann.start("Question 0", model="openai/ok")
    chat = ann.open(address)
    for number in range(1, 18):
        chat.reply_is("complete")
        ann.post(f"{address}messages/", {"content": f"Question {number}"})
        expect(chat.questions.last.locator(".message-body")).to_have_text(f"Question {number}")
    chat.reply_is("complete")
    chat.page.goto(address)
    assert chat.is_at_end()
    assert chat.messages.count() == 30
    first = f"#{chat.messages.first.get_attribute('id')}"
    with chat.page.expect_response(re.compile("before=")) as answer:
        chat.page.locator(first).evaluate(
            "(found) => scrollTo(0, scrollY + 60 + found.getBoundingClientRect().top - 200)"
        )
        before = _top(chat.page, first)
    answer.value.finished()
    expect(chat.messages).to_have_count(36)
    assert abs(_top(chat.page, first) - before) < 3
    expect(chat.questions.first.locator(".message-body")).to_have_text("Question 0")
    expect(chat.page.get_by_role("link", name="Earlier messages")).to_have_count(0)


def _colours(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(
        """() => { const style = getComputedStyle(document.body);
          const light = (text) => text.match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => a + +b, 0);
          const back = getComputedStyle(document.documentElement).backgroundColor;
          const paper = style.backgroundColor.endsWith(", 0)") ? back : style.backgroundColor;
          return { paper: light(paper), ink: light(style.color) }; }"""
    )
    return found


def _is_dark(page: Page) -> bool:
    colours = _colours(page)
    return bool(colours["paper"] < colours["ink"])


def test_theme_is_applied_at_once_and_kept(ann: Person) -> None:
    """System follows the machine; light and dark do not."""
    chat = ann.open("/")
    page = chat.page
    page.emulate_media(color_scheme="light")
    assert not _is_dark(page)
    page.emulate_media(color_scheme="dark")
    assert _is_dark(page)
    page.goto("/settings/")
    assert _is_dark(page)
    saved = page.get_by_role("status").filter(has_text=text_of("saved"))
    page.get_by_label("Light").check()
    assert not _is_dark(page)
    expect(saved).to_be_visible()
    page.goto("/")
    assert not _is_dark(page)
    page.goto("/settings/")
    page.get_by_label("Dark").check()
    expect(saved).to_be_visible()
    page.emulate_media(color_scheme="light")
    page.goto("/")
    assert _is_dark(page)
    page.goto("/settings/")
    page.get_by_label("As the system").check()
    assert not _is_dark(page)
    expect(saved).to_be_visible()
    page.goto("/")
    assert not _is_dark(page)


def test_parameters_of_a_chat(ann: Person, upstream: Upstream) -> None:
    """Refused when wrong, saved, sent with the next message."""
    chat = ann.chat(model="openai/echo")
    chat.send("First")
    chat.reply_is("complete")
    page = chat.page
    settings = chat.button("Settings of this chat")
    settings.click()
    page.get_by_label("System prompt").fill(f"Be brief with {ann.name}.")
    page.get_by_label("Temperature").fill("9")
    chat.button("Save").click()
    expect(page.get_by_label("Temperature")).to_be_focused()
    expect(page.get_by_label("System prompt")).to_have_value(f"Be brief with {ann.name}.")
    page.get_by_label("Temperature").fill("0.5")
    page.get_by_label("Max tokens").fill("50")
    effort = page.get_by_label("Reasoning effort")
    expect(effort).to_be_hidden()
    page.get_by_text("More options").click()
    expect(chat.button("Save")).to_be_in_viewport(ratio=1)
    effort.select_option("Low")
    chat.button("Save").click()
    expect(chat.toasts).to_contain_text("Saved")
    expect(settings).to_be_focused()
    chat.send("Second")
    chat.reply_is("complete")
    (body,) = [body for body in upstream.completions if ann.name in str(body)]
    assert body["temperature"] == 0.5
    assert 50 in {body.get("max_tokens"), body.get("max_completion_tokens")}
    assert body["messages"][0] == {"role": "system", "content": f"Be brief with {ann.name}."}
    page.reload()
    settings.click()
    expect(page.get_by_label("Temperature")).to_have_value("0.5")
    # What was chosen is seen without opening anything.
    expect(effort).to_have_value("low")
    expect(effort).to_be_visible()
