"""What moving house costs, on both databases: a large import, and the export of the same."""

import http.client
import json
import random
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from urllib.parse import urlencode

from benchmarks.figures import Figure
from benchmarks.processes import CSRF, Site, running_site
from benchmarks.words import word
from tests.postgres import running_postgres

CHATS, LENGTH = 2_000, 20
WORDS, LONG = 5_000, 40
"""How many different words there are, and how many stand in a message."""
BAR_SECONDS, BAR_FIRST_BYTE, BAR_MB = 60, 1, 60
_PATIENCE = 900.0
_BOUNDARY = "b" * 40
_ADDRESS = re.compile(r"/import/[0-9a-f-]{36}/")


def measure() -> Iterator[Figure]:
    """One person imports 2,000 chats with 40,000 messages of ChatGPT's format and exports them as
    one JSON file. Seconds until all is there and can be found; what the site's process computes,
    the one that reads the file not included; by how much its memory grew at most, looked at ten
    times a second.
    """
    data = _export_of_another()
    yield from _measure("SQLite", {}, data)
    with running_postgres() as postgres:
        yield from _measure("PostgreSQL", {"DATABASE_URL": postgres.create("moving")}, data)


def _measure(database: str, env: Mapping[str, str], data: bytes) -> Iterator[Figure]:
    with running_site(model="demo/demo", env=env) as site:
        visitor = _Visitor(site)
        visitor.ask("GET", "/")
        address = visitor.upload(data)
        visitor.wait_for(address, "ready")
        with _costs(site) as imported:
            visitor.ask("POST", f"{address}start/", urlencode({}))
            visitor.wait_for(address, "done")
        with _costs(site) as exported:
            first, size = visitor.download()
    yield Figure(f"{database}: import", imported.seconds, "s", BAR_SECONDS)
    yield Figure(f"{database}: import, computed", imported.computed, "s")
    yield Figure(f"{database}: import, memory beyond before", imported.megabytes, "MB", BAR_MB)
    yield Figure(f"{database}: export, first byte", first, "s", BAR_FIRST_BYTE)
    note = f"{size / 1e6:.0f} MB"
    yield Figure(f"{database}: export", exported.seconds, "s", note=note)
    yield Figure(f"{database}: export, computed", exported.computed, "s")
    yield Figure(f"{database}: export, memory beyond before", exported.megabytes, "MB", BAR_MB)


@dataclass(slots=True)
class _Costs:
    """Of the site's process."""

    seconds: float = 0.0
    computed: float = 0.0
    megabytes: float = 0.0


@contextmanager
def _costs(site: Site) -> Iterator[_Costs]:
    """What happens in the block costs this; known at its end."""
    costs = _Costs()
    process = site.process
    idle = peak = process.memory_info().rss
    is_over = threading.Event()

    def look() -> None:
        nonlocal peak
        while not is_over.wait(0.1):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=look)
    watcher.start()
    computed, started = site.cpu_seconds(), time.perf_counter()
    try:
        yield costs
    finally:
        costs.seconds = time.perf_counter() - started
        costs.computed = site.cpu_seconds() - computed
        is_over.set()
        watcher.join()
        costs.megabytes = (peak - idle) / 1e6


class _Visitor:
    """Who moves."""

    def __init__(self, site: Site) -> None:
        (conversation,) = site.conversations
        self._port = site.server.port
        self._headers = site.headers(conversation)

    def ask(self, method: str, path: str, body: str | bytes = "", kind: str = "") -> Any:
        """The answer, whose body is still to be read."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        kind = kind or "application/x-www-form-urlencoded"
        connection.request(method, path, body, self._headers | {"Content-Type": kind})
        answer = connection.getresponse()
        if answer.status >= 400:
            raise RuntimeError(f"{path} answered {answer.status}.")
        return answer

    def upload(self, data: bytes) -> str:
        """The address of the import."""
        head = (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n'
            f"{CSRF}\r\n--{_BOUNDARY}\r\n"
            'Content-Disposition: form-data; name="file"; filename="conversations.json"\r\n'
            "Content-Type: application/json\r\n\r\n"
        )
        body = head.encode() + data + f"\r\n--{_BOUNDARY}--\r\n".encode()
        answer = self.ask("POST", "/import/", body, f"multipart/form-data; boundary={_BOUNDARY}")
        found = _ADDRESS.search(answer.getheader("Location") or "")
        if found is None:
            raise RuntimeError("The upload was not taken.")
        return found[0]

    def wait_for(self, address: str, state: str) -> None:
        """Until the import's page shows it."""
        end = time.monotonic() + _PATIENCE
        while f'data-state="{state}"' not in (shown := self.ask("GET", address).read().decode()):
            if 'data-state="failed"' in shown or time.monotonic() > end:
                raise RuntimeError(f"The import did not come to be {state}.")
            time.sleep(0.2)

    def download(self) -> tuple[float, int]:
        """Seconds until the first byte of an export of all, and how many there are."""
        started = time.perf_counter()
        answer = self.ask("POST", "/export/", urlencode({"all": "1", "format": "json"}))
        size = len(answer.read(1))
        first = time.perf_counter() - started
        while piece := answer.read(1 << 16):
            size += len(piece)
        return first, size


def _export_of_another() -> bytes:
    rng = random.Random("moving")
    words = [word(n) for n in range(WORDS)]
    weights = list(accumulate(1 / (n + 1) for n in range(WORDS)))
    chats = []
    for number in range(CHATS):
        begun = 1_700_000_000 + 3600 * number
        texts = [" ".join(rng.choices(words, cum_weights=weights, k=LONG)) for _ in range(LENGTH)]
        chats.append(
            {
                "id": f"chat-{number}",
                "title": f"Chat {number}",
                "create_time": begun,
                "update_time": begun + LENGTH,
                "current_node": str(LENGTH - 1),
                "mapping": {str(n): _node(n, text, begun + n) for n, text in enumerate(texts)},
            }
        )
    return json.dumps(chats).encode()


def _node(number: int, text: str, moment: int) -> dict[str, Any]:
    role = "assistant" if number % 2 else "user"
    return {
        "id": str(number),
        "parent": str(number - 1) if number else None,
        "children": [str(number + 1)] if number < LENGTH - 1 else [],
        "message": {
            "id": str(number),
            "author": {"role": role},
            "create_time": moment,
            "content": {"content_type": "text", "parts": [text]},
            "metadata": {"model_slug": "gpt-4o"} if number % 2 else {},
        },
    }
