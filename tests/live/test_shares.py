"""Shared links of a running site: what strangers get, and that revoking is the end of it."""

import re

import httpx2
import pytest

from tests.live.test_reply import picture
from tests.person import Person
from tests.server import Server

pytestmark = pytest.mark.server


async def share(person: Person, conversation_id: str, **fields: str) -> tuple[str, str]:
    """Make a link; its id and its token."""
    body = {"title": person.own("Shared"), "audience": "public", "expiry": "never", **fields}
    made = await person.submit(f"/c/{conversation_id}/share/", body)
    assert made.status_code == 303, made.text
    address = made.headers["Location"]
    token = re.search(r"/s/([\w-]{43})/", (await person.get(address)).text)
    assert token
    return address.split("/")[4], token[1]


@pytest.fixture
async def shared(ann: Person) -> tuple[str, str, str]:
    """Ids of a chat of Ann's with an image and of a public link to it, and its token."""
    attachment = await ann.upload("teal.png", picture())
    reply = await ann.start_chat(ann.own("Look"), model="openai/ok", attachments=[attachment])
    await ann.ended(reply)
    return reply.conversation_id, *await share(ann, reply.conversation_id)


def addresses(page: str, token: str) -> list[str]:
    """What the page leads to that is its own."""
    return sorted(set(re.findall(rf'(?:src|href)="(/s/{token}/files/[^"]+)"', page)))


async def test_without_cookies_it_is_all_there_and_none_is_set(
    ann: Person, shared: tuple[str, str, str], server: Server
) -> None:
    _chat, _link, token = shared
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as nobody:
        page = await nobody.get(f"/s/{token}/")
        assert page.status_code == 200
        assert ann.word in page.text
        assert "<script" not in page.text
        files = addresses(page.text, token)
        assert len(files) == 2
        style = re.search(r'href="(/static/css/shared[^"]+)"', page.text)
        assert style
        sheet = await nobody.get(style[1])
        assert sheet.status_code == 200
        assert "@import" not in sheet.text
        for address in (f"/s/{token}/", *files):
            answer = await nobody.get(address)
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "private, no-store"
            head = await nobody.head(address)
            assert (head.status_code, head.content) == (200, b"")
        assert not nobody.cookies


async def test_revoking_ends_page_and_files_for_everybody(
    ann: Person, bob: Person, shared: tuple[str, str, str], server: Server
) -> None:
    chat, link, token = shared
    page = (await bob.get(f"/s/{token}/")).text
    found = [f"/s/{token}/", f"/s/{token}/continue/", *addresses(page, token)]
    assert {(await bob.get(address)).status_code for address in found} == {200}
    assert (await bob.submit(f"/c/{chat}/share/{link}/revoke/", {})).status_code == 404
    assert (await ann.submit(f"/c/{chat}/share/{link}/revoke/", {})).status_code == 303
    never = await bob.get(f"/s/{'x' * 43}/")
    async with Person(server.url) as nobody:
        for person in (ann, bob, nobody):
            for address in found:
                answer = await person.get(address)
                if person is nobody and address.endswith("continue/"):
                    assert answer.status_code == 302
                    continue
                assert answer.status_code == 404
                assert ann.word not in answer.text
        assert (await bob.get(found[0])).text == never.text
    assert token not in server.output
    assert "/s/…/" in server.output
