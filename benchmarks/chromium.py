"""A headless Chromium, as the benchmarks start it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, sync_playwright

from benchmarks.processes import CSRF, Site

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def fresh_context(site: Site, *, signed_in: bool = True) -> Iterator[BrowserContext]:
    """A browser of its own with nothing in its cache. Raises when none is installed."""
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("This benchmark needs Debian's package chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        if signed_in:
            host = str(urlsplit(site.url).hostname)
            session = next(iter(site.sessions.values()))
            values = {"sessionid": session, "csrftoken": CSRF}
            context.add_cookies(
                [{"name": n, "value": v, "domain": host, "path": "/"} for n, v in values.items()]
            )
        yield context
        browser.close()
