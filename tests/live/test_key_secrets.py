"""A planted key is found in no response, log or byte of the database, whatever is done with it."""

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import httpx2
import pytest

from tests.live.conftest import site_environment
from tests.person import Person
from tests.server import Server, manage
from tests.upstream import Upstream

pytestmark = pytest.mark.server

PAGE: Final = "/settings/providers/"
OWN: Final = "sk-own-planted-c0ffee42-and-more"
SITE: Final = "sk-site-planted-5eedf00d-and-more"
NEXT: Final = "sk-next-planted-ba5eba11-and-more"
REFUSED: Final = "sk-refused-planted-0ddba11 and-more"
PLANTED: Final = (OWN, SITE, NEXT, REFUSED, REFUSED.split(" ", maxsplit=1)[0])
HTMX: Final = (False, True)
_EVERYTHING: Final = """
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import call_command
for session in Session.objects.all():
    print(session.get_decoded())
for model in apps.get_models(include_auto_created=True):
    for row in model.objects.values():
        print(row)
call_command("dumpdata")
"""
"""Prints what lies in the database behind signatures and compression, too."""


def spellings(key: str) -> Iterator[bytes]:
    """Ways in which a key could be written down."""
    raw = key.encode()
    yield from (raw, key.encode("utf-16-le"), raw.hex().encode(), raw[::-1])
    yield from (base64.b64encode(raw)[:24], base64.urlsafe_b64encode(raw)[:24])
    yield json.dumps(key).encode()


def find(text: bytes | str) -> list[str]:
    """The planted keys in it."""
    data = text.encode() if isinstance(text, str) else text
    return [key for key in PLANTED if any(spelling in data for spelling in spellings(key))]


def stored(directory: Path) -> dict[str, list[str]]:
    """Files that hold one, the database and its journal among them."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") for path in files), "the journal is looked at, too"
    return {str(path): found for path in files if (found := find(path.read_bytes()))}


class Parrot(BaseHTTPRequestHandler):
    """A provider that repeats the key which it refuses."""

    def do_GET(self) -> None:
        """Answer the question for models."""
        said = {"error": {"message": f"Wrong: {self.headers['Authorization']}", "code": "x"}}
        body = json.dumps(said).encode()
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def parrot() -> Iterator[str]:
    """Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Parrot) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


class Watched(Person):
    """Somebody whose every answer is kept."""

    def __init__(self, url: str, name: str = "") -> None:
        super().__init__(url, name)
        self.answers: list[str] = []
        self.http.event_hooks = {"response": [self._keep]}

    async def _keep(self, response: httpx2.Response) -> None:
        await response.aread()
        self.answers.append(f"{response.url} {response.headers} {response.text}")

    async def key_id(self, name: str) -> str:
        """Of one of the keys on the page."""
        page = (await self.get(PAGE)).text
        before = page[: page.index(f"Test {name}")]
        return before.rpartition('id="test-')[2].partition('"')[0]


def form(upstream: Upstream, name: str, key: str, **values: str) -> dict[str, str]:
    """A new key."""
    given = {"provider": "openai_compatible", "key_name": name, "key": key}
    return given | {"base_url": f"{upstream.url}/v1"} | values


