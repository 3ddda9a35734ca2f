"""No connection, lost answers, ended sessions: nothing typed is lost, nothing is sent twice."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.conftest import PASSWORD
from tests.e2e.conftest import People
from tests.e2e.person import Chat, Person
from tests.line import Line
from tests.server import Server
from tests.upstream import Upstream

OFFLINE = "ERR_|WebSocket connection|htmx:(sendError|afterRequest)|status of|Response Status"
"""What browsers and htmx write when nothing gets through."""
BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 20\r\n"
    b"Connection: close\r\n\r\n<h1>Bad Gateway</h1>"
)


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    """A line to the shared site."""
    with Line(server.port) as running:
        yield running


@pytest.fixture
def cat(people: People, line: Line) -> Person:
    """Somebody at the other end of that line."""
    cat = people(site=line)
    cat.expect_problem(OFFLINE)
    return cat


def waiting(chat: Chat) -> Locator:
    return chat.page.locator("[data-waiting]")


def banner(chat: Chat) -> Locator:
    return chat.page.locator("#connection")


def type_first(chat: Chat, text: str) -> None:
    """With the first key what is needed without a connection is fetched."""
    with chat.page.expect_response(re.compile("/js/reach")):
        chat.composer.press_sequentially(text)


def asked(upstream: Upstream, text: str) -> int:
    """How many requests end with this message."""
    return sum(text in str(body["messages"][-1]) for body in upstream.completions)


def test_offline_and_back(ann: Person, upstream: Upstream) -> None:
    """Said in a line; the message waits at its place, and is sent once when the line is back."""
    ann.expect_problem(OFFLINE)
    chat = ann.chat(model="openai/echo")
    chat.send("First")
    chat.reply_is("complete")
    text = f"Second {ann.name}"
    chat.composer.press_sequentially(text)
    ann.context.set_offline(True)
    expect(banner(chat)).to_have_text("You are offline. What you type is kept.")
    expect(chat.composer).to_have_value(text)
    chat.composer.press("Enter")
    expect(waiting(chat)).to_contain_text("Second")
    expect(waiting(chat)).to_contain_text("Not sent yet")
    expect(chat.composer).to_have_value("")
    chat.composer.press_sequentially("Third")
    expect(chat.questions).to_have_count(1)
    ann.context.set_offline(False)
    expect(chat.questions).to_have_count(2)
    expect(waiting(chat)).to_have_count(0)
    expect(banner(chat)).to_be_empty()
    chat.reply_is("complete")
    expect(chat.composer).to_have_value("Third")
    chat.page.reload()
    expect(chat.questions).to_have_count(2)
    assert asked(upstream, text) == 1


def test_a_blip_is_not_worth_a_word(ann: Person) -> None:
    """A connection that comes back at once."""
    ann.expect_problem(OFFLINE)
    chat = ann.open(ann.start("Hello", model="openai/echo"))
    chat.reply_is("complete")
    chat.page.evaluate(
        """() => {
          window.said = [];
          const line = document.getElementById("connection");
          new MutationObserver(() => said.push(line.textContent))
            .observe(line, { childList: true, characterData: true, subtree: true });
        }"""
    )
    ann.context.set_offline(True)
    ann.context.set_offline(False)
    chat.page.wait_for_timeout(2000)
    assert chat.page.evaluate("() => said") == []


def test_answers_that_are_lost(cat: Person, line: Line, upstream: Upstream) -> None:
    """The server took the message and nobody heard of it: it is there once, on the page too."""
    chat = cat.chat(model="openai/echo")
    text = f"First {cat.name}"
    chat.composer.fill(text)
    line.lose_answer(b"POST /c/")
    chat.composer.press("Enter")
    expect(chat.page).to_have_url(re.compile("/c/[0-9a-f-]+/$"))
    chat.reply_is("complete")
    expect(waiting(chat)).to_have_count(0)
    expect(chat.composer).to_have_value("")
    line.lose_answer(b"POST /c/")
    chat.composer.fill(f"{text} more")
    chat.composer.press("Enter")
    expect(chat.questions).to_have_count(2)
    chat.reply_is("complete")
    expect(waiting(chat)).to_have_count(0)
    assert line.lost == 2
    for _visit in range(2):
        expect(chat.questions).to_have_count(2)
        expect(chat.replies).to_have_count(2)
        expect(chat.titles).to_have_count(1)
        chat.page.reload()
    assert asked(upstream, text) == 2


def test_reload_while_a_message_waits(cat: Person, line: Line, upstream: Upstream) -> None:
    """It is still waiting afterwards; a server that is not there is no reason to lose it."""
    chat = cat.chat(model="openai/echo")
    chat.send("First")
    chat.reply_is("complete")
    text = f"Second {cat.name}"
    chat.composer.press_sequentially(text)
    line.cut(BAD_GATEWAY)
    expect(banner(chat)).to_have_text("The server cannot be reached. What you type is kept.")
    chat.composer.press("Enter")
    expect(waiting(chat)).to_contain_text("Second")
    line.mend()
    chat.page.route(re.compile("/messages/"), lambda route: route.abort("connectionrefused"))
    chat.page.reload()
    expect(waiting(chat)).to_contain_text("Second")
    expect(chat.composer).to_have_value("")
    chat.page.unroute_all()
    expect(chat.questions).to_have_count(2)
    expect(waiting(chat)).to_have_count(0)
    chat.reply_is("complete")
    assert asked(upstream, text) == 1


def test_cancel_gives_the_text_back(cat: Person, line: Line, upstream: Upstream) -> None:
    """Before what was typed since; sent later, it is still one message."""
    chat = cat.chat(model="openai/echo")
    text = f"First {cat.name}"
    type_first(chat, text)
    line.cut()
    chat.composer.press("Enter")
    expect(waiting(chat)).to_contain_text("First")
    chat.composer.press_sequentially("Second")
    chat.button("Cancel").click()
    expect(waiting(chat)).to_have_count(0)
    expect(chat.composer).to_have_value(f"{text}\n\nSecond")
    expect(chat.composer).to_be_focused()
    line.mend()
    expect(banner(chat)).to_be_empty()
    chat.composer.press("Enter")
    chat.reply_is("complete")
    expect(chat.questions).to_have_count(1)
    assert asked(upstream, text) == 1


def test_session_that_ended(ann: Person, upstream: Upstream) -> None:
    """The way to sign in, and back to the same page with the same text."""
    ann.expect_problem("status of 401|Error Code 401|WebSocket")
    chat = ann.open(ann.start("Hello", model="openai/echo"))
    chat.reply_is("complete")
    address = chat.page.url
    cookies = [c for c in ann.context.cookies() if c["name"] != "sessionid"]
    ann.context.clear_cookies()
    ann.context.add_cookies(cookies)  # type: ignore[arg-type]
    text = f"Still here {ann.name}"
    chat.composer.fill(text)
    chat.composer.press("Enter")
    expect(chat.toasts).to_contain_text("You were signed out.")
    expect(chat.composer).to_have_value(text)
    chat.toasts.get_by_role("link", name="Sign in").click()
    chat.page.get_by_label("Username or email").fill(ann.name)
    chat.page.get_by_label("Password", exact=True).fill(PASSWORD)
    chat.page.get_by_role("button", name="Sign in").click()
    expect(chat.page).to_have_url(address)
    expect(chat.composer).to_have_value(text)
    chat.composer.press("Enter")
    expect(chat.questions).to_have_count(2)
    chat.reply_is("complete")
    assert asked(upstream, text) == 1


def test_token_of_another_tab(ann: Person) -> None:
    """Signing in again elsewhere makes another token; this page takes it and goes on."""
    ann.expect_problem("status of 403|Error Code 403|WebSocket")
    chat = ann.open(ann.start("Hello", model="openai/echo"))
    chat.reply_is("complete")
    ann.sign_out_and_in()
    chat.composer.fill("Go on")
    chat.composer.press("Enter")
    expect(chat.questions).to_have_count(2)
    chat.reply_is("complete")
    assert chat.toasts.all_text_contents() == []


def test_another_account_in_the_same_browser(people: People, ann: Person) -> None:
    """It sends nothing of the first one's page, and does not see what was typed there."""
    ann.expect_problem("status of 40[34]|Error Code 40[34]|WebSocket")
    chat = ann.chat(model="openai/echo")
    bob = people()
    chat.composer.fill("For Ann only")
    ann.sign_out_and_in(bob.name)
    chat.composer.press("Enter")
    expect(chat.toasts).to_contain_text("Somebody else is signed in here now.")
    expect(chat.composer).to_have_value("For Ann only")
    chat.page.reload()
    expect(chat.composer).to_have_value("")
    expect(chat.titles).to_have_count(0)
    ann.sign_out_and_in()
    chat.page.reload()
    expect(chat.composer).to_have_value("For Ann only")


def test_module_that_cannot_be_loaded(ann: Person) -> None:
    """A sentence, and the next click works."""
    ann.expect_problem("ERR_")
    chat = ann.open(ann.start("Hello", model="openai/echo"))
    chat.reply_is("complete")
    chat.block(r"message-menu[\w.]*\.js")
    more = chat.reply.get_by_role("button", name="More")
    more.click()
    expect(chat.toasts).to_contain_text("could not be loaded")
    chat.page.unroute_all()
    more.click()
    expect(chat.button("Branch into a new chat")).to_be_visible()
