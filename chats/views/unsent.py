"""Forms that cannot be taken, of pages without script: what was typed is given back to copy."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode


def signed_out(request: HttpRequest, conversation_id: UUID | None) -> HttpResponse:
    """A form that came after the session ended; the way to sign in, and back to the chat."""
    path = reverse("chats:conversation", args=[conversation_id]) if conversation_id else "/"
    login = f"{reverse('account_login')}?{urlencode({'next': path})}"
    return _give_back(request, {"login": login}, status=401)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form of a page from before the last sign-in (`CSRF_FAILURE_VIEW`)."""
    return _give_back(request, {}, status=403)


def _give_back(request: HttpRequest, context: dict[str, Any], *, status: int) -> HttpResponse:
    content = request.POST.get("content", "")
    answer = render(request, "403_csrf.html", {"content": content, **context}, status=status)
    answer["Cache-Control"] = "private, no-store"
    return answer
