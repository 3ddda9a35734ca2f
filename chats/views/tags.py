"""Tags: their pages, and marking chats with them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from chats.access import conversation_or_404, tag_or_404
from chats.listing import list_in
from chats.models import Conversation, Tag
from chats.order_forms import TagForm, add_errors
from chats.tags import create_tag, delete_tag, gone, set_tags, tags_of, update_tag
from chats.views import answers
from chats.views.answers import PageRequest, SeeOther, list_anew, page, parsed_id


@page("GET", "HEAD", "POST")
def tags(request: PageRequest) -> HttpResponse:
    """All tags. POST: a new one."""
    context: dict[str, Any] = {"name": request.POST.get("name", ""), "errors": []}
    if request.method == "POST":
        try:
            made = create_tag(user=request.user, name=context["name"])
        except ValidationError as error:
            context["errors"] = error.messages
        else:
            messages.success(request, _("“%(name)s” was saved.") % {"name": made.name})
            return SeeOther(reverse("chats:tags"))
    context["tags"] = tags_of(request.user)
    status = 422 if context["errors"] else 200
    return render(request, "chats/tags.html", context, status=status)


@page("GET", "HEAD")
def tag(request: PageRequest, tag_id: UUID) -> HttpResponse:
    """The chats with a tag; for htmx a further page of them, or the first one anew."""
    found = tag_or_404(request.user, tag_id)
    before = parsed_id(request.GET.get("before"))
    context = {
        "tag": found,
        "found": list_in(user=request.user, tag=found, before=before),
        "address": request.path,
    }
    part = ("#rows" if before else "#inside") if request.htmx else ""
    return render(request, f"chats/tag.html{part}", context)


@page("GET", "HEAD", "POST")
def tag_settings(request: PageRequest, tag_id: UUID) -> HttpResponse:
    """A tag's name and colour."""
    found = tag_or_404(request.user, tag_id)
    title = found.name
    form = TagForm(request.POST if request.method == "POST" else None, tag=found)
    if form.is_bound and form.is_valid():
        try:
            update_tag(tag=found, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("“%(name)s” was saved.") % {"name": found.name})
            return SeeOther(reverse("chats:tags"))
    answers.focus_on_errors(form)
    context = {"tag": found, "form": form, "title": title}
    status = 422 if form.errors else 200
    return render(request, "chats/tag_settings.html", context, status=status)


@page("POST")
def delete(request: PageRequest, tag_id: UUID) -> HttpResponse:
    """For good; the chats stay."""
    found = tag_or_404(request.user, tag_id)
    delete_tag(tag=found)
    messages.success(request, _("“%(name)s” was deleted. Its chats are kept.") % {"name": found})
    return SeeOther(reverse("chats:tags"))


@page("GET", "HEAD", "POST")
def tags_of_chat(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """GET: which tags a chat has, as a dialog or a page. POST: these, perhaps a new one."""
    conversation = conversation_or_404(request.user, conversation_id)
    if request.method != "POST":
        return _tags_form(request, conversation)
    try:
        chosen = _posted_tags(request)
        if name := request.POST.get("name", "").strip():
            chosen.append(create_tag(user=request.user, name=name))
        set_tags(conversation=conversation, tags=chosen)
    except ValidationError as error:
        return _tags_form(request, conversation, error=error)
    if not request.htmx:
        return answers.to_conversation(conversation.id)
    messages.success(request, _("The tags of “%(title)s” were saved.") % {"title": conversation})
    return list_anew(request)


def _posted_tags(request: PageRequest) -> list[Tag]:
    """Raises ValidationError when one is not there any more, or not the person's."""
    mine = {str(each.id): each for each in tags_of(request.user)}
    try:
        return [mine[named] for named in dict.fromkeys(request.POST.getlist("tag"))]
    except KeyError as error:
        raise gone() from error


def _tags_form(
    request: PageRequest, conversation: Conversation, *, error: ValidationError | None = None
) -> HttpResponse:
    if request.method == "POST":
        chosen = set(request.POST.getlist("tag"))
    else:
        chosen = {str(each) for each in conversation.tags.values_list("id", flat=True)}
    context = {
        "conversation": conversation,
        "tags": [(each, str(each.id) in chosen) for each in tags_of(request.user)],
        "name": request.POST.get("name", ""),
        "errors": error.messages if error else [],
    }
    return answers.sheet(request, "chats/tags_set.html", context)
