"""Servers that people connect and that list, count or answer nonsense: the site stays itself."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.data.payloads import PAYLOADS
from tests.live.conftest import resident
from tests.live.test_scripts import faults_of_page
from tests.markup import parse
from tests.person import Person
from tests.server import Server
from tests.upstream import Upstream
from tests.upstream_modes import ANSWER
from tests.waiting import until

pytestmark = pytest.mark.server

PAGES = ("/", "/models/", "/settings/providers/")
PICKER = "/models/?"
"""The part of the page that the picker fetches."""
KEY = "sk-odd-planted-3f81c6aa"
MOST_BYTES = 3_000_000
"""Of a page, before it is compressed."""
MOST_GROWTH = 100_000_000
NAMES = [
    "../../../etc/passwd",
    "..%2f..%2fv1/keys",
    "a\r\nX-Injected: yes",
    "line\nbreak",
    "nul\0byte",
    "\u202egnp.txt",
    "\u200b",
    "half \ud83d",
    "x" * 100_000,
    "a b?c=d&e#f",
    "{{ settings.SECRET_KEY }}{% csrf_token %}",
]
HOSTILE = [*PAYLOADS, *NAMES]


@pytest.fixture
def odd() -> Iterator[Upstream]:
    """A server of somebody's own."""
    with Upstream() as running:
        yield running


@pytest.fixture
async def eve(server: Server) -> AsyncIterator[Person]:
    """Somebody new, who has not tested any key yet."""
    async with Person(server.url) as person:
        yield await person.sign_up()


async def connect(person: Person, odd: Upstream, *, kind: str = "openai_compatible") -> str:
    """Connect the server as `odd`; what the keys page says then."""
    address = odd.url if kind == "anthropic" else f"{odd.url}/v1"
    values = {"provider": kind, "key_name": "Odd", "key": KEY, "base_url": address}
    answer = await person.submit("/settings/providers/", values)
    assert answer.status_code == 302, answer.text
    return (await person.get("/settings/providers/")).text


async def look_around(person: Person) -> dict[str, str]:
    """Every page that lists models, none of them large or dangerous."""
    found: dict[str, str] = {}
    for path in (*PAGES, PICKER):
        answer = await person.get(path, htmx=path == PICKER)
        assert answer.status_code == 200, path
        assert len(answer.content) < MOST_BYTES
        assert not list(faults_of_page(parse(answer.text)))
        found[path] = answer.text
    return found


async def test_ten_thousand_models(eve: Person, odd: Upstream, server: Server) -> None:
    odd.listing = {"data": [{"id": f"model-{number:05}"} for number in range(10_000)]}
    before = resident(server)

    await connect(eve, odd)
    pages = await look_around(eve)

    assert "odd/model-00000" in pages[PICKER]
    assert "odd/model-09999" not in pages[PICKER]
    found = (await eve.get("/models/?q=model-01999", htmx=True)).text
    assert "odd/model-01999" in found
    assert resident(server) - before < MOST_GROWTH
    # One that is not listed any more can be named all the same.
    reply = await eve.start_chat(eve.own("Hello"), model="odd/model-09999")
    assert (await eve.ended(reply)).text.strip().startswith("Hello")


@pytest.mark.parametrize("kind", ["openai_compatible", "anthropic"])
async def test_hostile_names_of_models(kind: str, eve: Person, odd: Upstream) -> None:
    rows = [{"id": name, "name": name, "display_name": name} for name in HOSTILE]
    odd.listing = {"data": [*rows, {"id": "fine"}]}

    await connect(eve, odd, kind=kind)
    pages = await look_around(eve)

    assert "/fine" in pages[PICKER]


async def test_hostile_names_in_a_request(eve: Person, odd: Upstream) -> None:
    """Whatever somebody asks for goes into a body, never into an address or a header."""
    await connect(eve, odd)

    for name in NAMES:
        sent = name.encode("utf-8", "replace").decode()
        body = {"content": eve.own("Hello"), "model": f"odd/{sent}"}
        answer = await eve.submit("/c/", body, htmx=True)
        assert answer.status_code in {200, 422}, name
        if answer.status_code == 200:
            page = await eve.get(answer.headers["HX-Push-Url"])
            assert page.status_code == 200
            assert not list(faults_of_page(parse(page.text)))

    await until(lambda: len(odd.completions) > 2)
    for request in odd.requests:
        assert request["path"] in {"/v1/chat/completions", "/v1/models"}
        assert "x-injected" not in request["headers"]


@pytest.mark.parametrize(
    "listing",
    [
        {"data": "models"},
        {"data": {"id": "x"}},
        {"data": [None, 5, [], {"id": None}, {"id": {"id": "x"}}, {}]},
        {"error": {"message": "<script>alert(1)</script>"}},
        "a text",
        5,
        [[[[]]]],
    ],
)
async def test_lists_that_are_none(listing: Any, eve: Person, odd: Upstream) -> None:
    odd.listing = listing

    page = await connect(eve, odd)

    assert "The provider sent something that could not be read." in page
    await look_around(eve)
    reply = await eve.start_chat(eve.own("Hello"), model="odd/ok")
    assert (await eve.ended(reply)).status == "complete", "the list is not needed to chat"


@pytest.mark.parametrize("kind", ["openai_compatible", "anthropic"])
@pytest.mark.parametrize("mode", ["usage-none", "usage-odd"])
async def test_usage_that_is_missing_or_nonsense(
    kind: str, mode: str, eve: Person, odd: Upstream
) -> None:
    await connect(eve, odd, kind=kind)
    slug = "anthropic" if kind == "anthropic" else "odd"

    reply = await eve.start_chat(eve.own("Hello"), model=f"{slug}/{mode}")

    article = await eve.ended(reply)
    assert article.status == "complete"
    assert article.text.split()[:2] == ANSWER.replace("#", "").split()[:2]
    assert "NaN" not in article.footer
