"""Sharing a chat by a link: the form with its preview, the links there are, changing and ending."""

from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from chats import sharing
from chats.access import conversation_or_404, shared_link_or_404
from chats.models import Conversation, Message, SharedLink
from chats.share_forms import ShareForm
from chats.snapshots import files_of, shown, take_snapshot
from chats.views.answers import PageRequest, SeeOther, focus_on_errors, page, parsed_id

_PER_PAGE = 50


@page("GET", "HEAD", "POST")
def share(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """A new link: how it is to be, what others will see, and the links that there are already.

    For htmx the preview alone.
    """
    conversation = conversation_or_404(request.user, conversation_id)
    asked = request.POST if request.method == "POST" else request.GET
    message = _message(conversation, asked.get("message"))
    last = message if asked.get("scope", "message") == "message" else None
    if request.method != "POST":
        initial = {"title": str(conversation), **request.GET.dict()}
        form = ShareForm(initial=initial, by=request.user)
        return _show(request, conversation, form, message=message, last=last)
    form = ShareForm(request.POST, by=request.user)
    if form.is_valid():
        try:
            link = sharing.create_link(
                owner=request.user,
                conversation=conversation,
                last_message=last,
                key=parsed_id(request.POST.get("key")),
                **form.settings,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The link is ready."))
            return _to_link(link)
    return _show(request, conversation, form, message=message, last=last, status=422)


@page("GET", "HEAD", "POST")
def share_link(request: PageRequest, conversation_id: UUID, link_id: UUID) -> HttpResponse:
    """One link: its address, what became of it, and its settings."""
    link = shared_link_or_404(request.user, link_id, conversation_id=conversation_id)
    form = ShareForm(request.POST or None, by=request.user, link=link)
    if request.method == "POST" and form.is_valid():
        try:
            sharing.update_link(link=link, **form.settings)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return _to_link(link)
    focus_on_errors(form)
    has_changed = sharing.has_changed(link)
    looks = has_changed and request.GET.get("preview") == "1"
    context = {
        "link": link,
        "conversation": link.conversation,
        "form": form,
        "preview": _preview(request, link.conversation, _as_is(link), link.last_message)
        if looks
        else None,
        "address": request.build_absolute_uri(reverse("chats:shared", args=[link.token])),
        "has_changed": has_changed,
        "now": timezone.now(),
    }
    status = 422 if form.errors else 200
    return render(request, "chats/share_link.html", context, status=status)


@page("POST")
def refresh_link(request: PageRequest, conversation_id: UUID, link_id: UUID) -> HttpResponse:
    """Show the chat as it is now."""
    link = shared_link_or_404(request.user, link_id, conversation_id=conversation_id)
    try:
        sharing.refresh_snapshot(link=link)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The link shows the chat as it is now."))
    return _to_link(link)


@page("POST")
def revoke_link(request: PageRequest, conversation_id: UUID, link_id: UUID) -> HttpResponse:
    """End it, and back to the list that it was in."""
    link = shared_link_or_404(request.user, link_id, conversation_id=conversation_id)
    sharing.revoke_link(link=link)
    messages.success(request, _("The link was revoked: nobody can open it any more."))
    if request.POST.get("from") == "shares":
        return SeeOther(reverse("chats:shares"))
    return SeeOther(reverse("chats:share", args=[conversation_id]))


@page("GET", "HEAD")
def shares(request: PageRequest) -> HttpResponse:
    """All links of somebody, in the settings."""
    found = Paginator(sharing.links_of(request.user), _PER_PAGE)
    context = {
        "links": found.get_page(request.GET.get("page")),
        "settings_page": "shares",
        "now": timezone.now(),
    }
    return render(request, "chats/shares.html", context)


def _show(
    request: PageRequest,
    conversation: Conversation,
    form: ShareForm,
    *,
    message: Message | None,
    last: Message | None,
    status: int = 200,
) -> HttpResponse:
    part = "#preview" if request.htmx and request.method != "POST" else ""
    focus_on_errors(form)
    context = {
        "conversation": conversation,
        "form": form,
        "message": message,
        "last": last,
        "links": () if part else sharing.links_of(request.user, conversation=conversation),
        "now": timezone.now(),
        **_preview(request, conversation, _asked_for(form, conversation), last),
    }
    return render(request, f"chats/share.html{part}", context, status=status)


def _preview(
    request: PageRequest, conversation: Conversation, look: SharedLink, last: Message | None
) -> dict[str, Any]:
    """What `chats.views.shared` would show of `look`, from the same functions, before it is so."""
    if conversation.is_temporary:
        return {"turns": []}
    asked = request.GET.get("page", "")
    number = max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
    pages = take_snapshot(conversation, last_message=last, with_reasoning=look.shows_reasoning)
    found = list(islice(pages, number - 1, number + 1))
    turns = found[0] if found else []
    query = request.GET.copy()
    query.pop("page", None)
    return {
        "link": look,
        "by": request.user.username if look.shows_name else "",
        "turns": shown(turns, files_of(turns)),
        "number": number,
        "count": number + len(found) - 1,
        "query": query.urlencode(),
    }


def _asked_for(form: ShareForm, conversation: Conversation) -> SharedLink:
    """The link that the form, which may be half filled in, would make; it is nowhere yet."""
    return SharedLink(
        title=str(form["title"].value() or conversation),
        shows_reasoning=bool(form["shows_reasoning"].value()),
        shows_name=bool(form["shows_name"].value()),
    )


def _as_is(link: SharedLink) -> SharedLink:
    """The link as it would be if it were updated now."""
    return SharedLink(
        title=link.title, shows_reasoning=link.shows_reasoning, shows_name=link.shows_name
    )


def _message(conversation: Conversation, text: str | None) -> Message | None:
    """The message of this chat that was named, if any was."""
    if not text:
        return None
    message_id = parsed_id(text)
    found = conversation.messages.filter(id=message_id).first() if message_id else None
    if found is None:
        raise Http404
    return found


def _to_link(link: SharedLink) -> SeeOther:
    return SeeOther(reverse("chats:share_link", args=[link.conversation_id, link.id]))
