"""The status page in a browser: it follows what happens, and leaves the reader in peace."""

import sqlite3
from contextlib import ExitStack, closing
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


def test_refreshing_asks_at_once(people: People, own_server: Server, upstream: Upstream) -> None:
    page = people(site=own_server).open(STATUS).page
    expect(page.locator("#facts-openai")).to_contain_text("Working", timeout=PATIENT)
    # Long enough ago for the button, not for the page to ask by itself.
    [database] = own_server.data_dir.glob("*.sqlite3")
    with closing(sqlite3.connect(database)) as connection, connection:
        earlier = "strftime('%Y-%m-%d %H:%M:%f', fetched_at, '-15 seconds')"
        connection.execute(f"UPDATE providers_modellist SET fetched_at = {earlier}")
    upstream.reset()
    button = page.get_by_role("button", name="Ask OpenAI again")

    with page.expect_response("**/refresh/") as answer:
        button.click()
    assert answer.value.status == 204
    while not upstream.requests:
        page.wait_for_event("response")  # The page looks again.
    expect(button).to_be_focused()
    assert [request["path"] for request in upstream.requests] == ["/v1/models"]


def test_without_scripts(people: People) -> None:
    page = people(java_script_enabled=False).open(STATUS).page
    expect(page.locator("#facts-openai")).to_be_visible()
    assert page.locator('meta[http-equiv="refresh"]').get_attribute("content") == "30"

    page.get_by_role("button", name="Refresh all").click()
    expect(page.locator("#facts-openai")).to_be_visible()
    expect(page).to_have_url(STATUS)


def test_a_site_that_is_away_is_said(people: People, own_server: Server) -> None:
    ann = people(site=own_server)
    page = ann.open(STATUS).page
    away = page.get_by_text("This page cannot reach the site.")
    expect(page.locator("#facts-openai")).to_contain_text("Working", timeout=PATIENT)
    expect(away).to_be_hidden()

    ann.expect_problem("ERR_CONNECTION|status/")
    own_server.kill9()
    expect(away).to_be_visible()
    own_server.start()
    expect(away).to_be_hidden()
