"""What a conversation of 10,000 messages costs in the browser once all of it has been read."""

from collections.abc import Callable, Iterator

from playwright.sync_api import CDPSession, Page

from benchmarks.chromium import fresh_context
from benchmarks.figures import Figure
from benchmarks.processes import Site, running_site

LENGTH, SHORT = 10_000, 30
TEXT = "The quick brown fox jumps over the lazy dog, and over the next one. "
PATIENCE = 1_800_000
_WATCH = """() => {
  window.tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.duration)))
    .observe({ type: "longtask" });
}"""
_READ_ALL = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  for (let link; (link = document.querySelector("[data-earlier]")); ) {
    scrollTo(0, 0);
    while (link.isConnected) await frame();
  }
  scrollTo(0, 0);
  await frame();
}"""
_HELD = "() => document.querySelectorAll('article[data-role]').length"


def measure() -> Iterator[Figure]:
    """Chromium scrolls through 10,000 messages up to the first one, jumps to the end, writes and
    gets an answer; beside it the same in a conversation of 30. Processor time of the page's main
    thread, and its tasks of over 50 ms while somebody types.
    """
    with running_site(model="openai/ok", lengths=[SHORT, LENGTH]) as site:
        short, long = (_Reader.of(site, each) for each in site.conversations)
    yield Figure("messages that the page holds", long.held, bar=300)
    yield Figure("messages read", long.read, note="through earlier pages")
    note = f"{short.typing:.0f} ms, {long.typing:.0f} ms for {len(TEXT)} keys"
    yield Figure("typing, by 30 messages", long.typing / short.typing, "times", bar=1.5, note=note)
    yield Figure("tasks over 50 ms while typing", long.tasks, bar=short.tasks)
    note = f"{short.reply:.0f} ms, {long.reply:.0f} ms"
    yield Figure(
        "a streamed reply, by 30 messages", long.reply / short.reply, "times", bar=1.5, note=note
    )


class _Reader:
    """Somebody who has read all of a conversation; milliseconds of the main thread."""

    def __init__(self, page: Page, session: CDPSession) -> None:
        self._page, self._session = page, session
        page.set_default_timeout(PATIENCE)
        self.read = self.held = self.tasks = 0
        self.typing = self.reply = 0.0

    @classmethod
    def of(cls, site: Site, conversation: str) -> "_Reader":
        """Measured in a browser of its own."""
        with fresh_context(site) as context:
            page = context.new_page()
            reader = cls(page, context.new_cdp_session(page))
            page.goto(f"{site.url}/c/{conversation}/")
            reader._measure()
            return reader

    def _measure(self) -> None:
        page = self._page
        page.evaluate(_READ_ALL)
        self.held = page.evaluate(_HELD)
        away = page.locator(".stretch[data-away]")
        self.read = self.held + sum(away.evaluate_all("all => all.map((s) => +s.dataset.away)"))
        page.evaluate("() => document.dispatchEvent(new Event('parley:latest'))")
        page.locator("#composer").focus()
        page.wait_for_timeout(1000)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.evaluate(_WATCH)
        self.typing = self._cost(self._type)
        self.tasks = page.evaluate("() => tasks.length")
        self.reply = self._cost(self._send)

    def _type(self) -> None:
        self._page.locator("#composer").press_sequentially(TEXT, delay=20)

    def _send(self) -> None:
        page = self._page
        page.keyboard.press("Enter")
        page.locator('#turns article[data-status="complete"]').last.wait_for()
        page.wait_for_timeout(1500)

    def _cost(self, work: Callable[[], None]) -> float:
        before = self._busy()
        work()
        return self._busy() - before

    def _busy(self) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(float(m["value"]) for m in metrics if m["name"] == "TaskDuration")
