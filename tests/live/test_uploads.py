"""Uploads to a running site: how soon it answers, what it refuses, what becomes of bad files."""

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import files
from tests.live.conftest import check_log, site_environment
from tests.person import Person
from tests.server import Server
from tests.upstream import Upstream
from tests.waiting import until


@pytest.fixture(scope="module")
def hasty(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site that gives files little time."""
    env = site_environment(upstream, EXTRACTION_TIMEOUT="3")
    with Server(tmp_path_factory.mktemp("hasty"), env=env) as running:
        yield running
        running.terminate()
        check_log(running)


async def state(person: Person, attachment: str) -> str:
    """The preview, as it is polled."""
    answer = await person.get(f"/attachments/{attachment}/state/", htmx=True)
    assert answer.status_code == 200
    return str(answer.text)


async def read(person: Person, attachment: str) -> str:
    """The preview once the file has been read, or not."""

    async def is_read() -> bool:
        return 'data-state="reading"' not in await state(person, attachment)

    await until(is_read, limit=40)
    return await state(person, attachment)


@pytest.mark.server
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Content-Length: 900000000", b"413"),
        ("Content-Length: 24000000", b"401"),
        ("Cookie: sessionid=x\r\nContent-Length: 27000000", b"413"),
        ("Expect: 100-continue\r\nContent-Length: 900000000", b"413"),
        ("Transfer-Encoding: chunked", b"411"),
    ],
)
def test_a_body_over_the_limit_is_refused_before_it_is_sent(
    server: Server, headers: str, status: bytes
) -> None:
    port = urlsplit(server.url).port
    assert port
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(
            f"POST /attachments/ HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n".encode()
        )
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert answer.count(b"HTTP/1.1") == 1


async def test_a_large_pdf_is_read_while_the_page_goes_on(server: Server) -> None:
    data = files.pdf([f"Page {n} of the report" for n in range(400)], padding=20_000_000)
    async with Person(server.url) as ann:
        await ann.sign_up()
        attachment = await ann.upload("report.pdf", data)
        started = time.monotonic()
        reply = await ann.start_chat(ann.own("Sum up"), model="openai/ok", attachments=[attachment])
        print(f"Sent with 20 MB attached: {time.monotonic() - started:.3f} s")  # noqa: T201
        assert reply.id
        await read(ann, attachment)
        page = await ann.get(f"/attachments/{attachment}/text/")
        assert "Page 399 of the report" in page.text


async def test_a_pdf_that_hangs_is_cut_off_and_the_chat_goes_on(hasty: Server) -> None:
    async with Person(hasty.url) as ann, Person(hasty.url) as bob:
        await ann.sign_up()
        await bob.sign_up()
        bad = await ann.upload("hangs.pdf", files.hanging_pdf())
        good = await bob.upload("good.pdf", files.pdf(["Words of Bob"]))
        # Bob's is read beside Ann's, which would take hours.
        assert 'data-state="ready"' in await read(bob, good)
        shown = await read(ann, bad)
        assert "took too long" in shown
        assert 'data-state="failed"' in shown
        reply = await ann.start_chat(ann.own("Hello"), model="openai/ok", attachments=[bad])
        assert (await ann.ended(reply)).status in {"complete", "failed"}
        again = await ann.start_chat(ann.own("And now?"), model="openai/ok")
        assert (await ann.ended(again)).status == "complete"


async def test_others_are_not_slowed_down_by_bombs(hasty: Server) -> None:
    bombs = [files.inflating_pdf(), files.pdf_of([b"<< >>"]), files.hanging_pdf()]
    async with Person(hasty.url) as ann, Person(hasty.url) as bob:
        await ann.sign_up()
        await bob.sign_up()
        uploads = [await ann.upload("bomb.pdf", data) for data in bombs]
        waits: list[float] = []
        reading = asyncio.gather(*(read(ann, each) for each in uploads))
        while not reading.done():
            started = time.monotonic()
            assert (await bob.get("/")).status_code == 200
            waits.append(time.monotonic() - started)
            await asyncio.sleep(0.05)
        print(f"Bob waited {max(waits):.3f} s at most, of {len(waits)}")  # noqa: T201
        assert len(waits) > 5


async def test_files_that_waited_when_the_site_died_are_read_by_the_next(
    upstream: Upstream, tmp_path: Path
) -> None:
    with Server(tmp_path, env=site_environment(upstream)) as server:
        async with Person(server.url) as ann:
            await ann.sign_up()
            attachments = [
                await ann.upload("report.pdf", files.pdf([f"Page {n}" for n in range(1500)]))
                for _ in range(2)
            ]
            server.kill9()
            server.start()
            for attachment in attachments:
                assert 'data-state="ready"' in await read(ann, attachment)


async def test_markup_is_only_ever_downloaded(server: Server) -> None:
    async with Person(server.url) as ann:
        await ann.sign_up()
        for name in ("drawing.svg", "page.html", "../../x.svg"):
            markup = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script/></svg>"
            attachment = await ann.upload(name, markup)
            answer = await ann.get(f"/attachments/{attachment}/")
            assert answer.headers["Content-Type"] == "application/octet-stream"
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert (await ann.get(f"/attachments/{attachment}/thumbnail/")).status_code == 404
            page = await ann.get(f"/attachments/{attachment}/text/")
            assert "<script/>" not in page.text