async def use_keys(ann: Watched, upstream: Upstream, parrot: str) -> None:
    """All that a person can do with a key, and all that can go wrong."""
    assert (await ann.submit(PAGE, form(upstream, "Mine", f" {OWN}\n"))).status_code == 302
    assert (await ann.submit(PAGE, form(upstream, "Mine", OWN))).status_code == 422
    wrong = [
        form(upstream, "Odd", REFUSED),
        form(upstream, "", NEXT),
        form(upstream, "X", NEXT, base_url="http://169.254.169.254/v1"),
        form(upstream, "X", NEXT, provider="nonsense"),
        form(upstream, "X", NEXT, option_nonsense=NEXT, provider=NEXT),
    ]
    for body in wrong:
        assert (await ann.submit(PAGE, body)).status_code == 422
    refused = await ann.http.post(PAGE, data=form(upstream, "Forged", NEXT))
    assert refused.status_code == 403
    own = f"{PAGE}{await ann.key_id('Mine')}/"
    for verb in ("test", "default", "disable", "enable", "test"):
        for htmx in HTMX:
            await ann.submit(f"{own}{verb}/", {}, htmx=htmx)
    change = form(upstream, "Mine", NEXT)
    await ann.submit(own, change | {"base_url": "ftp://x"})
    await ann.submit(own, change | {"key": "", "base_url": parrot})
    assert (await ann.submit(own, change)).status_code == 302
    await ann.submit(PAGE, form(upstream, "Parrot", OWN, base_url=parrot))
    assert "did not accept the key" in (await ann.get(PAGE)).text
    for path in ("/", PAGE, own, "/settings/", f"{PAGE}status/", f"{PAGE}add/openai/"):
        for htmx in HTMX:
            await ann.get(path, htmx=htmx)
    models = ("mine/ok", "mine/error-key", "mine/error-500", "parrot/x")
    await asyncio.gather(*(chat(ann, model) for model in models))


async def chat(ann: Watched, model: str) -> None:
    """Ask, wait for the end and look at the page."""
    reply = await ann.start_chat(ann.own("Hello"), model=model)
    await ann.ended(reply)
    await ann.get(f"/c/{reply.conversation_id}/")


async def look_at_administration(ada: Watched, key_id: str) -> None:
    """Every page that could show a key."""
    for path in ("", "?o=1", f"{key_id}/change/", f"{key_id}/history/", f"{key_id}/delete/"):
        assert (await ada.get(f"/admin/providers/apikey/{path}")).status_code == 200
    for model in ("modellist", "modelstatus", "modeldownload", "keycheck"):
        await ada.get(f"/admin/providers/{model}/")
    await ada.get("/admin/")


async def test_planted_keys_are_found_nowhere(
    upstream: Upstream, parrot: str, tmp_path: Path
) -> None:
    """Also at the level of the log that says most."""
    environment = site_environment(upstream, LOG_LEVEL="DEBUG")
    with Server(tmp_path, env=environment) as server:
        async with Watched(server.url) as ada, Watched(server.url) as ann:
            await ada.sign_up()
            await ann.sign_up()
            await use_keys(ann, upstream, parrot)
            shared = form(upstream, "Of the site", SITE, audience="everyone")
            assert (await ada.submit(PAGE, shared)).status_code == 302
            await look_at_administration(ada, await ada.key_id("Of the site"))
            await ann.get(PAGE)
            answers = [*ada.answers, *ann.answers]
            files = stored(server.data_dir)
            everything = manage("shell", "-c", _EVERYTHING, **server.env)
        assert everything.returncode == 0, everything.stderr
        used = str([request["headers"] for request in upstream.requests])
        assert all(key in used for key in (OWN, SITE, NEXT)), "they were in use"
        assert "pk1:" in everything.stdout
        assert '"model": "providers.apikey"' in everything.stdout
        assert len(answers) > 50
        assert [answer for answer in answers if find(answer)] == []
        assert files == {}
        for text in (everything.stdout, everything.stderr, server.output):
            assert find(text) == []
        server.terminate()
        assert find(server.output) == []


async def test_many_keys_at_once_make_one_default(server: Server, upstream: Upstream) -> None:
    """Names stay unique, and what lost the race is told so."""
    async with Watched(server.url) as ann:
        await ann.sign_up()
        bodies = [form(upstream, f"Name {number % 3}", OWN) for number in range(6)]
        answers = await asyncio.gather(*(ann.submit(PAGE, body) for body in bodies))
        assert sorted(answer.status_code for answer in answers) == [302] * 3 + [422] * 3
        refused = next(answer for answer in answers if answer.status_code == 422)
        assert "There is a key of this name already." in refused.text
        page = (await ann.get(PAGE)).text
        assert page.count(">Make default</button>") == 2
