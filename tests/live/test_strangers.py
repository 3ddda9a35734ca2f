"""Other people's chats: not there, for every address and verb, and nothing changes."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest

from chats.urls import urlpatterns
from tests.live.conftest import Accounts, Asked
from tests.live.test_reply import picture
from tests.live.test_shares import share
from tests.person import Person
from tests.server import Server
from tests.upstream import Upstream
from tests.waiting import until

pytestmark = pytest.mark.server


Theirs = dict[str, str]
"""Ids of somebody's objects, by their names in addresses."""


@pytest.fixture
async def theirs(ann: Person, accounts: Accounts) -> Theirs:
    """A chat of Ann's with a reply and an image, shared with one person; a template, a preset."""
    attachment = await ann.upload("teal.png", picture())
    reply = await ann.start_chat(ann.own("Hello"), model="openai/ok", attachments=[attachment])
    await ann.ended(reply)

    async def is_marked() -> bool:
        return f"unread-{reply.conversation_id}" in (await ann.get("/sidebar/", htmx=True)).text

    # The last that the site does with the chat by itself: nobody saw the reply's end.
    await until(is_marked)
    transfer_id = str(uuid4())
    await ann.submit("/export/", {"all": "1", "transfer": transfer_id})
    async with accounts.lend() as fred:
        people = {"audience": "people", "people": fred.name}
        invited = {"who": fred.name, "role": "reader"}
        assert (await ann.submit(f"/c/{reply.conversation_id}/people/", invited)).status_code == 303
        link_id, token = await share(ann, reply.conversation_id, **people)
    return {
        "link_id": link_id,
        "token": token,
        "transfer_id": transfer_id,
        "import_id": await import_of(ann),
        "conversation_id": reply.conversation_id,
        "user_id": await member_of(ann, reply.conversation_id),
        "message_id": reply.id,
        "attachment_id": attachment,
        "template_id": await keep(ann, "templates", {"content": ann.own("Text")}),
        "preset_id": await keep(ann, "presets", {"model": "demo/demo"}),
        "folder_id": await keep(ann, "folders"),
        "tag_id": await keep(ann, "tags", at="/tags/"),
    }


async def member_of(person: Person, conversation_id: str) -> str:
    """The id of the one whom somebody invited."""
    page = await person.get(f"/c/{conversation_id}/people/")
    found = re.search(r"/people/([0-9a-f-]{36})/remove/", page.text)
    assert found
    return found[1]


async def keep(
    person: Person, kind: str, body: dict[str, str] | None = None, *, at: str = ""
) -> str:
    """Save a template, a preset, a folder or a tag, by the form `at`; its id."""
    form = {"name": person.own("Kept"), **(body or {})}
    answer = await person.submit(at or f"/{kind}/new/", form)
    assert answer.status_code == 303, answer.text
    found = re.search(rf"/{kind}/([0-9a-f-]{{36}})/", (await person.get(f"/{kind}/")).text)
    assert found
    return found[1]


async def import_of(person: Person) -> str:
    """Upload an export; the import's id."""
    files = {"file": ("export.json", b'[{"uuid": "a", "name": "A", "chat_messages": []}]')}
    answer = await person.submit("/import/", {}, files=files)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).strip("/").rpartition("/")[2]


def addresses(ids: Theirs) -> Iterator[str]:
    """Every address that names an object, with these ids in it."""
    for pattern in urlpatterns:
        route = str(pattern.pattern)
        if "<" in route:
            for name, value in ids.items():
                route = route.replace(f"<uuid:{name}>", value).replace(f"<str:{name}>", value)
            assert "<" not in route, f"{route}: say here what its id is"
            yield f"/{route}"


