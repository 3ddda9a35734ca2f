"""An Ollama of the environment in a browser: chatted with, and told to fetch a model."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import People
from tests.e2e.person import Person
from tests.ollama_upstream import OllamaUpstream
from tests.server import Server
from tests.upstream_modes import THOUGHTS


@pytest.fixture
def ollama() -> Iterator[OllamaUpstream]:
    with OllamaUpstream() as running:
        yield running


@pytest.fixture
def site(ollama: OllamaUpstream, tmp_path: Path) -> Iterator[Server]:
    """Its first visitor becomes the administrator."""
    env = {"OLLAMA_BASE_URL": ollama.url, "TRUSTED_PROXIES": "1"}
    with Server(tmp_path, env=env) as running:
        yield running
        running.terminate()
        assert "Traceback" not in running.output, running.output


@pytest.fixture
def ada(site: Server, people: People) -> Person:
    return people(site=site)


def test_a_model_thinks_and_answers(ada: Person) -> None:
    chat = ada.chat(model="ollama/reasoning")
    chat.send("Hello")
    chat.reply_is("complete")

    expect(chat.page.locator(".reasoning-text")).to_have_text(THOUGHTS.strip())


def test_a_download_is_begun_followed_and_given_up(ada: Person, ollama: OllamaUpstream) -> None:
    page = ada.open("/settings/providers/").page
    page.get_by_role("link", name="Download models for Ollama").click()
    page.get_by_label("Model").fill("slow-model:7b")
    page.get_by_role("button", name="Download").click()
    bar = page.get_by_role("progressbar", name="slow-model:7b")
    expect(bar).to_have_attribute("max", "4000")
    before = int(bar.get_attribute("value") or 0)
    cancel = page.get_by_role("button", name="Cancel")
    cancel.focus()
    expect(bar).not_to_have_attribute("value", str(before))
    expect(cancel).to_be_focused()

    page.reload()
    expect(bar).to_be_visible()
    cancel.press("Enter")
    expect(page.get_by_text("Nothing has been downloaded")).to_be_visible()


def test_a_model_that_was_fetched_can_be_chosen(ada: Person) -> None:
    page = ada.open("/settings/providers/environment/ollama/downloads/").page
    page.get_by_label("Model").fill("fails")
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_text("file does not exist")).to_be_visible()

    page.get_by_label("Model").fill("llama3.2:1b")
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_text(re.compile("can be chosen"))).to_be_visible()
    chat = ada.open("/")
    chat.page.locator('[data-action="pick-model"]').click()
    expect(chat.page.locator('[data-model="ollama/llama3.2:1b"]').first).to_be_visible()
