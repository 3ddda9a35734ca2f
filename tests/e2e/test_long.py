"""Very long conversations: loading what is earlier, and how much of it the page holds."""

import sqlite3
from contextlib import closing
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.e2e.person import Chat, Person
from tests.server import Server

LENGTH = 10_000
PAGE = 30
MOST = 300
"""Messages that a page holds at once, wherever its reader is; far below LENGTH."""
VISIBLE = """() => [...document.querySelectorAll("article[data-role]")]
  .filter((a) => {
    const box = a.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  })
  .map((a) => Number(/Message (\\d+)/.exec(a.textContent)?.[1] ?? -1))"""
SCROLL = """() => new Promise((done) => {
  scrollBy(0, 600);
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
})"""


def lengthen(server: Server, address: str, length: int) -> None:
    """Put messages before the two of a conversation, straight into the database."""
    conversation = address.split("/")[2].replace("-", "")
    (path,) = server.data_dir.glob("*.sqlite3")
    with closing(sqlite3.connect(path, timeout=30)) as database, database:
        database.row_factory = sqlite3.Row
        of = "SELECT * FROM chats_message WHERE conversation_id = ? ORDER BY created_at"
        first, reply = database.execute(of, [conversation]).fetchall()
        columns = first.keys()
        rows: list[dict[str, object]] = []
        parent = None
        for number in range(length - 2):
            like = reply if number % 2 else first
            row = {**dict(like), "id": uuid4().hex, "parent_id": parent}
            row["content"] = f"Message {number}\n\n" + "words and words. " * (number % 7 * 12)
            parent = row["id"]
            rows.append(row)
        marks = ", ".join("?" * len(columns))
        database.executemany(
            f"INSERT INTO chats_message ({', '.join(columns)}) VALUES ({marks})",
            [tuple(row[name] for name in columns) for row in rows],
        )
        database.execute(
            "UPDATE chats_message SET parent_id = ? WHERE id = ?", [parent, first["id"]]
        )


@pytest.fixture
def chat(ann: Person, server: Server) -> Chat:
    """A chat of 10,000 messages, open at its end."""
    address = ann.start("The last question", model="openai/echo")
    chat = ann.open(address)
    chat.reply_is("complete")
    lengthen(server, address, LENGTH)
    chat.page.reload()
    expect(chat.messages).to_have_count(PAGE)
    return chat


def load_earlier(chat: Chat, pages: int) -> None:
    """As a reader does: up to the beginning of what is there, time and again."""
    for _page in range(pages):
        first = chat.messages.first.get_attribute("id")
        chat.page.evaluate("() => scrollTo(0, 0)")
        chat.page.wait_for_function(
            "id => document.querySelector('article[data-role]').id !== id", arg=first
        )


def test_earlier_messages_come_without_a_jump(chat: Chat) -> None:
    """What is read stays where it is while a page of earlier messages comes in above it."""
    first = chat.messages.first
    identity = first.get_attribute("id")
    place = "id => document.getElementById(id).getBoundingClientRect().top"
    chat.page.evaluate(
        """id => {
          window.places = [];
          const look = () => {
            places.push(Math.round(document.getElementById(id).getBoundingClientRect().top));
            requestAnimationFrame(look);
          };
          scrollTo(0, 0);
          requestAnimationFrame(look);
        }""",
        identity,
    )
    expect(chat.messages).to_have_count(2 * PAGE)
    chat.page.wait_for_function("count => places.length > count + 5", arg=10)
    now = chat.page.evaluate(place, identity)
    # The button above the messages is all that may have moved them.
    assert max(chat.page.evaluate("() => places")) - now <= 80
    assert abs(now - chat.page.evaluate("() => places[0]")) <= 80


def test_far_away_messages_leave_the_page(chat: Chat) -> None:
    """The page holds those around its reader; going back shows the others as they were."""
    before = chat.bodies()[-PAGE:]
    load_earlier(chat, 12)
    height = chat.page.evaluate("() => document.documentElement.scrollHeight")
    assert chat.messages.count() < MOST
    expect(chat.page.locator(".stretch[data-away]").first).to_be_attached()
    # The end is always there: shortcuts act on it.
    assert chat.bodies()[-PAGE:] == before
    numbers: list[int] = []
    while True:
        numbers += chat.page.evaluate(VISIBLE)
        if chat.is_at_end():
            break
        chat.page.evaluate(SCROLL)
    seen = sorted({number for number in numbers if number >= 0})
    assert seen == list(range(seen[0], LENGTH - 2))
    assert len(seen) >= 12 * PAGE
    assert abs(chat.page.evaluate("() => document.documentElement.scrollHeight") - height) < 2
    assert chat.messages.count() < MOST


def test_jump_to_the_latest_and_go_on(chat: Chat) -> None:
    """From far up: the end at once, and a reply is followed there."""
    load_earlier(chat, 8)
    chat.button("Jump to the latest message").click()
    chat.page.wait_for_function(
        "() => document.documentElement.scrollHeight - innerHeight - scrollY < 4"
    )
    chat.send("And now?")
    chat.reply_is("complete")
    expect(chat.body).to_have_text("And now?")
    assert chat.is_at_end()
    assert chat.messages.count() < MOST
