"""The status page in a browser: it follows what happens, and leaves the reader in peace."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import People, site_environment
from tests.server import Server, free_port
from tests.upstream import Upstream

STATUS = "/settings/providers/status/"
PATIENT = 60_000
"""Milliseconds. A provider that is away is asked every ten seconds."""


@pytest.fixture
def port() -> int:
    """Where the provider is, while it is."""
    return free_port()


def test_a_provider_dies_and_comes_back(people: People, port: int, tmp_path: Path) -> None:
    alive = ExitStack()
    provider = alive.enter_context(Upstream(port=port))
    with alive, Server(tmp_path, env=site_environment(provider)) as site:
        ann = people(site=site)
        ann.start("Hello", model="openai/ok")
        page = ann.open(STATUS).page
        facts, said = page.locator("#facts-openai"), page.locator("#status-said")
        expect(facts).to_contain_text("Working", timeout=PATIENT)
        expect(page.locator("#models-openai")).to_contain_text("to the first word")
        page.evaluate("window.marker = 1")
        page.locator("summary").click()
        expect(page.locator("#models-openai")).to_be_hidden()
        page.get_by_role("link", name="Manage providers").focus()
        expect(said).to_be_empty()

        alive.close()
        ann.start("Are you there?", model="openai/ok")
        expect(facts).to_contain_text("Failing", timeout=PATIENT)
        expect(facts).to_contain_text("The provider could not be reached.")
        expect(page.locator("#count-openai")).to_contain_text("1 failing")
        expect(said).to_have_text("OpenAI is failing.")

        with Upstream(port=port):
            expect(facts).to_contain_text("Working", timeout=PATIENT)
            expect(said).to_have_text("OpenAI works.")

        expect(page.locator("#models-openai")).to_be_hidden()
        expect(page.get_by_role("link", name="Manage providers")).to_be_focused()
        assert page.evaluate("window.marker") == 1, "the page was not loaded again"
