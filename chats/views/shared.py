"""What others see of a shared link: the page, its files, and going on from it.

The page needs no script and no cookie and sets none. It is not to be kept by anybody: revoking a
link is to be the end of it (`config.middleware.SharedLinkMiddleware`).
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Final, cast
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.models import User
from chats import copies, sharing
from chats.models import Attachment, SharedLink
from chats.snapshots import files_of, shown
from chats.views.answers import PageRequest, SeeOther, page, parsed_id, refuse, to_conversation
from chats.views.uploads import SHOWN_INLINE, served

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_COUNTED_EVERY: Final = 30 * 60
"""Seconds in which one visitor counts once."""
_ROBOT: Final = re.compile(
    r"bot|crawl|spider|slurp|preview|externalhit|embed|whatsapp|telegram|slack|discord|https?://"
    r"|^(?!Mozilla)",
    re.IGNORECASE,
)


def _shared(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view of a link that its visitor may open. All others get the same 404, whatever the cause.

    Who is not signed in, and might open it if they were, is sent to sign in and comes back.
    """

    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, token: str, **ids: UUID) -> HttpResponseBase:
        link = sharing.open_link(token, _visitor(request))
        if link is not None:
            return view(request, link, **ids)
        if _visitor(request) is not None or not sharing.asks_for_sign_in(token):
            raise Http404
        if cast(PageRequest, request).htmx:
            return HttpResponse(status=401)
        return redirect_to_login(request.get_full_path())

    return guarded


@_shared
def shared(request: HttpRequest, link: SharedLink) -> HttpResponse:
    """A page of the snapshot."""
    number = _number(request.GET.get("page", ""))
    turns = sharing.page_of(link, number)
    if turns is None:
        raise Http404
    if number == 1 and _counts(request, link):
        sharing.count_view(link=link)
    context = {
        "link": link,
        "by": link.owner.username if link.shows_name else "",
        "turns": shown(turns, files_of(turns)),
        "number": number,
        "count": link.pages.count(),
        "is_public": link.audience == SharedLink.Audience.PUBLIC,
    }
    answer = render(request, "chats/shared.html", context)
    answer["Content-Security-Policy"] = _POLICY
    return answer


@_shared
def shared_file(request: HttpRequest, link: SharedLink, attachment_id: UUID) -> HttpResponseBase:
    """A file of the snapshot, as harmless as its owner's page has it."""
    found = _file(link, attachment_id)
    inline = found.media_type in SHOWN_INLINE
    return served(found.file, found.media_type if inline else "", found.name)


@_shared
def shared_thumbnail(
    request: HttpRequest, link: SharedLink, attachment_id: UUID
) -> HttpResponseBase:
    """An image of the snapshot, small enough for a page."""
    found = _file(link, attachment_id)
    if found.thumbnail:
        return served(found.thumbnail, "image/webp", found.name)
    if found.media_type not in SHOWN_INLINE:
        raise Http404
    return served(found.file, found.media_type, found.name)


def continue_shared(request: HttpRequest, token: str) -> HttpResponseBase:
    """Go on from the snapshot; who has to sign in for that is told why."""
    if _visitor(request) is None and request.method == "GET":
        messages.info(request, _("Sign in to go on with the chat in one of your own."))
    return _continue_shared(request, token)


@page("GET", "HEAD", "POST")
def _continue_shared(request: PageRequest, token: str) -> HttpResponse:
    """Go on from the snapshot in a chat of one's own, after being asked."""
    link = sharing.open_link(token, request.user)
    if link is None:
        raise Http404
    if request.method != "POST":
        return render(request, "chats/shared_continue.html", {"link": link})
    key = parsed_id(request.POST.get("key"))
    try:
        copied = copies.copy_shared(link=link, user=request.user, key=key)
    except ValidationError as error:
        return refuse(request, error, back=SeeOther(reverse("chats:new")))
    if copied.left_out:
        said = ngettext(
            "%(count)d file did not come along.",
            "%(count)d files did not come along.",
            copied.left_out,
        )
        messages.warning(request, said % {"count": copied.left_out})
    return to_conversation(copied.conversation.id)


def _visitor(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _file(link: SharedLink, attachment_id: UUID) -> Attachment:
    found = sharing.find_file(link, attachment_id)
    if found is None:
        raise Http404
    return found


def _number(text: str) -> int:
    """Of a page; 0, which none has, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else int(not text)


def _counts(request: HttpRequest, link: SharedLink) -> bool:
    """Whether this is a look by somebody: not its owner's, a robot's, or one made in advance.

    Who looked is kept for half an hour, in memory, as a hash: the same visitor counts once in it.
    """
    user = _visitor(request)
    headers = request.headers
    agent = headers.get("User-Agent", "")
    is_ahead = "fetch" in f"{headers.get('Sec-Purpose', '')}{headers.get('Purpose', '')}"
    if request.method != "GET" or is_ahead or _ROBOT.search(agent):
        return False
    if user is not None and user.id == link.owner_id:
        return False
    who = str(user.id) if user else f"{get_adapter().get_client_ip(request)}\0{agent}"
    key = salted_hmac("chats.views.shared", f"{link.id}\0{who}", algorithm="sha256").hexdigest()
    return caches["views"].add(key, 1, _COUNTED_EVERY)
