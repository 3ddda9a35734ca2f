"""The page on a phone, and on narrow windows."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Chat

LONG = "\n\n".join(
    (
        "Donaudampfschifffahrtsgesellschaftskapitän" * 6,
        "https://example.org/" + "a-long-path/" * 30,
        "`" + "inline_code_without_a_space" * 8 + "`",
        "```python\n" + "value = call(argument) + " * 20 + "\n```",
        "| " + " | ".join(f"column {n}" for n in range(14)) + " |\n"
        + "| " + " | ".join("---" for _ in range(14)) + " |\n"
        + "| " + " | ".join("a few words here" for _ in range(14)) + " |",
        "$$\n" + " + ".join(f"x_{{{n}}}^{{2}}" for n in range(40)) + "\n$$",
        "> > > > - - - deep " + "w" * 80,
        "# " + "H" * 90,
    )
)  # fmt: skip
PAGES = (
    *("/", "/settings/", "/settings/providers/", "/settings/providers/status/"),
    *("/settings/account/", "/sidebar/", "/archive/", "/nowhere/"),
)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_its_window(people: People, width: int) -> None:
    """Long words, code, tables and formulas scroll in themselves or break."""
    ann = people(viewport={"width": width, "height": 700})
    ann.expect_problem("status of 404")
    chat = ann.chat(model="openai/echo-whole")
    chat.send(LONG)
    chat.reply_is("complete")
    assert chat.overflow() <= 0
    chat.questions.get_by_role("link", name="Edit").click()
    expect(chat.page.get_by_label("Your message")).to_be_visible()
    assert chat.overflow() <= 0
    chat.page.goto("/?model=openai/error-echo")
    chat.send("x" * 500)
    chat.reply_is("failed")
    assert chat.overflow() <= 0
    ann.post(f"{ann.start('y' * 300)}archive/", {})
    for page in PAGES:
        chat.page.goto(page)
        assert chat.overflow() <= 0, page
    ann.context.clear_cookies()
    for page in ("/accounts/signup/", "/accounts/login/", "/accounts/password/reset/"):
        chat.page.goto(page)
        assert chat.overflow() <= 0, page


def test_phone(people: People) -> None:
    """The sidebar is a drawer, the composer is on the screen, Enter makes a line."""
    ann = people(viewport=PHONE, has_touch=True, is_mobile=True)
    chat = ann.chat(model="openai/prose-300@300")
    page = chat.page
    expect(chat.sidebar).not_to_be_in_viewport()
    chat.composer.tap()
    page.keyboard.type("One")
    page.keyboard.press("Enter")
    page.keyboard.type("two")
    expect(chat.composer).to_have_value("One\ntwo")
    chat.send_button.tap()
    chat.reply_is("complete")
    expect(chat.composer).to_be_in_viewport(ratio=1)
    expect(chat.send_button).to_be_in_viewport(ratio=1)
    chat.button("Show the sidebar").or_(page.get_by_label("Show the sidebar")).first.tap()
    expect(chat.sidebar).to_be_in_viewport()
    drawer = page.get_by_role("dialog", name="Chats")
    expect(drawer.get_by_role("link", name="New chat")).to_be_visible()
    expect(drawer.locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(chat.sidebar).not_to_be_in_viewport()
    page.get_by_label("Show the sidebar").tap()
    expect(chat.sidebar).to_be_in_viewport()
    page.touchscreen.tap(PHONE["width"] - 10, 400)
    expect(chat.sidebar).not_to_be_in_viewport()
    page.get_by_label("Show the sidebar").tap()
    drawer.get_by_role("link", name="New chat").tap()
    expect(page).to_have_url(ann.url + "/")
    expect(chat.sidebar).not_to_be_in_viewport()
    assert chat.overflow() <= 0


def test_targets_are_large_enough_for_a_finger(people: People) -> None:
    """44 pixels, or at least 24 for links within text."""
    ann = people(viewport=PHONE, has_touch=True, is_mobile=True)
    chat: Chat = ann.chat(model="openai/ok")
    chat.composer.fill("Hello")
    chat.send_button.tap()
    chat.reply_is("complete")
    small = chat.page.locator("main button:visible, main a.button:visible").evaluate_all(
        """(found) => found.map((e) => [e.outerHTML.slice(0, 120), e.getBoundingClientRect()])
          .filter(([, box]) => box.width && (box.width < 44 || box.height < 44))
          .map(([html, box]) => `${box.width}x${box.height} ${html}`)"""
    )
    assert small == []


def test_settings_at_double_size(people: People) -> None:
    """On a phone: the way back stands where the site's name does not, nothing is cut off."""
    ann = people(viewport={"width": PHONE["width"] // 2, "height": PHONE["height"] // 2})
    chat = ann.open("/settings/providers/")
    places = [
        chat.page.get_by_role("link", name=name).bounding_box()
        for name in ("Parley", "Back to the chats")
    ]
    name, back = (place for place in places if place)
    assert back["y"] >= name["y"] + name["height"]
    for page in ("/settings/providers/", "/settings/providers/status/"):
        chat.page.goto(page)
        assert chat.overflow() <= 0, page
