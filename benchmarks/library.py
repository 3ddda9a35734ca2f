"""What the list costs that `/` opens over the composer."""

import http.client
import statistics
import time
from collections.abc import Iterator

from benchmarks.figures import Figure, percentile
from benchmarks.processes import Site, running_site

OWN, SHARED, MANY = 500, 500, 10_000
TYPED = ("", "c", "co", "code", "code r", "view", "uber", "nothing")
WARM_UP = 5
ROUNDS = 10


def measure() -> Iterator[Figure]:
    """The list that the composer asks for while somebody types, with 1,000 templates of 1,700
    characters, half of them shared by somebody else: eight searches ten times over one kept
    connection. What the server's process computes for one, and the time until it is here. The same
    with 10,000 shared ones more.
    """
    with running_site(model="demo/demo", lengths=[0]) as site:
        site.inside("templates_rows", [str(OWN), str(SHARED)])
        before = site.cpu_seconds()
        taken = _search(site)
        computed = (site.cpu_seconds() - before) / len(taken)
    note = f"{OWN} own, {SHARED} shared"
    yield Figure("one search, on the server", 1000 * computed, "ms", bar=50, note=note)
    yield Figure("until it is here, median", 1000 * statistics.median(taken), "ms")
    yield Figure("until it is here, 95th percentile", 1000 * percentile(taken, 95), "ms")
    with running_site(model="demo/demo", lengths=[0]) as site:
        site.inside("templates_rows", [str(OWN), str(MANY)])
        taken = _search(site)
    yield Figure(f"with {MANY:,} shared, median", 1000 * statistics.median(taken), "ms")


def _search(site: Site) -> list[float]:
    """Seconds of each search."""
    connection = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=60)
    (conversation,) = site.conversations
    headers = site.headers(conversation) | {"HX-Request": "true"}
    taken = []
    for words in TYPED * (WARM_UP + ROUNDS):
        started = time.perf_counter()
        connection.request("GET", f"/templates/?q={words.replace(' ', '%20')}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        taken.append(time.perf_counter() - started)
        if answer.status != 200 or (b'role="option"' in body) != (words != "nothing"):
            raise RuntimeError(f"The list answered {answer.status}.")
    connection.close()
    return taken
