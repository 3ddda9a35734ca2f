"""What the composer says of the chosen model: images, and how much of its context is used."""

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, expect

from tests.e2e.conftest import People, site_environment
from tests.e2e.person import Chat, Person
from tests.ollama_upstream import OllamaUpstream
from tests.server import Server
from tests.upstream import Upstream

PLAIN = "ollama/plain:1b"
"""Takes no images, and 4,096 tokens."""


@pytest.fixture(scope="module")
def site(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site whose Ollama tells what its models can."""
    with OllamaUpstream() as ollama:
        variables = site_environment(upstream, OLLAMA_BASE_URL=ollama.url)
        with Server(tmp_path_factory.mktemp("limits"), env=variables) as server:
            yield server


@pytest.fixture
def ann(site: Server, people: People) -> Person:
    """Somebody on that site."""
    return people(site=site)


@pytest.fixture
def chat(ann: Person) -> Chat:
    """A new chat with the plain model, once the site knows what it can."""
    chat = ann.chat(model=PLAIN)
    for _try in range(20):
        if chat.page.locator("#model-facts").get_attribute("data-context"):
            return chat
        chat.page.wait_for_timeout(250)
        chat.page.reload()
    raise AssertionError("the list of models never came")


def line(chat: Chat) -> Locator:
    return chat.page.locator("#context-line")


def picture() -> FilePayload:
    file = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "PNG")
    return {"name": "cat.png", "mimeType": "image/png", "buffer": file.getvalue()}


def words(tokens: int) -> str:
    """So many, by the rule of thumb."""
    return ("some words " * tokens)[: 4 * tokens]


def fill(chat: Chat, tokens: int) -> None:
    chat.composer.fill(words(tokens))


def test_images_that_the_model_does_not_take(chat: Chat) -> None:
    """The button says so, and so does adding some; other files and other models are taken."""
    files = chat.page.locator(".composer-file")
    why = "plain:1b does not take images. Choose another model to send some."
    files.focus()
    expect(files).to_have_accessible_description(why)
    words: FilePayload = {"name": "cat.txt", "mimeType": "text/plain", "buffer": b"A cat."}
    files.set_input_files([picture(), words])
    expect(chat.page.locator("#composer-errors")).to_have_text(why)
    expect(chat.page.locator("#previews li")).to_have_count(1)
    expect(chat.page.locator("#previews li")).to_contain_text("cat.txt")
    chat.page.goto("/?model=ollama/ok")
    files.focus()
    expect(files).to_have_accessible_description("")
    files.set_input_files(picture())
    expect(chat.page.locator("#previews img")).to_be_visible()


def test_images_follow_another_choice_of_model(chat: Chat) -> None:
    files = chat.page.locator(".composer-file")
    files.focus()
    expect(files).to_have_accessible_description(re.compile("does not take images"))
    chat.page.locator("#model-button").click()
    chat.page.get_by_role("combobox").fill("ollama echo")
    chat.page.get_by_role("combobox").press("Enter")
    expect(files).to_have_accessible_description("")


def test_files_count_before_they_are_sent(chat: Chat) -> None:
    """With what is typed; no more once they are removed."""
    story: FilePayload = {
        "name": "story.txt",
        "mimeType": "text/plain",
        "buffer": words(3000).encode(),
    }
    chat.page.locator(".composer-file").set_input_files(story)
    expect(line(chat)).to_have_text("About 3,000 of 4,096 tokens used")
    fill(chat, 3000)
    expect(line(chat)).to_have_text("About 6,000 tokens: this model takes 4,096")
    fill(chat, 10)
    chat.page.get_by_role("button", name="Remove “story.txt”").click()
    expect(line(chat)).to_be_hidden()


def test_the_server_refuses_them_too(ann: Person, chat: Chat) -> None:
    """Attached before another model was chosen."""
    ann.expect_problem("status of 422")
    page = chat.page
    page.goto("/?model=ollama/ok")
    page.locator(".composer-file").set_input_files(picture())
    expect(page.locator("#previews img")).to_be_visible()
    page.evaluate(f"() => document.getElementById('model').value = '{PLAIN}'")
    chat.composer.fill("What is this?")
    chat.composer.press("Enter")
    expect(page.locator("#composer-errors")).to_contain_text("plain:1b does not take images.")
    expect(chat.composer).to_have_value("What is this?")


def test_warns_before_the_context_overflows(chat: Chat) -> None:
    """Quiet at first, then with figures, then with what will happen."""
    chat.send("Hello")
    chat.reply_is("complete")
    fill(chat, 500)
    chat.page.wait_for_timeout(500)
    expect(line(chat)).to_be_hidden()
    fill(chat, 3000)
    expect(line(chat)).to_have_text(re.compile(r"^About 3,[01]00 of 4,096 tokens used$"))
    announced = chat.page.locator("#announcer")
    expect(announced).to_contain_text("of 4,096 tokens used")
    chat.page.evaluate("() => document.getElementById('announcer').textContent = ''")
    fill(chat, 2990)
    chat.page.wait_for_timeout(500)
    expect(announced).to_have_text("")
    fill(chat, 3500)
    expect(line(chat)).to_contain_text("the oldest messages will be left out")
    expect(announced).to_contain_text("left out")
    assert chat.overflow() <= 0


def test_says_after_the_reply_what_was_left_out(chat: Chat) -> None:
    for _number in range(3):
        chat.send(words(1200))
        chat.reply_is("complete")
    footer = chat.reply.locator("footer")
    expect(footer).to_contain_text(
        "2 earlier messages were left out: they do not fit into the 4,096 tokens of plain:1b."
    )
    expect(chat.composer).to_have_value("")


def test_a_first_message_that_is_too_long(chat: Chat) -> None:
    """Said before it is sent; after it with the figures, and nobody was asked."""
    fill(chat, 9000)
    expect(line(chat)).to_have_text("About 9,000 tokens: this model takes 4,096")
    chat.composer.press("Enter")
    chat.reply_is("failed")
    footer = chat.reply.locator("footer")
    expect(footer).to_contain_text("The message has about 9,00")
    expect(footer).to_contain_text("this model takes 4,096.")