def rows(server: Server, owner: str) -> dict[str, list[Any]]:
    """All chats of somebody, as they are in the database."""
    people = "SELECT id FROM accounts_user WHERE username = ?"
    chats = f"SELECT id FROM chats_conversation WHERE owner_id IN ({people})"
    of = {
        "chats_conversation": f"owner_id IN ({people})",
        "chats_message": f"conversation_id IN ({chats})",
        "chats_membership": f"conversation_id IN ({chats})",
        "chats_attachment": f"owner_id IN ({people})",
        "chats_prompttemplate": f"owner_id IN ({people})",
        "chats_preset": f"owner_id IN ({people})",
        "chats_folder": f"owner_id IN ({people})",
        "chats_tag": f"owner_id IN ({people})",
        "chats_sharedlink": f"owner_id IN ({people})",
    }
    (path,) = server.data_dir.glob("*.sqlite3")
    with closing(sqlite3.connect(path)) as database:
        found = {
            table: database.execute(
                f"SELECT * FROM {table} WHERE {condition} ORDER BY id", [owner]
            ).fetchall()
            for table, condition in of.items()
        }
    assert all(found.values())
    return found


async def test_every_address_of_somebody_elses_object_is_404(
    ann: Person, bob: Person, theirs: Theirs, server: Server
) -> None:
    before = rows(server, ann.name)
    body = {
        "content": "mine now",
        "title": "mine now",
        "name": "mine now",
        "model": "demo/demo",
        "system_prompt": "mine now",
    }
    for address in addresses(theirs):
        for htmx in (False, True):
            statuses = {
                (await bob.get(address, htmx=htmx)).status_code,
                (await bob.submit(address, body, htmx=htmx)).status_code,
            }
            assert 404 in statuses, address
            assert statuses <= {404, 405}, address
    assert rows(server, ann.name) == before


async def test_an_object_that_does_not_exist_looks_the_same(bob: Person, theirs: Theirs) -> None:
    nothing = dict.fromkeys(theirs, str(uuid4()))
    for address, empty in zip(addresses(theirs), addresses(nothing), strict=True):
        one, other = await bob.get(address), await bob.get(empty)
        assert one.status_code == other.status_code
        assert one.text == other.text


async def test_who_is_not_signed_in_gets_nowhere(
    ann: Person, theirs: Theirs, server: Server
) -> None:
    before = rows(server, ann.name)
    async with Person(server.url) as nobody:
        await nobody.get("/accounts/login/")
        for address in [*addresses(theirs), "/", "/c/", "/sidebar/", "/attachments/"]:
            for answer in (await nobody.get(address), await nobody.submit(address, {"title": "x"})):
                # A message that nobody may send is given back to whoever wrote it.
                assert answer.status_code in {302, 401, 405}, address
                assert ann.word not in answer.text
            assert (await nobody.get(address, htmx=True)).status_code in {401, 405}
    assert rows(server, ann.name) == before


async def test_forms_need_the_token_of_the_page(
    ann: Person, theirs: Theirs, server: Server
) -> None:
    before = rows(server, ann.name)
    for address in [*addresses(theirs), "/c/", "/attachments/"]:
        for headers in ({}, {"HX-Request": "true"}, {"Origin": "https://evil.example.org"}):
            answer = await ann.http.post(address, data={"title": "x"}, headers=headers)
            assert answer.status_code == 403, address
    assert rows(server, ann.name) == before


async def test_ids_of_others_inside_a_form_are_not_taken(
    ann: Person, bob: Person, theirs: Theirs, server: Server, upstream: Upstream
) -> None:
    before = rows(server, ann.name)
    answer = await bob.submit(
        "/c/", {"content": bob.own("Mine"), "attachment": theirs["attachment_id"]}, htmx=True
    )
    assert answer.status_code == 422
    assert "A file is not there any more." in answer.text
    own = await bob.start_chat(bob.own("Mine"), model="openai/ok")
    await bob.ended(own)
    answer = await bob.submit(
        f"/c/{own.conversation_id}/messages/",
        {"content": bob.own("Under yours"), "parent": theirs["message_id"]},
        htmx=True,
    )
    assert answer.status_code == 422
    assert "The message to answer is not in this chat." in answer.text
    asked = Asked(upstream, bob)
    assert [body["messages"] for body in asked.bodies] == [
        [{"role": "user", "content": bob.own("Mine")}]
    ]
    assert rows(server, ann.name) == before
