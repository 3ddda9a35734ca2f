"""A provider that never answers holds up nobody but those who wait for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import psutil
import pytest

from providers.refresh import MAX_THREADS as MOST_LISTS
from tests.hanging import HangingProvider
from tests.live.conftest import Accounts, check_log
from tests.person import Person
from tests.server import Server
from tests.waiting import until

pytestmark = pytest.mark.server

KEY = "sk-hanging-planted-90ab12cd"
PAGES = ("/", "/models/", "/settings/providers/", "/settings/providers/status/", "/settings/")
AT_ONCE = 8
"""Fewer than a person may test in a minute."""
SPARE_THREADS = 24
"""What the server may have whatever is under way: for the database, for lists of models."""
THREADS_A_TEST = 3
"""That of the request, and those of its event loop: to look up the name, to make the client."""


@pytest.fixture(scope="module")
def hanging() -> Iterator[HangingProvider]:
    """What every connection of the site leads to."""
    with HangingProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def server(hanging: HangingProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site all of whose providers hang."""
    environment = {
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": f"{hanging.url}/v1",
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": hanging.url,
        "PROVIDER_ALLOWED_HOSTS": f"127.0.0.1:{hanging.port}",
        "TRUSTED_PROXIES": "1",
        "DJANGO_SETTINGS_MODULE": "tests.site_settings",
        # Longer than any of these tests.
        "PROVIDER_LIST_TIMEOUT": "600",
    }
    with Server(tmp_path_factory.mktemp("hanging"), env=environment) as running:
        yield running
        running.terminate()
        check_log(running)
        assert KEY not in running.output


@pytest.fixture(scope="module")
def accounts(server: Server) -> Accounts:
    """People of this site."""
    return Accounts(server.url)


@pytest.fixture
async def people(accounts: Accounts, ann: Person) -> AsyncIterator[list[Person]]:
    """One person in many browsers, for requests at the same time."""
    browsers = [Person(ann.url, ann.name) for _ in range(AT_ONCE)]
    for browser in browsers:
        browser.http.cookies.update(ann.http.cookies)
    yield browsers
    for browser in browsers:
        await browser.http.aclose()


def threads(server: Server) -> int:
    assert server.process is not None
    return int(psutil.Process(server.process.pid).num_threads())


async def test_the_site_starts_and_answers_while_lists_of_models_hang(
    ann: Person, hanging: HangingProvider
) -> None:
    await until(lambda: hanging.waiting("GET /") == 2)

    for path in PAGES:
        assert (await ann.get(path)).status_code == 200, path

    assert hanging.waiting("GET /") == 2, "no page waited for an answer"


async def test_pages_answer_while_many_keys_are_tested(
    ann: Person, bob: Person, people: list[Person], hanging: HangingProvider, server: Server
) -> None:
    values = {"provider": "openai_compatible", "base_url": f"{hanging.url}/tested", "key": KEY}
    tests = [
        asyncio.create_task(
            browser.submit("/settings/providers/", {**values, "key_name": f"Server {number}"})
        )
        for number, browser in enumerate(people)
    ]
    await until(lambda: hanging.waiting("/tested") == AT_ONCE)

    for person in (ann, bob):
        for path in PAGES:
            assert (await person.get(path)).status_code == 200, path
        reply = await person.start_chat(person.own("Hello"), model="demo/demo")
        assert (await person.ended(reply)).status == "complete"

    assert not [test for test in tests if test.done()], "all of this was while they waited"
    assert threads(server) <= AT_ONCE * THREADS_A_TEST + SPARE_THREADS
    hanging.let_go("/tested")
    assert {answer.status_code for answer in await asyncio.gather(*tests)} == {302}
    page = (await ann.get("/settings/providers/")).text
    assert "The provider could not be reached." in page


async def test_lists_of_many_connections_hang_in_few_threads(
    ann: Person, hanging: HangingProvider, server: Server
) -> None:
    """They are asked for again as the picker is opened."""
    before = threads(server)

    for _ in range(20):
        assert (await ann.get("/models/")).status_code == 200
        assert (await ann.get("/")).status_code == 200

    assert threads(server) <= before + SPARE_THREADS
    assert hanging.waiting("GET /") <= MOST_LISTS


async def test_pages_answer_while_replies_hang(
    ann: Person, bob: Person, hanging: HangingProvider, server: Server
) -> None:
    before = max(threads(server), SPARE_THREADS)
    replies = [
        await ann.start_chat(ann.own(f"Hello {number}"), model=f"{provider}/any")
        for number in range(AT_ONCE // 2)
        for provider in ("openai", "anthropic")
    ]
    await until(lambda: hanging.waiting("POST /") == AT_ONCE)

    for person in (ann, bob):
        for path in PAGES:
            assert (await person.get(path)).status_code == 200, path
        reply = await person.start_chat(person.own("Hello"), model="demo/demo")
        assert (await person.ended(reply)).status == "complete"

    assert {(await ann.article(reply.id)).status for reply in replies} <= {"pending", "streaming"}
    assert threads(server) <= before + AT_ONCE / 2, "a waiting reply has no thread"
    for reply in replies:
        await ann.stop(reply)
    assert {(await ann.ended(reply)).status for reply in replies} == {"stopped"}
    await until(lambda: hanging.waiting("POST /") == 0)
