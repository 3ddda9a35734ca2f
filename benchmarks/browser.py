"""A streamed reply as a reader sees it, in headless Chromium."""

import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import BrowserContext, Page

from benchmarks.chromium import fresh_context
from benchmarks.figures import Figure
from benchmarks.processes import Site, running_site

TOKENS, RATE = 400, 100
MODES = {"prose": f"prose-{TOKENS}@{RATE}", "one paragraph": f"fast-{TOKENS}@{RATE}"}
MODES["one code block"] = f"code-{TOKENS}@{RATE}"
ROUNDS = 5
CHATS = 30
"""In the sidebar, which shows no more at first."""
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
  const article = [...document.querySelectorAll('[data-role="assistant"]')].at(-1);
  const length = article?.querySelector(".message-body").textContent.trim().length ?? 0;
  seen.paints.push([performance.timeOrigin + performance.now(), length, article?.id]);
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
    """400 tokens at 100 a second from an upstream that answers at once; medians of five new chats
    and of a second message in each, when the socket is open. Visible: after the animation frame
    that follows a change of the reply was painted, by the page's clock, which is this machine's, as
    the upstream's is. Tasks: what a PerformanceObserver reports from Enter to the end; it reports
    those over 50 ms (0: none was), and is shown to work by one of 120 ms. Socket: payloads that
    Chromium received.
    """
    with running_site(lengths=[2] * CHATS) as site, fresh_context(site) as context:
        _looks(site, context, "fast-20@100")
        for label, mode in MODES.items():
            looks = [_looks(site, context, mode) for _round in range(ROUNDS)]
            yield from _figures(f"{label}, new chat", [first for first, _second in looks])
            yield from _figures(f"{label}, open chat", [second for _first, second in looks])


def _figures(label: str, looks: list[Look]) -> Iterator[Figure]:
    for name, bar, values in (
        ("first token visible after", 100, [look.first for look in looks]),
        ("whole reply visible after its end", 150, [look.whole for look in looks]),
        ("longest task over 50 ms", 50, [look.longest_task for look in looks]),
    ):
        note = f"worst of {len(looks)}: {max(values):.0f}"
        yield Figure(f"{label}: {name}", statistics.median(values), "ms", bar, note)
    size = statistics.median(look.bytes_received for look in looks) / 1000
    yield Figure(f"{label}: over the socket", size, "KB", 60)
    yield Figure(f"{label}: frames", statistics.median(look.frames for look in looks))


def _looks(site: Site, context: BrowserContext, mode: str) -> tuple[Look, Look]:
    """The first reply of a new chat, and the second."""
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
    looks = _look(site, page, received, replies=1), _look(site, page, received, replies=2)
    _check_observer(page.evaluate)
    page.close()
    return looks


def _look(site: Site, page: Page, received: list[str], *, replies: int) -> Look:
    site.upstream.reset()
    received.clear()
    page.fill("#composer", "Tell me something.")
    page.evaluate("seen.paints.length = seen.tasks.length = 0")
    page.press("#composer", "Enter")
    complete = page.locator('[data-role="assistant"][data-status="complete"]')
    complete.nth(replies - 1).wait_for(timeout=PATIENCE)
    page.wait_for_timeout(500)
    seen: dict[str, Any] = page.evaluate("seen")
    (entry,) = site.upstream.timeline()
    begin, end = 1000 * entry["tokens"][0], 1000 * entry["tokens"][-1]
    newest = seen["paints"][-1][2]
    painted = [(at, length) for at, length, shown in seen["paints"] if length and shown == newest]
    whole = max(length for _at, length in painted)
    return Look(
        first=painted[0][0] - begin,
        whole=next(at for at, length in painted if length == whole) - end,
        longest_task=max((duration for _start, duration in seen["tasks"]), default=0.0),
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
