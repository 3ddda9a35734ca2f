"""How views answer: a whole page, or the part of it that htmx asked for."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from chats.forms import SettingsForm
from chats.listing import list_conversations
from chats.models import Conversation
from chats.picker import chosen_model
from chats.shelves import COOKIE, parse_opened
from chats.thread import Thread, load_thread
from chats.views.unsent import signed_out

P = ParamSpec("P")


class PageRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    htmx: HtmxDetails


Page = Callable[Concatenate[PageRequest, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

ARCHIVE_CHANGED = "parley:archive"
"""The event that has an open archive fetch itself anew."""
SHEET_DONE = "parley:sheet-done"
"""The event that closes the dialog whose form was taken."""


def page(*methods: str) -> Callable[[Page[P]], View[P]]:
    """A view for people who are signed in, answering `methods` only; not cached unless it says so.

    Others are sent to the sign-in page and come back, their forms are given back to them; htmx,
    which would put that page into this one, gets 401 and shows a link.
    """

    def decorate(view: Page[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            asked = cast(PageRequest, request)
            if asked.user.is_authenticated:
                answer = view(asked, *args, **kwargs)
                answer.headers.setdefault("Cache-Control", "private, no-store")
                return answer
            if asked.htmx:
                return HttpResponse(status=401)
            if asked.method != "POST":
                return redirect_to_login(asked.get_full_path())
            return signed_out(asked, cast(UUID | None, kwargs.get("conversation_id")))

        strict = require_http_methods(methods)(vary_on_headers("HX-Request", "Cookie")(guarded))

        @wraps(view)
        def told(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            answer = strict(request, *args, **kwargs)
            if isinstance(answer, HttpResponseNotAllowed) and request.method == "GET":
                answer.content = render_to_string("405.html", {}, request).encode()
            return answer

        return told

    return decorate


def parsed_id(text: str | None) -> UUID | None:
    """The id in a query or a form; None when there is none or it is not one."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


def parsed_moment(text: str | None) -> datetime | None:
    """The moment in a query or a form, ISO 8601; None when there is none or it is not one."""
    try:
        moment = datetime.fromisoformat(text or "")
        # At the edge of the calendar a moment may have no equal in another zone.
        aware = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def open_id(request: PageRequest) -> UUID | None:
    """The conversation whose page asks, if it is one's."""
    path = request.htmx.current_url_abs_path or ""
    return parsed_id(path.removeprefix("/c/").split("/")[0])


def is_open(request: PageRequest, conversation: Conversation) -> bool:
    """Whether the page that asks is the conversation's own."""
    return open_id(request) == conversation.id


class SeeOther(HttpResponseRedirect):
    """To a page, by GET, after a form."""

    status_code = 303


def to_conversation(conversation_id: UUID, *, message_id: UUID | None = None) -> SeeOther:
    """To a conversation, at one of its messages."""
    address = reverse("chats:conversation", args=[conversation_id])
    return SeeOther(f"{address}#message-{message_id}" if message_id else address)


def conversation_context(
    request: PageRequest, conversation: Conversation, *, thread: Thread | None = None, **extra: Any
) -> dict[str, Any]:
    """All that the conversation's page shows; of it `thread`, else its newest part."""
    thread = thread or load_thread(conversation)
    return {**topbar_context(request, conversation), "thread": thread, **extra}


def topbar_context(request: PageRequest, conversation: Conversation) -> dict[str, Any]:
    """What the bar at the top of a conversation shows."""
    context: dict[str, Any] = {
        "conversation": conversation,
        "chosen": chosen_model(conversation.model_name, user=conversation.owner),
    }
    if conversation.owner_id == request.user.pk:
        context["settings_form"] = SettingsForm.of(conversation, user=request.user)
    return context


def show_thread(
    request: PageRequest, conversation: Conversation, *, message_id: UUID, keep: bool = False
) -> HttpResponse:
    """The thread after it changed; with `keep`, `message_id` stays where it is on the screen."""
    if not request.htmx:
        return to_conversation(conversation.id, message_id=message_id)
    thread: Thread = load_thread(conversation)
    context = {"conversation": conversation, "thread": thread}
    answer = render(request, "chats/conversation.html#thread-answer", context)
    if keep:
        answer["HX-Trigger-After-Swap"] = f'{{"parley:keep": "message-{message_id}"}}'
    else:
        answer["HX-Trigger-After-Swap"] = "parley:latest"
    return answer


def refuse(request: PageRequest, error: ValidationError, *, back: HttpResponse) -> HttpResponse:
    """Say in a toast why something was not done."""
    for sentence in error.messages:
        messages.error(request, sentence)
    if not request.htmx:
        return back
    answer = render(request, "chats/toasts.html#toasts", status=422)
    answer["HX-Retarget"] = "#toasts"
    answer["HX-Reswap"] = "beforeend"
    return answer


def sheet(request: PageRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A form as a page or, for htmx, for the dialog that static/js/sheet.js opens."""
    status = 422 if context["errors"] else 200
    part = "#sheet" if request.htmx else ""
    answer = render(request, f"{template}{part}", context, status=status)
    if request.htmx and request.method == "POST":
        answer["HX-Retarget"], answer["HX-Reswap"] = "#sheet", "innerHTML"
    return answer


def list_context(request: PageRequest, *, before: UUID | None = None) -> dict[str, Any]:
    """What a page of the sidebar's list shows, with the folders open that are open in the browser.

    At most seven queries.
    """
    current_id, opened = open_id(request), parse_opened(request.COOKIES.get(COOKIE, ""))
    listing = list_conversations(
        user=request.user, before=before, opened=opened, current_id=current_id
    )
    return {"listing": listing, "current_id": current_id}


def focus_on_errors(form: BaseForm) -> None:
    """Have the first wrong field focused; where the whole is wrong, the words for it are."""
    if form.non_field_errors():
        return
    wrong = next((field for field in form if field.errors), None)
    if wrong is not None:
        wrong.field.widget.attrs["autofocus"] = True


def list_beside(request: PageRequest, *, with_archive: bool) -> HttpResponse:
    """For htmx: the sidebar's list anew, beside nothing; an open archive may fetch itself anew."""
    context = list_context(request)
    answer = render(request, "chats/sidebar.html#items-beside", context)
    if with_archive:
        answer["HX-Trigger-After-Swap"] = ARCHIVE_CHANGED
    return answer


def list_anew(request: PageRequest) -> HttpResponse:
    """For htmx: the sidebar's list, with what was said beside it, after a form in the dialog."""
    list_html = render(request, "chats/sidebar.html#items", list_context(request))
    answer = with_toasts(request, list_html.content.decode())
    answer["HX-Trigger-After-Swap"] = SHEET_DONE
    return answer


def with_toasts(request: PageRequest, html: str = "") -> HttpResponse:
    """`html` for htmx, with the waiting messages as toasts beside it."""
    return HttpResponse(html + render_to_string("chats/toasts.html#toasts-beside", {}, request))
