"""What opening a conversation costs as it grows."""

import http.client
import statistics
import time
from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.processes import Site, running_site

SHORT, LONG = 100, 10_000
WARM_UP = 5
ROUNDS = 60


def measure() -> Iterator[Figure]:
    """The page of a conversation of 10,000 messages and of one of 100, asked for by turns over one
    kept connection; medians of 60 each. Queries are counted in a process with the same data.
    """
    with running_site(model="demo/demo", lengths=[SHORT, LONG]) as site:
        short, long = _open_by_turns(site, site.conversations)
        queries = site.inside("queries", site.conversations)
    note = f"{1000 * short:.1f} ms, {1000 * long:.1f} ms"
    yield Figure("10,000 messages by 100", long / short, "times", bar=1.5, note=note)
    yield Figure("queries more for 10,000 messages", queries[1] - queries[0], bar=0)
    yield Figure("queries of the page", queries[1])


def _open_by_turns(site: Site, conversations: list[str]) -> list[float]:
    """Median seconds until the whole page is here, for each conversation."""
    connection = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=60)
    taken: dict[str, list[float]] = {each: [] for each in conversations}
    for _round in range(WARM_UP + ROUNDS):
        for each in conversations:
            started = time.perf_counter()
            connection.request("GET", f"/c/{each}/", headers=site.headers(each))
            answer = connection.getresponse()
            page = answer.read()
            taken[each].append(time.perf_counter() - started)
            if answer.status != 200 or b"message-body" not in page:
                raise RuntimeError(f"The page answered {answer.status}.")
    connection.close()
    return [statistics.median(times[WARM_UP:]) for times in taken.values()]
