"""Keys, passwords and words stay where they belong."""

from pathlib import Path

import pytest

from tests.conftest import PASSWORD
from tests.live.conftest import ANTHROPIC_KEY, OPENAI_KEY, check_log
from tests.person import Person
from tests.server import Server
from tests.upstream import Upstream

pytestmark = pytest.mark.server

OWN_KEY = "sk-own-planted-c0ffee42"


def stored(server: Server) -> dict[Path, bytes]:
    """Every file of the data directory."""
    return {path: path.read_bytes() for path in server.data_dir.rglob("*") if path.is_file()}


async def test_keys_are_in_no_file_no_page_and_no_log(
    ann: Person, server: Server, upstream: Upstream
) -> None:
    await ann.get("/settings/providers/")
    body = {
        "provider": "openai_compatible",
        "key_name": "My own server",
        "key": OWN_KEY,
        "base_url": f"{upstream.url}/v1",
    }
    assert (await ann.submit("/settings/providers/", body)).status_code == 302
    page = (await ann.get("/settings/providers/")).text
    slug = "my-own-server"
    assert slug in (await ann.get("/models/")).text
    reply = await ann.start_chat(ann.own("Hello"), model=f"{slug}/ok")
    assert (await ann.ended(reply)).status == "complete"
    used = [r for r in upstream.requests if ann.word in str(r["body"])]
    assert used[0]["headers"]["authorization"] == f"Bearer {OWN_KEY}"
    broken = await ann.start_chat(ann.own("Hello"), model=f"{slug}/error-key")
    pages = [page, (await ann.ended(broken)).element.outer]
    for path in ("/", "/settings/", "/settings/account/", f"/c/{broken.conversation_id}/"):
        pages.append((await ann.get(path)).text)  # noqa: PERF401
    for key in (OWN_KEY, OPENAI_KEY, ANTHROPIC_KEY):
        assert not [page for page in pages if key in page]
        assert key not in server.output
        holding = [path for path, data in stored(server).items() if key.encode() in data]
        assert holding == []
    check_log(server)


async def test_a_models_name_that_no_page_could_hold_is_mended(
    ann: Person, upstream: Upstream
) -> None:
    body = {
        "provider": "openai_compatible",
        "key_name": "Half",
        "key": "half",
        "base_url": f"{upstream.url}/v1",
    }
    assert (await ann.submit("/settings/providers/", body)).status_code == 302
    for path in ("/", "/settings/providers/"):
        assert (await ann.get(path)).status_code == 200
    assert "half \ufffd" in (await ann.get("/models/")).text


async def test_a_wrong_key_is_told_in_the_providers_words(ann: Person, upstream: Upstream) -> None:
    await ann.get("/settings/providers/")
    body = {
        "provider": "openai_compatible",
        "key_name": "Wrong",
        "key": "wrong",
        "base_url": f"{upstream.url}/v1",
    }
    await ann.submit("/settings/providers/", body)
    page = (await ann.get("/settings/providers/")).text
    assert "Incorrect API key provided." in page
    reply = await ann.start_chat(ann.own("Hello"), model="wrong/ok")
    article = await ann.ended(reply)
    assert article.status == "failed"
    assert "The provider did not accept the key." in article.footer
    assert "Incorrect API key provided." in article.footer


async def test_the_files_are_for_the_server_alone(ann: Person, server: Server) -> None:
    await ann.ended(await ann.start_chat(ann.own("Hello"), model="openai/ok"))
    files = stored(server)
    database = [path for path, data in files.items() if ann.word.encode() in data]
    assert database, "the words are stored, and this looks where"
    for path in files:
        if "static" not in path.parts:
            assert path.stat().st_mode & 0o077 == 0, path
    assert not [path for path, data in files.items() if PASSWORD.encode() in data]


async def test_the_log_of_a_refused_request_holds_none_of_it(ann: Person, server: Server) -> None:
    await ann.get("/")
    body = {"content": ann.own("Hello"), "password": PASSWORD}
    assert (await ann.http.post("/c/", data=body)).status_code == 403
    assert (await ann.get(f"/c/?q={ann.word}")).status_code == 405
    assert "Forbidden (CSRF token missing.): /c/" in server.output
    assert ann.word not in server.output
    assert PASSWORD not in server.output
