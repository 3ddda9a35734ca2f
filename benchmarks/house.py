"""What a site costs that somebody has lived in for years, on both databases."""

import http.client
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import quote

from benchmarks.figures import Figure, percentile
from benchmarks.processes import CSRF, Site, running_site
from benchmarks.words import word
from tests.postgres import running_postgres

SMALL, BIG = 50, 5_000
"""Conversations of 20 messages."""
WARM_UP, ROUNDS = 10, 100
PAGES = {
    "first page of the sidebar": "/sidebar/",
    "opening a chat": "/c/{conversation}/",
    "a filtered search": f"/search/?q={quote(f'{word(90)} from:me tag:tag3')}",
    "a search for a common word": f"/search/?q={word(1)}",
}
FOUND = {"/sidebar/": b"conversation-link", "/c/": b"message-body", "/search/": b"<mark"}
PARTS = {"/search/": {"HX-Request": "true", "HX-Target": "search-found"}}
"""Headers of what a page asks for its parts; a whole page has the sidebar in it, too."""
BAR_MS, BAR_TIMES = 50, 1.5


def measure() -> Iterator[Figure]:
    """A site of 50 people with 100,000 messages of one of them in 5,000 conversations, and one with
    1,000 in 50; 9,800 in 980 of the others in each. Their pages are asked for by turns, each over
    a kept connection, 100 times after 10 that do not count: the times until the whole answer is
    here, and what the site's process computes for one (PostgreSQL's own work is not in it). Both
    sites run at once, and one server of PostgreSQL serves both.
    """
    yield from _measure("SQLite", {})
    with running_postgres() as postgres:
        urls = {name: postgres.create(name) for name in ("small", "big")}
        yield from _measure("PostgreSQL", urls)


def _measure(database: str, urls: dict[str, str]) -> Iterator[Figure]:
    with ExitStack() as stack:
        small, big = (
            stack.enter_context(_house(count, urls.get(name, "")))
            for name, count in (("small", SMALL), ("big", BIG))
        )
        for label, path in PAGES.items():
            before = big.site.cpu_seconds()
            few, many = _by_turns(path, small, big)
            computed = (big.site.cpu_seconds() - before) / (WARM_UP + ROUNDS)
            name = f"{database}: {label}"
            ratio = statistics.median(many) / statistics.median(few)
            note = (
                f"{1000 * statistics.median(few):.1f} ms, {1000 * statistics.median(many):.1f} ms"
            )
            yield Figure(f"{name}, 95th percentile", 1000 * percentile(many, 95), "ms", BAR_MS)
            yield Figure(f"{name}, computed", 1000 * computed, "ms")
            yield Figure(f"{name}, 100,000 by 1,000", ratio, "times", BAR_TIMES, note)


class _Visitor:
    """The person who has lived there, with a kept connection."""

    def __init__(self, site: Site, conversation: str, session: str) -> None:
        self.site = site
        self._conversation = conversation
        self._connection = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=60)
        self._headers = {"Cookie": f"sessionid={session}; csrftoken={CSRF}"}

    def get(self, path: str) -> float:
        """Seconds until the whole answer is here."""
        started = time.perf_counter()
        address = path.format(conversation=self._conversation)
        part = PARTS.get(address.partition("?")[0], {})
        self._connection.request("GET", address, headers=self._headers | part)
        answer = self._connection.getresponse()
        page = answer.read()
        taken = time.perf_counter() - started
        sign = next(sign for start, sign in FOUND.items() if path.startswith(start))
        if answer.status != 200 or sign not in page:
            raise RuntimeError(f"{address} answered {answer.status} without {sign!r}.")
        return taken


@contextmanager
def _house(conversations: int, url: str) -> Iterator[_Visitor]:
    env = {"DATABASE_URL": url} if url else {}
    with running_site(model="demo/demo", lengths=[], env=env) as site:
        filled = site.inside("house_rows", [str(conversations)])
        yield _Visitor(site, filled["conversation"], filled["session"])


def _by_turns(path: str, *visitors: _Visitor) -> list[list[float]]:
    taken: list[list[float]] = [[] for _visitor in visitors]
    for _round in range(WARM_UP + ROUNDS):
        for visitor, times in zip(visitors, taken, strict=True):
            times.append(visitor.get(path))
    return [times[WARM_UP:] for times in taken]
