"""A title by the model reaches the page by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import People, site_environment
from tests.server import Server
from tests.upstream import Upstream


@pytest.fixture
def naming_server(upstream: Upstream, tmp_path: Path) -> Iterator[Server]:
    """A site whose chats are named by their models."""
    with Server(tmp_path, env=site_environment(upstream, TITLES="model")) as running:
        yield running


def test_the_sidebar_shows_the_title_without_a_reload(
    naming_server: Server, people: People
) -> None:
    """In the list, the window's title and the page's heading, as text; the setting is a box."""
    ann = people(site=naming_server)
    chat = ann.chat(model="openai/ok")
    chat.composer.fill("Begin")
    chat.composer.press("Shift+Enter")
    chat.page.keyboard.type("/title say <b>A walk</b> by the sea")
    chat.composer.press("Enter")
    chat.reply_is("complete")
    title = "<b>A walk</b> by the sea"
    expect(chat.titles).to_have_text([title])
    expect(chat.page).to_have_title(f"{title} · Parley")
    expect(chat.page.locator("#main > h1")).to_have_text(title)
    expect(chat.reply).to_have_attribute("data-status", "complete")
    chat.page.goto("/settings/")
    box = chat.page.get_by_label("Let the model name chats")
    expect(box).to_be_checked()
    box.uncheck()
    expect(chat.page.get_by_text("Saved", exact=True)).to_be_visible()
    chat.page.reload()
    expect(box).not_to_be_checked()
