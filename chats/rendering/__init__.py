"""Markdown to sanitised HTML, whole or as it arrives. Nothing else in the project makes HTML of it.

A text passes through these modules, each of which knows only those after it:

    incremental  cuts the text into lines and reports what changed (`Patch`)
    blocks       what each line begins or continues (`lines` is the cursor over it)
    structure    the quotes and lists that are open, and how they close
    text         paragraphs and headings; `table` tables; `leaves` code and formulas
    markdown     what stands inside them (markdown-it-py), link definitions
    highlight    code (Pygments), `maths` formulas (latex2mathml)
    sanitise     the allowlist (nh3), the last step for every piece
    body         the HTML so far
"""

import hashlib

from django.core.cache import caches
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from chats.rendering.incremental import IncrementalRenderer, Patch

__all__ = ["RENDER_VERSION", "IncrementalRenderer", "Patch", "render"]

RENDER_VERSION = 2  # goes up when the same text gives other HTML
_MAX_CACHED = 100_000  # characters; a page's messages, not whole books, are to fit in memory
_CACHE_SECONDS = 24 * 60 * 60


def render(text: str) -> SafeString:
    """HTML of a whole text, the same that a live reply ends with. Cached by text and language."""
    if len(text) > _MAX_CACHED:
        return SafeString(_render(text))
    content = f"{RENDER_VERSION}\0{get_language()}\0{text}".encode(errors="surrogatepass")
    key = f"rendered:{hashlib.sha256(content).hexdigest()}"
    cache = caches["rendered"]
    html: str | None = cache.get(key)
    if html is None:
        html = _render(text)
        cache.set(key, html, _CACHE_SECONDS)
    return SafeString(html)


def _render(text: str) -> str:
    renderer = IncrementalRenderer()
    renderer.feed(text)
    renderer.finish()
    return renderer.html
