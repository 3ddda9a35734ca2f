"""A headless Chromium, a site and an upstream for the tests of a worker; people for each test.

Scope `package`, not `session`: while Playwright runs, no other test can use an event loop.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.person import Person
from tests.line import Line
from tests.server import Server
from tests.upstream import Upstream

ARGUMENTS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever a page tries to reach, nothing leaves this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
LIMIT: Final = 15_000
"""Milliseconds until a condition counts as never met. Generous: cores are shared."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this package drive a browser; one that fails is tried once more.

    Both tries are reported. Browsers on shared machines fail by themselves now and then; what fails
    twice is ours.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium. The only reason to skip a test is that none is installed."""
    # The one without windows of its own starts pages with a fraction of the work.
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if path is None:
        if os.environ.get("CI") == "true" or os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("Chromium must be installed here, and is not.")
        pytest.skip(
            "Browser tests need Chromium (Debian's package chromium-headless-shell or chromium)."
        )
    expect.set_options(timeout=LIMIT)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture(scope="package")
def upstream() -> Iterator[Upstream]:
    """Speaks both wire formats."""
    with Upstream() as running:
        yield running


def site_environment(upstream: Upstream, **more: str) -> dict[str, str]:
    """Variables of a site whose OpenAI is the upstream, and that does not wait long to say so."""
    return {
        "OPENAI_API_KEY": "sk-browser",
        "OPENAI_BASE_URL": f"{upstream.url}/v1",
        "PROVIDER_ALLOW_PRIVATE": "on",
        "REPLY_WAITING_NOTICE": "1.5",
        # People come from addresses of their own, so that limits tell them apart.
        "TRUSTED_PROXIES": "1",
        **more,
    }


@pytest.fixture(scope="package")
def server(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The site, for tests that do not stop it."""
    directory = tmp_path_factory.mktemp("e2e")
    with Server(directory, env=site_environment(upstream)) as running:
        yield running
        running.terminate()
        assert "Traceback" not in running.output, running.output


@pytest.fixture
def own_server(upstream: Upstream, tmp_path: Path) -> Iterator[Server]:
    """A site with no users yet that a test may kill."""
    with Server(tmp_path, env=site_environment(upstream)) as running:
        yield running


class People(Protocol):
    """Makes people. Further arguments are those of `Browser.new_context`."""

    def __call__(
        self, *, site: Server | Line | None = None, signed_up: bool = True, **options: Any
    ) -> Person:
        """Somebody with a browser profile of their own."""


@pytest.fixture
def people(browser: Browser, request: pytest.FixtureRequest) -> Iterator[People]:
    """Every page of everybody is watched: an error in it fails the test at its end."""
    made: list[Person] = []

    def make(
        *, site: Server | Line | None = None, signed_up: bool = True, **options: Any
    ) -> Person:
        site = site or request.getfixturevalue("server")
        person = Person(browser, site.url, limit=LIMIT, **options)
        made.append(person)
        if signed_up:
            person.sign_up()
        return person

    yield make
    problems = [problem for person in made for problem in person.leave()]
    assert not problems, "\n".join(problems)


@pytest.fixture
def ann(people: People) -> Person:
    """Somebody who has just signed up, at a desk."""
    return people()


def text_of(pattern: str) -> re.Pattern[str]:
    """A pattern for words on the page, whatever their case."""
    return re.compile(pattern, re.IGNORECASE)
