"""What a first visit loads."""

import gzip
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Response

from benchmarks.chromium import fresh_context
from benchmarks.figures import Figure
from benchmarks.processes import Site, running_site

SETTLE = 1_000
"""Milliseconds after the network fell silent, for what is loaded late."""
INCOMPRESSIBLE = 300
"""Bytes; below that a compressed file is hardly smaller."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One answer that the browser got."""

    url: str
    kind: str
    body: bytes
    headers: dict[str, str]

    @property
    def is_static(self) -> bool:
        """Whether it can be kept for ever."""
        return urlsplit(self.url).path.startswith("/static/")

    @property
    def is_kept_for_ever(self) -> bool:
        """Compressed where that helps, and never asked for again."""
        compressed = "content-encoding" in self.headers or len(self.body) < INCOMPRESSIBLE
        return compressed and "immutable" in self.headers.get("cache-control", "")


def measure() -> Iterator[Figure]:
    """Chromium with an empty cache; everything it asks for until a second after the network fell
    silent. The bar on requests is for the pages that a first visit starts with. Sizes: the bodies
    that the server sends to a client that takes gzip only.
    """
    with running_site(model="demo/demo", lengths=[20]) as site:
        pages = {
            "new chat": ("/", True),
            "conversation": (f"/c/{site.conversations[0]}/", True),
            "sign-in": ("/accounts/login/", False),
        }
        for name, (path, signed_in) in pages.items():
            yield from _figures(name, site, _load(site, path, signed_in=signed_in))


def _load(site: Site, path: str, *, signed_in: bool) -> list[Loaded]:
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    with fresh_context(site, signed_in=signed_in) as context:
        page = context.new_page()
        page.on("response", keep)
        page.goto(site.url + path, wait_until="networkidle")
        page.wait_for_timeout(SETTLE)
        if any(answer.status != 200 for answer in answers):
            raise RuntimeError(f"Not all went well: {[(a.url, a.status) for a in answers]}")
        return [Loaded(a.url, a.request.resource_type, a.body(), a.all_headers()) for a in answers]


def _figures(name: str, site: Site, loaded: list[Loaded]) -> Iterator[Figure]:
    scripts = [each for each in loaded if each.kind == "script"]
    styles = [each for each in loaded if each.kind == "stylesheet"]
    yield Figure(f"{name}: JavaScript, gzipped", _gzipped(site, scripts), "KB", bar=60)
    yield Figure(f"{name}: CSS, gzipped", _gzipped(site, styles), "KB", bar=30)
    first = name != "conversation"
    yield Figure(f"{name}: requests", len(loaded), bar=15 if first else None)
    own = urlsplit(site.url).netloc
    others = {urlsplit(each.url).netloc for each in loaded} - {own, ""}
    yield Figure(f"{name}: other hosts", len(others), bar=0)
    careless = [each for each in loaded if each.is_static and not each.is_kept_for_ever]
    note = ", ".join(urlsplit(each.url).path.rpartition("/")[2] for each in careless)
    yield Figure(f"{name}: static files not kept for ever", len(careless), bar=0, note=note)
    documents = [gzip.compress(each.body) for each in loaded if each.kind == "document"]
    yield Figure(f"{name}: HTML, were it gzipped", sum(map(len, documents)) / 1000, "KB")


def _gzipped(site: Site, loaded: list[Loaded]) -> float:
    """Kilobytes on the wire."""
    total = 0
    for each in loaded:
        asked = urllib.request.Request(each.url, headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            total += len(answer.read())
    return total / 1000
