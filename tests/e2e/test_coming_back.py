"""A reply goes on without the page that asked for it."""

import re

from playwright.sync_api import APIResponse, Route, WebSocketRoute, expect

from tests.e2e.conftest import People, text_of
from tests.e2e.person import Person
from tests.server import Server


def test_reload_in_the_middle_of_a_reply(ann: Person) -> None:
    """What was there stays, the rest comes, nothing twice."""
    chat = ann.chat(model="openai/prose-200@60")
    chat.send("Walk with me")
    chat.writes(100)
    seen = chat.length()
    chat.page.reload()
    chat.writes(seen + 100)
    chat.reply_is("complete")
    ended = chat.bodies()
    chat.page.reload()
    assert chat.bodies() == ended
    expect(chat.body.locator("table")).to_have_count(1)


def test_close_the_tab_and_come_back(ann: Person) -> None:
    """The reply is written on while no page is open."""
    chat = ann.chat(model="openai/prose-150@60")
    chat.send("Walk with me")
    chat.writes(50)
    seen, address = chat.length(), chat.page.url
    chat.page.close()
    again = ann.open(address)
    again.writes(seen)
    again.reply_is("complete")
    expect(again.body.locator("table")).to_have_count(1)


def test_two_tabs_show_one_conversation(ann: Person) -> None:
    """Live in both; Stop in the other; what one posts, the other shows."""
    first = ann.chat(model="openai/prose-600@60")
    first.send("Walk with me")
    first.writes(30)
    second = ann.open(first.page.url)
    second.writes(60)
    first.writes(second.length())
    second.stop_button.click()
    first.reply_is("stopped")
    second.reply_is("stopped")
    expect(first.stop_button).to_have_count(0)
    assert first.bodies() == second.bodies()

    second.page.goto(first.page.url)
    second.send("/mode echo\nAnd **on**")
    expect(first.questions).to_have_count(2)
    first.reply_is("complete")
    second.reply_is("complete")
    expect(first.body.locator("strong")).to_have_text("on")
    assert first.bodies() == second.bodies()
    # The tab that was not used goes on from there as well.
    first.send("/mode echo\nFurther")
    expect(second.questions).to_have_count(3)
    second.reply_is("complete")


def test_change_between_the_page_and_its_socket(ann: Person) -> None:
    """What is posted elsewhere while the socket is still being opened is shown as well."""
    address = ann.start("First", model="openai/ok")
    held: list[WebSocketRoute] = []

    def hold(socket: WebSocketRoute) -> None:
        held.append(socket)

    other = ann.open(address)
    chat = ann.open("about:blank")
    chat.page.route_web_socket(re.compile("/ws/"), hold)
    chat.page.goto(address)
    chat.reply_is("complete")
    ann.post(f"{address}messages/", {"content": "Second"})
    expect(other.questions).to_have_count(2)
    expect(chat.questions).to_have_count(1)
    held[0].connect_to_server()
    expect(chat.questions).to_have_count(2)
    chat.reply_is("complete")


def test_server_killed_in_the_middle_of_a_reply(people: People, own_server: Server) -> None:
    """The page reconnects by itself, says what happened, and Continue completes the reply."""
    ann = people(site=own_server)
    ann.expect_problem("WebSocket connection|ERR_CONNECTION|htmx:(sendError|afterRequest)")
    chat = ann.chat(model="openai/prose-150@40")
    chat.send("Walk with me")
    # More than a second's worth: at most that much may be lost.
    chat.writes(400)
    seen = chat.length()
    own_server.kill9()
    own_server.start()
    chat.reply_is("interrupted")
    expect(chat.reply).to_contain_text("This reply was interrupted")
    kept = chat.length()
    assert kept > seen - 40 * 5 * 1.5
    expect(chat.button("Retry")).to_be_visible()
    chat.button("Continue").click()
    chat.reply_is("complete")
    assert chat.length() > kept
    expect(chat.replies).to_have_count(1)
    before = chat.bodies()
    chat.page.reload()
    assert chat.bodies() == before


def test_an_answer_that_comes_late_undoes_nothing(ann: Person) -> None:
    """The thread is asked for because another tab changed it; then this one is written in."""
    address = ann.start("First", model="openai/ok")
    chat = ann.open(address)
    chat.reply_is("complete")
    late: list[tuple[Route, APIResponse]] = []
    chat.page.route(
        re.compile(r"\?show="), lambda route: late.append((route, route.fetch())), times=1
    )
    with chat.page.expect_request(re.compile(r"\?show=")):
        ann.post(f"{address}messages/", {"content": "Second"})
    chat.composer.fill("Third")
    chat.composer.press("Enter")
    expect(chat.questions.last).to_contain_text("Third")
    while not late:
        chat.page.wait_for_timeout(20)
    [(route, answer)] = late
    with chat.page.expect_response(re.compile(r"\?show=")):
        route.fulfill(response=answer)
    chat.page.wait_for_timeout(200)
    expect(chat.questions.last).to_contain_text("Third")
    chat.reply_is("complete")


def test_following_stops_where_the_reader_scrolls(ann: Person) -> None:
    """A growing reply moves the page only for who is at its end."""
    chat = ann.chat(model="openai/prose-900@300")
    chat.send("Walk with me")
    chat.writes(1500)
    assert chat.is_at_end()
    chat.page.mouse.move(700, 300)
    chat.page.mouse.wheel(0, -600)
    chat.page.wait_for_function(
        "() => document.documentElement.scrollHeight - innerHeight - scrollY > 300"
    )
    place = chat.page.evaluate("() => scrollY")
    chat.writes(chat.length() + 600)
    assert chat.page.evaluate("() => scrollY") == place
    chat.page.get_by_role("button", name=text_of("jump to the latest")).click()
    chat.page.wait_for_function(
        "() => document.documentElement.scrollHeight - innerHeight - scrollY < 4"
    )
    chat.reply_is("complete")
    assert chat.is_at_end()


def test_a_reply_to_a_tall_message_is_followed(ann: Person) -> None:
    """Its field gets small again when it is sent: that is nobody scrolling."""
    chat = ann.chat(model="openai/prose-200@100")
    end = "() => document.documentElement.scrollHeight - innerHeight - scrollY < 4"
    for lines in (20, 60):
        chat.composer.fill("line of words\n" * lines)
        chat.send_button.click()
        for status in ("streaming", "complete"):
            chat.reply_is(status)
            chat.page.wait_for_function(end)


def test_back_and_forth_between_chats(ann: Person) -> None:
    """The browser's own buttons work, and each chat keeps its address."""
    chat = ann.chat(model="openai/echo")
    chat.send("First chat")
    chat.reply_is("complete")
    first = chat.page.url
    chat.sidebar.get_by_role("link", name="New chat").click()
    expect(chat.page).to_have_url(re.compile(r"/$"))
    chat.page.goto("/?model=openai/echo")
    chat.send("Second chat")
    chat.reply_is("complete")
    chat.titles.filter(has_text="First chat").click()
    expect(chat.page).to_have_url(first)
    expect(chat.body).to_have_text("First chat")
    chat.page.go_back()
    expect(chat.body).to_have_text("Second chat")
    chat.page.go_forward()
    expect(chat.body).to_have_text("First chat")
