"""A streamed reply as a reader sees it, in headless Chromium."""

import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import BrowserContext

from benchmarks.chromium import fresh_context
from benchmarks.figures import Figure
from benchmarks.processes import Site, running_site

TOKENS, RATE = 400, 100
MODES = {"prose": f"prose-{TOKENS}@{RATE}", "one paragraph": f"fast-{TOKENS}@{RATE}"}
MODES["one code block"] = f"code-{TOKENS}@{RATE}"
ROUNDS = 3
PATIENCE = 30_000
SELF_TEST = 120
"""Milliseconds of a task that the observer has to see, or what it did not see means nothing."""

OBSERVE = """
window.seen = {paints: [], tasks: []};
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) seen.tasks.push([task.startTime, task.duration]);
}).observe({type: "longtask", buffered: true});
const channel = new MessageChannel();
let waiting = false;
channel.port1.onmessage = () => {
  waiting = false;
  const bodies = document.querySelectorAll('[data-role="assistant"] .message-body');
  const length = bodies.length ? bodies[bodies.length - 1].textContent.trim().length : 0;
  seen.paints.push([performance.timeOrigin + performance.now(), length]);
};
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  // A message posted from an animation frame arrives after that frame was painted.
  requestAnimationFrame(() => channel.port2.postMessage(0));
}).observe(document, {subtree: true, childList: true, characterData: true});
"""


@dataclass(frozen=True, slots=True)
class Look:
    """One reply. Delays in milliseconds after the upstream's write."""

    first: float
    whole: float
    longest_task: float
    bytes_received: int
    frames: int


def measure() -> Iterator[Figure]:
    """400 tokens at 100 a second, three replies of each kind in new chats, medians. Visible: after
    the animation frame that follows a change of the reply was painted, by the page's clock, which
    is this machine's, as the upstream's is. Tasks: what a PerformanceObserver reports from Enter to
    the end; it reports those over 50 ms (0: none was), and is shown to work by one of 120 ms.
    Socket: payloads that Chromium received, in bytes.
    """
    with running_site() as site, fresh_context(site) as context:
        _look(site, context, "fast-20@100")
        for label, mode in MODES.items():
            looks = [_look(site, context, mode) for _round in range(ROUNDS)]
            yield from _figures(label, looks)


def _figures(label: str, looks: list[Look]) -> Iterator[Figure]:
    first = statistics.median(look.first for look in looks)
    whole = statistics.median(look.whole for look in looks)
    worst = f"worst {max(look.first for look in looks):.0f}"
    yield Figure(f"{label}: first token visible after", first, "ms", 100, worst)
    worst = f"worst {max(look.whole for look in looks):.0f}"
    yield Figure(f"{label}: whole reply visible after its end", whole, "ms", 150, worst)
    task = statistics.median(look.longest_task for look in looks)
    worst = f"worst {max(look.longest_task for look in looks):.0f}"
    yield Figure(f"{label}: longest task over 50 ms", task, "ms", 50, worst)
    size = statistics.median(look.bytes_received for look in looks) / 1000
    yield Figure(f"{label}: over the socket", size, "KB", 60)
    yield Figure(f"{label}: frames", statistics.median(look.frames for look in looks))


def _look(site: Site, context: BrowserContext, mode: str) -> Look:
    site.upstream.reset()
    page = context.new_page()
    page.add_init_script(OBSERVE)
    received: list[str] = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.webSocketFrameReceived",
        lambda event: received.append(event["response"]["payloadData"]),
    )
    page.goto(f"{site.url}/?model=openai/{mode}", wait_until="networkidle")
    page.fill("#composer", "Tell me something.")
    sent = page.evaluate("performance.now()")
    page.press("#composer", "Enter")
    page.wait_for_selector('[data-role="assistant"][data-status="complete"]', timeout=PATIENCE)
    page.wait_for_timeout(500)
    seen: dict[str, Any] = page.evaluate("seen")
    ended = page.evaluate("performance.now()")
    _check_observer(page.evaluate)
    page.close()
    (entry,) = site.upstream.timeline()
    tasks = [duration for start, duration in seen["tasks"] if sent <= start <= ended]
    painted = [(at, length) for at, length in seen["paints"] if length]
    whole = max(length for _at, length in painted)
    return Look(
        first=painted[0][0] - 1000 * entry["tokens"][0],
        whole=next(at for at, length in painted if length == whole) - 1000 * entry["tokens"][-1],
        longest_task=max(tasks, default=0.0),
        bytes_received=sum(len(payload.encode()) for payload in received),
        frames=sum(json.loads(payload)["t"] == "frame" for payload in received),
    )


def _check_observer(evaluate: Any) -> None:
    before = evaluate("seen.tasks.length")
    evaluate(f"setTimeout(() => {{ const t = Date.now(); while (Date.now() - t < {SELF_TEST}); }})")
    end = time.monotonic() + 5
    while evaluate("seen.tasks.length") == before:
        if time.monotonic() > end:
            raise RuntimeError("The observer of long tasks sees nothing.")
