"""What is left of a temporary chat on the disk: nothing that the site put there."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.live.conftest import site_environment
from tests.live.test_reply import picture
from tests.person import Person
from tests.server import Server, manage
from tests.upstream import Upstream
from tests.waiting import until

pytestmark = pytest.mark.server

SECRET = "grauwacke-7d1f"


@pytest.fixture
def own_server(upstream: Upstream, tmp_path: Path) -> Iterator[Server]:
    """A site whose data directory holds this test's words alone."""
    with Server(tmp_path, env=site_environment(upstream, LOG_LEVEL="DEBUG")) as running:
        yield running


def holding(server: Server, words: str) -> set[str]:
    """Files of the data directory in whose bytes `words` stand."""
    files = (path for path in server.data_dir.rglob("*") if path.is_file())
    return {path.name for path in files if words.encode() in path.read_bytes()}


def pictures(server: Server) -> int:
    """Files that were uploaded, and what was made of them."""
    return sum(path.is_file() for path in (server.data_dir / "media").rglob("*"))


def age(server: Server) -> None:
    """As if nobody had looked for more than an hour."""
    (path,) = server.data_dir.glob("*.sqlite3")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA secure_delete=ON")
        database.execute("UPDATE chats_conversation SET updated_at = '2020-01-01 00:00:00'")
        database.execute("UPDATE chats_message SET finished_at = '2020-01-01 00:00:00'")


async def talk(person: Person) -> str:
    """A temporary chat with a file, many words and a title that was tried; its address."""
    attachment = await person.upload("teal.png", picture())
    body = {
        "content": f"{SECRET} " + "and more " * 2_000 + SECRET,
        "model": "openai/echo",
        "attachment": [attachment],
        "temporary": "1",
    }
    answer = await person.submit("/c/", body)
    address = answer.headers["Location"].partition("#")[0]

    async def ended() -> bool:
        page = (await person.get(address)).text
        return 'data-status="complete"' in page and 'data-status="streaming"' not in page

    await until(ended)
    return str(address)


async def test_ending_leaves_no_byte(own_server: Server) -> None:
    """In the database, in its log, among the files: at once, while the site runs."""
    async with Person(own_server.url) as ann:
        await ann.sign_up()
        address = await talk(ann)
        assert holding(own_server, SECRET)
        assert pictures(own_server)
        answer = await ann.submit(f"{address}end/", {})
        assert answer.status_code == 303
        assert (await ann.get(address)).status_code == 404
        await until(lambda: not holding(own_server, SECRET), limit=75)
        await until(lambda: not pictures(own_server))
    assert SECRET not in own_server.output


async def test_what_nobody_came_back_to_is_swept_at_the_start(own_server: Server) -> None:
    """A server that was killed meanwhile has the same to do."""
    async with Person(own_server.url) as ann:
        await ann.sign_up()
        address = await talk(ann)
        own_server.kill9()
        age(own_server)
        own_server.start()
        await until(lambda: not holding(own_server, SECRET))
        assert (await ann.get(address)).status_code == 404
    assert manage("check", DATA_DIR=str(own_server.data_dir)).returncode == 0
