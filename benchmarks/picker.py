"""What opening the list of models costs."""

import http.client
import statistics
import time
from collections.abc import Iterator

from benchmarks.figures import Figure, percentile
from benchmarks.processes import Site, running_site

CONNECTIONS, MODELS, HOSTILE = 8, 500, 10_000
WARM_UP = 5
ROUNDS = 60


def measure() -> Iterator[Figure]:
    """The list that the picker fetches, with 500 models of 8 connections, 60 times over one kept
    connection: what the server's process computes for it, and the time until the whole answer is
    here, which also depends on what else the machine does. The same with 10,000 models. The
    upstream's own record says whether a provider was asked.
    """
    with running_site(model="connection-0/gone", lengths=[0]) as site:
        site.inside("models", [f"{site.upstream.url}/v1", str(CONNECTIONS), str(MODELS)])
        site.upstream.reset()
        before = site.cpu_seconds()
        taken, size = _open(site)
        computed = (site.cpu_seconds() - before) / (WARM_UP + ROUNDS)
        page = _new_chat(site)
        asked = len(site.upstream.requests())
    note = f"{MODELS} models, {CONNECTIONS} connections"
    yield Figure("opening the picker, on the server", 1000 * computed, "ms", bar=100, note=note)
    yield Figure("until it is here, median", 1000 * statistics.median(taken), "ms")
    yield Figure("until it is here, 95th percentile", 1000 * percentile(taken, 95), "ms")
    yield Figure("the list, gzipped", size / 1000, "KB")
    yield Figure("a new chat's page with as many models", page / 1000, "KB")
    yield Figure("requests to providers meanwhile", asked, bar=0)
    with running_site(model="connection-0/gone", lengths=[0]) as site:
        site.inside("models", [f"{site.upstream.url}/v1", str(CONNECTIONS), str(HOSTILE)])
        taken, size = _open(site)
    yield Figure(f"with {HOSTILE:,} models, median", 1000 * statistics.median(taken), "ms")
    yield Figure("that list, gzipped", size / 1000, "KB")


def _open(site: Site) -> tuple[list[float], int]:
    """Seconds each, and the bytes of the last answer."""
    connection = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=60)
    taken = []
    headers = {"HX-Request": "true", "Accept-Encoding": "gzip"}
    (conversation,) = site.conversations
    for _round in range(WARM_UP + ROUNDS):
        started = time.perf_counter()
        path = f"/models/?conversation={conversation}"
        connection.request("GET", path, headers=site.headers(conversation) | headers)
        answer = connection.getresponse()
        body = answer.read()
        taken.append(time.perf_counter() - started)
        if answer.status != 200:
            raise RuntimeError(f"The list answered {answer.status}.")
    connection.close()
    return taken[WARM_UP:], len(body)


def _new_chat(site: Site) -> int:
    """Bytes of the page, as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=60)
    connection.request("GET", "/", headers=site.headers(site.conversations[0]))
    size = len(connection.getresponse().read())
    connection.close()
    return size
