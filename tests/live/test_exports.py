"""Exports from a running site: made as fast as they are taken, and no faster or longer."""

import asyncio
import io
import json
import sqlite3
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests import files
from tests.live.conftest import site_environment
from tests.person import Person
from tests.server import Server
from tests.upstream import Upstream
from tests.waiting import until

pytestmark = pytest.mark.server

SIZE = 20_000_000
"""Of an attached file: more than the buffers between site and reader hold."""


@pytest.fixture
async def rich(ann: Person) -> Person:
    """Ann, who has a chat with a large file."""
    attachment = await ann.upload("long.pdf", files.pdf(["Words"], padding=SIZE))
    reply = await ann.start_chat(ann.own("Look"), model="openai/ok", attachments=[attachment])
    await ann.ended(reply)
    return ann


@asynccontextmanager
async def export(person: Person, **fields: str) -> AsyncIterator[tuple[httpx2.Response, str]]:
    """The answer as it comes, and where it is told how far it is."""
    key = str(uuid4())
    body = {"all": "1", "transfer": key, **fields}
    headers = {"X-CSRFToken": person.http.cookies["csrftoken"]}
    async with person.http.stream("POST", "/export/", data=body, headers=headers) as answer:
        assert answer.status_code == 200
        yield answer, f"/export/{key}/"


async def test_it_waits_for_its_reader(rich: Person) -> None:
    started = time.monotonic()
    await rich.submit("/export/", {"all": "1", "form": "zip"})
    took = time.monotonic() - started
    async with export(rich, form="zip") as (answer, progress):
        pieces = answer.aiter_raw()
        taken = [await anext(pieces)]
        # By now it would be through, if nothing held it.
        await asyncio.sleep(2 * took + 0.5)
        assert "data-running" in (await rich.get(progress)).text
        taken += [piece async for piece in pieces]
    packed = zipfile.ZipFile(io.BytesIO(b"".join(taken)))
    assert packed.testzip() is None
    manifest = json.loads(packed.read("manifest.json"))
    assert manifest["counts"]["files"] >= 1
    assert not any(file["is_missing"] for file in manifest["files"])
    assert "is complete" in (await rich.get(progress)).text


async def test_whoever_leaves_ends_it(rich: Person) -> None:
    async with export(rich, format="json") as (answer, progress):
        await anext(answer.aiter_raw())

    async def has_failed() -> bool:
        return "The download was cancelled or broke off." in (await rich.get(progress)).text

    await until(has_failed)


async def test_one_that_fails_does_not_look_whole(upstream: Upstream, tmp_path: Path) -> None:
    with Server(tmp_path, env=site_environment(upstream)) as server:
        async with Person(server.url) as person:
            await person.sign_up()
            for text in ("long " * 20_000, "short"):
                reply = await person.start_chat(person.own(text), model="openai/ok")
                await person.ended(reply)
            (path,) = server.data_dir.glob("*.sqlite3")
            with closing(sqlite3.connect(path)) as database, database:
                database.execute(
                    "UPDATE chats_message SET metadata = 5 WHERE conversation_id = ?",
                    [reply.conversation_id.replace("-", "")],
                )
            async with export(person, format="json") as (answer, progress):
                pieces = answer.aiter_raw()
                assert (await anext(pieces)).startswith(b'{"format":"parley-export"')
                with pytest.raises(httpx2.TransportError):
                    _rest = [piece async for piece in pieces]
            assert "Something went wrong on our side." in (await person.get(progress)).text
        assert "Exception inside application" in server.output
        assert "An export failed" in server.output
