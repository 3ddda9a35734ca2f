"""One server and one upstream for many tests, each with people of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2
import psutil
import pytest

from tests.conftest import PASSWORD
from tests.person import CANARY, Person
from tests.server import Server
from tests.upstream import Upstream
from tests.upstream_modes import texts

OPENAI_KEY: Final = "sk-openai-planted-5f2c9e1b"
ANTHROPIC_KEY: Final = "sk-ant-planted-77d0a41c"
ADMIN: Final = "the-first"
SECRETS: Final = (OPENAI_KEY, ANTHROPIC_KEY, PASSWORD, CANARY)
"""What must stand in no log: keys, the password, and words that people write."""


def site_environment(upstream: Upstream, **more: str) -> dict[str, str]:
    """Variables of a site whose providers are the upstream."""
    return {
        "OPENAI_API_KEY": OPENAI_KEY,
        "OPENAI_BASE_URL": f"{upstream.url}/v1",
        "ANTHROPIC_API_KEY": ANTHROPIC_KEY,
        "ANTHROPIC_BASE_URL": upstream.url,
        "PROVIDER_ALLOW_PRIVATE": "on",
        # People come from addresses of their own, so that limits tell them apart.
        "TRUSTED_PROXIES": "1",
        "DJANGO_SETTINGS_MODULE": "tests.site_settings",
        **more,
    }


def check_log(server: Server) -> None:
    """Nothing private was logged, and nothing went wrong unseen."""
    output = server.output
    assert not [secret for secret in SECRETS if secret in output]
    assert "Traceback" not in output, output


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    """Speaks both wire formats; requests of all tests of this process are in it."""
    with Upstream() as running:
        yield running


@pytest.fixture(scope="session")
def server(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The site, for tests that neither stop it nor need limits of their own."""
    directory = tmp_path_factory.mktemp("live")
    with Server(directory, env=site_environment(upstream)) as running:
        yield running
        running.terminate()
        check_log(running)


@pytest.fixture(scope="session")
def strict_server(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site whose patience is short; `ADMIN` is its administrator."""
    limits = {
        "REPLY_WAITING_NOTICE": "0.5",
        "REPLY_FIRST_TOKEN_TIMEOUT": "3",
        "REPLY_IDLE_TIMEOUT": "1.5",
        "REPLY_TOTAL_TIMEOUT": "4",
        "SESSION_CHECK_INTERVAL": "0.3",
        "MAX_REPLY_LENGTH": "1000",
    }
    directory = tmp_path_factory.mktemp("strict")
    with Server(directory, env=site_environment(upstream, **limits)) as running:
        # In a thread, for there may be an event loop in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, make_admin(running.url)).result()
        yield running
        running.terminate()
        check_log(running)


async def make_admin(url: str) -> None:
    """Sign up before anybody else."""
    async with Person(url, ADMIN) as person:
        await person.sign_up()


class Accounts:
    """People of one server, each for one test at a time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._free: list[tuple[str, httpx2.Cookies]] = []

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Person]:
        """Somebody who is signed in and whom no other test uses now."""
        name, cookies = self._free.pop() if self._free else ("", None)
        async with Person(self.url, name) as person:
            if cookies is None:
                await person.sign_up()
            else:
                person.http.cookies.update(cookies)
            session = person.http.cookies["sessionid"]
            yield person
            if person.http.cookies.get("sessionid") == session:
                self._free.append((person.name, person.http.cookies))


@pytest.fixture(scope="session")
def accounts(server: Server) -> Accounts:
    """The people of the shared server."""
    return Accounts(server.url)


@pytest.fixture
async def ann(accounts: Accounts) -> AsyncIterator[Person]:
    """Somebody with an account."""
    async with accounts.lend() as person:
        yield person


@pytest.fixture
async def bob(accounts: Accounts, ann: Person) -> AsyncIterator[Person]:
    """Somebody else."""
    async with accounts.lend() as person:
        yield person


class Asked:
    """What the upstream was asked on behalf of one person, and how it answered."""

    def __init__(self, upstream: Upstream, person: Person) -> None:
        self.upstream = upstream
        self.word = person.word

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Requests that hold the person's word, oldest first."""
        posted = [entry for entry in self.upstream.requests if entry["method"] == "POST"]
        return [entry for entry in posted if self.word in str(entry["body"])]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """Their bodies."""
        return [entry["body"] for entry in self.requests]

    @property
    def answers(self) -> list[dict[str, Any]]:
        """How each was answered: `tokens`, `end`."""
        return [self.upstream.timeline[entry["id"]] for entry in self.requests]


@pytest.fixture
def asked(upstream: Upstream, ann: Person) -> Asked:
    """What the upstream was asked on Ann's behalf."""
    return Asked(upstream, ann)


def words(count: int) -> str:
    """What the upstream says in the modes that count tokens, as it is shown."""
    return "".join(texts("fast", count)).strip()


def resident(server: Server) -> int:
    """Memory of the server's processes, in bytes."""
    assert server.process is not None
    parent = psutil.Process(server.process.pid)
    return sum(p.memory_info().rss for p in [parent, *parent.children(recursive=True)])
