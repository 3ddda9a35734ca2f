"""The list of notifications, as a page and in the panel of the bell."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from accounts import notifications
from accounts.models import User
from accounts.notifications import Entry

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, User, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

_TEMPLATE = "accounts/notifications.html"
_LIST = "notifications:list"


def _page(*methods: str) -> Callable[[Page[P]], View[P]]:
    """A view of somebody's own; scripts of who is signed out get 401, which pages explain."""

    def decorate(view: Page[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if isinstance(request.user, User):
                return view(request, request.user, *args, **kwargs)
            if _is_part(request):
                return HttpResponse(status=401)
            return redirect_to_login(
                request.get_full_path() if request.method == "GET" else "/notifications/"
            )

        methods_only = require_http_methods(methods)
        return never_cache(methods_only(vary_on_headers("HX-Request", "Cookie")(guarded)))

    return decorate


def _is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


@_page("GET", "HEAD")
def index(request: HttpRequest, user: User) -> HttpResponse:
    """The list as a page; for htmx the panel, or a further part of the list."""
    before = request.GET.get("before", "")
    if not _is_part(request):
        return _list(request, user, "", before=before)
    is_more = before or request.headers.get("HX-Target") == "notification-items"
    return _list(request, user, "#items" if is_more else "#panel", before=before)


@_page("POST")
def read_all(request: HttpRequest, user: User) -> HttpResponse:
    """Everything was seen."""
    notifications.mark_read(user=user)
    return _list(request, user, "#all-read") if _is_part(request) else redirect(_LIST)


@_page("POST")
def read(request: HttpRequest, user: User, notification_id: UUID) -> HttpResponse:
    """One was seen, which stays in the list."""
    _entry_or_404(user, notification_id)
    notifications.mark_read(user=user, notification_id=notification_id)
    if not _is_part(request):
        return redirect(_LIST)
    return _line(request, user, _entry_or_404(user, notification_id))


@_page("POST")
def read_announcement(request: HttpRequest, user: User, announcement_id: int) -> HttpResponse:
    """An announcement was seen. For htmx: the banner of the next one, if there is one."""
    notifications.mark_announcement_read(user=user, announcement_id=announcement_id)
    from_list = request.POST.get("next") == "list"
    if not _is_part(request):
        return redirect(_LIST if from_list else "/")
    if from_list:
        return _list(request, user, "#all-read")
    return _summary(request, user, "#banner-beside")


@_page("GET", "HEAD")
def follow(request: HttpRequest, user: User, notification_id: UUID) -> HttpResponse:
    """To what a notification is about, which marks it as read."""
    entry = _entry_or_404(user, notification_id)
    if request.method == "GET":
        notifications.mark_read(user=user, notification_id=notification_id)
    return redirect(entry.sentence.link or _LIST)


@_page("GET", "HEAD")
def toast(request: HttpRequest, user: User, notification_id: UUID) -> HttpResponse:
    """What open pages say when it happens."""
    entry = _entry_or_404(user, notification_id)
    return render(request, "accounts/notifications_beside.html#toast", {"entry": entry})


@_page("GET", "HEAD")
def banner(request: HttpRequest, user: User) -> HttpResponse:
    """The newest unread announcement, and how much is unread."""
    return _summary(request, user, "#banner-beside")


def _list(request: HttpRequest, user: User, part: str, *, before: str = "") -> HttpResponse:
    context = {
        "page": notifications.list_notifications(user=user, before=before),
        "summary": notifications.summarise(user) if part else None,
    }
    return render(request, f"{_TEMPLATE}{part}", context)


def _line(request: HttpRequest, user: User, entry: Entry) -> HttpResponse:
    context = {"entry": entry, "summary": notifications.summarise(user)}
    return render(request, f"{_TEMPLATE}#line", context)


def _summary(request: HttpRequest, user: User, part: str) -> HttpResponse:
    context = {"summary": notifications.summarise(user)}
    return render(request, f"accounts/notifications_beside.html{part}", context)


def _entry_or_404(user: User, notification_id: UUID) -> Entry:
    entry = notifications.find_entry(user=user, notification_id=notification_id)
    if entry is None:
        raise Http404
    return entry
