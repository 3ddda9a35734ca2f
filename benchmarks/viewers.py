"""Pages that ask and watch, without a browser: a load client in a process of its own.

Reads a `Plan` as JSON, prints a list of `Watched` (and what `/healthz` took meanwhile) as JSON.
Each viewer has its socket open before it posts, as a page has.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from benchmarks.processes import Site, run_module

HEALTH_INTERVAL, PAGE_INTERVAL = 0.05, 0.5


@dataclass(frozen=True, slots=True)
class Plan:
    """Who posts what where: one message to each conversation, all at once or by turns.

    `headers` by the conversations' ids. `{id}` in the content stands for the conversation's id.
    """

    url: str
    headers: dict[str, dict[str, str]]
    content: str
    at_once: bool
    probe: bool


@dataclass(slots=True)
class Watched:
    """What one viewer saw. Times in Unix seconds, sizes in bytes of UTF-8."""

    conversation: str
    message: str = ""
    posted: float = 0.0
    answered: float = 0.0
    first: float = 0.0
    end: float = 0.0
    status: str = ""
    frames: int = 0
    size: int = 0
    gaps: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What all viewers saw, and how many seconds two addresses took while they watched."""

    replies: list[Watched]
    health: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    """The first of the conversations."""


def watch(
    site: Site,
    content: str,
    conversations: list[str],
    *,
    at_once: bool = True,
    probe: bool = False,
) -> Seen:
    """Post `content` to each conversation and watch the replies to their ends."""
    headers = {each: site.headers(each) for each in conversations}
    plan = Plan(site.url, headers, content, at_once, probe)
    try:
        seen = run_module("benchmarks.viewers", [], {}, stdin=json.dumps(asdict(plan)))
    except RuntimeError as error:
        raise RuntimeError(f"{error}\nThe site said:\n{site.server.output[-5000:]}") from error
    return Seen([Watched(**reply) for reply in seen["replies"]], seen["health"], seen["pages"])


async def run(plan: Plan) -> Seen:
    """The load client's own work."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=200)
    async with httpx2.AsyncClient(
        base_url=plan.url, limits=limits, timeout=120, trust_env=False
    ) as client:
        health: list[float] = []
        pages: list[float] = []
        probing = [] if not plan.probe else _start_probes(client, plan, health, pages)
        size = len(plan.headers) if plan.at_once else 1
        ready = asyncio.Barrier(size)
        views = [_view(client, plan, each, ready) for each in plan.headers]
        if plan.at_once:
            replies = list(await asyncio.gather(*views))
        else:
            replies = [await view for view in views]
        for probe in probing:
            probe.cancel()
    return Seen(replies, health, pages)


async def _view(
    client: httpx2.AsyncClient, plan: Plan, conversation: str, ready: asyncio.Barrier
) -> Watched:
    address = f"{plan.url.replace('http', 'ws', 1)}/ws/c/{conversation}/"
    headers = plan.headers[conversation]
    cookie = {"Cookie": headers["Cookie"]}
    async with connect(
        address, additional_headers=cookie, origin=Origin(plan.url), max_size=None, proxy=None
    ) as socket:
        await socket.recv()
        await ready.wait()
        form = {"content": plan.content.replace("{id}", conversation)}
        seen = Watched(conversation, posted=time.time())
        answer = await client.post(f"/c/{conversation}/messages/", data=form, headers=headers)
        seen.answered = time.time()
        if answer.status_code != 303:
            raise RuntimeError(f"Posting answered {answer.status_code}: {answer.text[:500]}")
        seen.message = answer.headers["Location"].partition("#message-")[2]
        await _follow(socket, seen)
    raw = await client.get(f"/m/{seen.message}/raw/", headers=headers)
    seen.length = len(raw.raise_for_status().text)
    return seen


async def _follow(socket: ClientConnection, seen: Watched) -> None:
    """Take frames as a page does: in order, with a new snapshot after a gap."""
    last: int | None = None
    await socket.send(json.dumps({"watch": seen.message}))
    while not seen.status:
        raw = await socket.recv()
        now = time.time()
        event: dict[str, Any] = json.loads(raw)
        if event.get("m") != seen.message:
            continue
        seen.size += len(raw.encode() if isinstance(raw, str) else raw)
        number = event.get("n")
        if event["t"] == "snapshot":
            last = number
        elif event["t"] == "frame" and last is not None and number is not None:
            if number > last + 1:
                seen.gaps += 1
                await socket.send(json.dumps({"watch": seen.message}))
                last = None
            else:
                last = number
        seen.frames += 1
        if not seen.first and any(event.get(key) for key in ("html", "tail", "ops", "s")):
            seen.first = now
        if event["t"] == "end":
            seen.status, seen.end = event["status"], now


def _start_probes(
    client: httpx2.AsyncClient, plan: Plan, health: list[float], pages: list[float]
) -> list[asyncio.Task[None]]:
    conversation, headers = next(iter(plan.headers.items()))
    page = f"/c/{conversation}/"
    return [
        asyncio.create_task(_probe(client, "/healthz", {}, HEALTH_INTERVAL, health)),
        asyncio.create_task(_probe(client, page, headers, PAGE_INTERVAL, pages)),
    ]


async def _probe(
    client: httpx2.AsyncClient,
    path: str,
    headers: dict[str, str],
    interval: float,
    taken: list[float],
) -> None:
    """How long an address takes, again and again."""
    while True:
        started = time.perf_counter()
        (await client.get(path, headers=headers)).raise_for_status()
        taken.append(time.perf_counter() - started)
        await asyncio.sleep(interval)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(asyncio.run(run(Plan(**json.load(sys.stdin)))))))
