"""The core flow where something that the page would like to have is missing."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.conftest import PASSWORD
from tests.e2e.conftest import People
from tests.e2e.person import Chat, Person


def _refuse(socket: WebSocketRoute) -> None:
    socket.close(code=4006, reason="blocked")


def _swallow(socket: WebSocketRoute) -> None:
    """Neither connected nor closed."""


@pytest.mark.parametrize("block", [_refuse, _swallow])
def test_polling_where_sockets_are_blocked(
    ann: Person, block: Callable[[WebSocketRoute], None]
) -> None:
    """A proxy that lets no websocket through: the reply grows and is completed all the same."""
    ann.context.route_web_socket(re.compile("/ws/"), block)
    chat = ann.chat(model="openai/prose-500@50")
    chat.send("Walk with me")
    chat.writes(20)
    chat.writes(chat.length() + 20)
    chat.stop_button.click()
    chat.reply_is("stopped")
    chat.send("/mode ok")
    chat.reply_is("complete")
    expect(chat.body).to_contain_text("This is fine")
    before = chat.bodies()
    chat.page.reload()
    assert chat.bodies() == before


def _fill(page: Page, fields: dict[str, str]) -> None:
    for name, text in fields.items():
        page.locator(f'[name="{name}"]').fill(text)


def _post(chat: Chat, text: str) -> None:
    chat.composer.fill(text)
    chat.send_button.click()


def test_all_by_forms_without_script(people: People) -> None:
    """Sign up, send, wait, stop, edit, switch, rename, choose a model, delete, undo, sign out."""
    ben = people(signed_up=False, java_script_enabled=False)
    chat = ben.open("/accounts/signup/")
    page = chat.page
    _fill(page, {"username": ben.name, "email": f"{ben.name}@example.org", "password1": PASSWORD})
    page.get_by_role("button", name="Create account").click()
    page.locator("#model-button").click()
    page.locator(".models").get_by_role("link", name=re.compile(r"\bslow\b")).click()
    expect(page.locator("[data-model-label]")).to_have_text("slow")
    _post(chat, "Hello from forms")
    expect(page).to_have_url(re.compile("/c/"))
    expect(chat.reply).to_have_attribute("data-status", re.compile("pending|streaming"))
    # The page asks for itself again until the reply is complete.
    expect(chat.body).to_contain_text("quick brown")
    chat.stop_button.click()
    chat.reply_is("stopped")
    kept = chat.body.text_content()
    assert kept
    assert "lazy dog" not in kept

    page.locator("#model-button").click()
    page.get_by_role("searchbox", name="Search models").fill("OpenAI echo")
    page.get_by_role("button", name="Search").click()
    page.locator(".models").get_by_role("button", name=re.compile(r"\becho\b")).click()
    expect(page).to_have_url(re.compile("/c/"))
    expect(page.locator("[data-model-label]")).to_have_text("echo")
    _post(chat, "Once more with **echo**")
    expect(chat.body.locator("strong")).to_have_text("echo")
    chat.reply_is("complete")
    chat.questions.last.get_by_role("link", name="Edit").click()
    page.get_by_label("Your message").fill("Edited words")
    page.locator("main").get_by_role("button", name="Send").click()
    expect(chat.body).to_have_text("Edited words")
    chat.reply_is("complete")
    chat.button("Previous version", within=chat.questions.last).click()
    expect(chat.body.locator("strong")).to_have_text("echo")
    chat.button("Regenerate", within=chat.reply).click()
    expect(chat.reply.locator(".branch-count")).to_have_text("2/2")
    chat.reply_is("complete")

    chat.sidebar.get_by_role("button", name="Menu of").click()
    page.locator("main").get_by_role("link", name="Rename").click()
    page.get_by_label("Title").fill("My forms")
    page.get_by_role("button", name="Save").click()
    expect(chat.titles).to_have_text(["My forms"])
    chat.sidebar.get_by_role("button", name="Menu of").click()
    page.locator("main").get_by_role("button", name="Delete").click()
    expect(chat.titles).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(chat.titles).to_have_text(["My forms"])
    page.get_by_role("button", name="Account menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_text_is_given_back_after_an_error_of_the_server(ann: Person) -> None:
    """A 500, and what the server refuses in a sentence of its own."""
    ann.expect_problem("status of (500|422)|Error Code 500")
    chat = ann.chat(model="openai/echo")
    chat.send("First")
    chat.reply_is("complete")
    chat.page.route(
        re.compile("/messages/"), lambda route: route.fulfill(status=500, body="broken")
    )
    chat.composer.fill("Not lost")
    chat.composer.press("Enter")
    expect(chat.toasts).to_contain_text("Something broke on the server")
    expect(chat.composer).to_have_value("Not lost")
    chat.page.unroute_all()
    chat.composer.fill("x" * 200_001)
    chat.composer.press("Enter")
    expect(chat.page.locator("#composer-errors")).to_contain_text("up to 200000 are possible")
    assert len(chat.composer.input_value()) == 200_001
    chat.send("Short")
    chat.reply_is("complete")
    expect(chat.page.locator("#composer-errors")).to_be_empty()


def test_signed_out_elsewhere(ann: Person) -> None:
    """The next action offers to sign in, and the text is kept for afterwards."""
    ann.expect_problem("status of 401|Error Code 401")
    chat = ann.chat(model="openai/echo")
    chat.send("First")
    chat.reply_is("complete")
    address = chat.page.url
    ann.context.clear_cookies(name="sessionid")
    chat.composer.fill("Not lost")
    chat.composer.press("Enter")
    expect(chat.toasts).to_contain_text("You were signed out")
    expect(chat.composer).to_have_value("Not lost")
    chat.toasts.get_by_role("link", name="Sign in").click()
    chat.page.get_by_role("textbox", name=re.compile("Username|Login|Email")).fill(ann.name)
    chat.page.get_by_role("textbox", name="Password").fill(PASSWORD)
    chat.page.get_by_role("button", name="Sign in").click()
    expect(chat.page).to_have_url(address)
    expect(chat.composer).to_have_value("Not lost")
