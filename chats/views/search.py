"""The search: its page, and the dialog over other pages."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from chats.search import search as find
from chats.search.suggestions import recent_chats, suggest
from chats.views.answers import PageRequest, page

_PARTS = {"search-options": "#options-answer", "search-found": "#found"}


@page("GET", "HEAD")
def search(request: PageRequest) -> HttpResponse:
    """What `q` describes; in `chat` alone, where it is given. Without `q` recent chats.

    `cursor` names a further page.
    For htmx the part that it asks for: the options of the dialog, or the page's results.
    """
    context = _context(request)
    target = request.htmx.target or ""
    if "cursor" in request.GET and target.startswith("more-"):
        return render(request, "chats/search.html#hits", context)
    return render(request, f"chats/search.html{_PARTS.get(target, '')}", context)


def _context(request: PageRequest) -> dict[str, Any]:
    text = request.GET.get("q", "")
    context: dict[str, Any] = {
        "q": text,
        "suggestions": suggest(user=request.user, text=text),
    }
    if text.strip():
        inside = _uuid(request.GET.get("chat", ""))
        cursor = request.GET.get("cursor", "")
        results = find(user=request.user, text=text, cursor=cursor, inside=inside)
        return context | {"results": results, "inside": inside}
    return context | {"recent": recent_chats(user=request.user)}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
