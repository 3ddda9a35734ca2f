"""Templates of prompts: their pages, and the parts of them that the composer asks for."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chats.access import own_template_or_404, template_or_404
from chats.library import (
    copy_entry,
    create_template,
    delete_entry,
    fill_template,
    search,
    update_template,
    variables_of,
)
from chats.library_forms import TemplateForm, VariablesForm
from chats.models import LibraryEntry, PromptTemplate
from chats.variables import find_mistaken, find_variables
from chats.views.answers import PageRequest, SeeOther, page, refuse
from chats.views.pages import show_new_chat

PAGE_SIZE = 50
OFFERED = 20
"""Rows that the composer shows."""
MOST_WORDS = 100

URLS = {
    "list": "chats:templates",
    "add": "chats:new_template",
    "show": "chats:template",
    "use": "chats:use_template",
    "copy": "chats:copy_template",
    "delete": "chats:delete_template",
}
"""Names of addresses, by what they are for: templates and presets share some pages."""


@page("GET", "HEAD")
def templates(request: PageRequest) -> HttpResponse:
    """Those that can be used, `?q=` narrows them; for htmx the best ones, for the composer."""
    return show_list(request, PromptTemplate, {"kind": "templates", "urls": URLS})


@page("GET", "HEAD", "POST")
def new_template(request: PageRequest) -> HttpResponse:
    """GET: an empty form. POST: keep a template."""
    form = TemplateForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "kind": "templates", "urls": URLS}
    if form.is_bound and form.is_valid():
        try:
            made = create_template(user=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _saved(request, made)
    return render(request, "chats/template.html", context, status=422 if form.errors else 200)


@page("GET", "HEAD", "POST")
def template(request: PageRequest, template_id: UUID) -> HttpResponse:
    """GET: the form, or the text of somebody else's. POST: change one's own."""
    if request.method == "POST":
        found = own_template_or_404(request.user, template_id)
    else:
        found = template_or_404(request.user, template_id)
    context: dict[str, Any] = {"entry": found, "kind": "templates", "urls": URLS}
    if found.owner_id != request.user.id:
        return render(request, "chats/template.html", context)
    stored = {"name": found.name, "content": found.content, "is_shared": found.is_shared}
    form = TemplateForm(request.POST if request.method == "POST" else None, initial=stored)
    if form.is_bound and form.is_valid():
        try:
            update_template(template=found, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _saved(request, found)
    context |= {"form": form, "title": stored["name"], **_blanks(found.content)}
    return render(request, "chats/template.html", context, status=422 if form.errors else 200)


@page("POST")
def delete_template(request: PageRequest, template_id: UUID) -> HttpResponse:
    """For good."""
    found = own_template_or_404(request.user, template_id)
    delete_entry(entry=found)
    return to_list(request, URLS, _("“%(name)s” was deleted."), found)


@page("POST")
def copy_template(request: PageRequest, template_id: UUID) -> HttpResponse:
    """An own one of the same text, to change."""
    return show_copy(request, URLS, template_or_404(request.user, template_id))


@page("GET", "HEAD", "POST")
def use_template(request: PageRequest, template_id: UUID) -> HttpResponse:
    """The text: as plain text for htmx, else in a new chat. Before it, a form of the variables."""
    found = template_or_404(request.user, template_id)
    variables = variables_of(found)
    asked = request.method == "POST" or not variables
    form = VariablesForm(request.POST if asked else None, variables=variables)
    if asked and form.is_valid():
        try:
            text = fill_template(template=found, values=form.values(), today=timezone.localdate())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            if request.htmx:
                return HttpResponse(text, content_type="text/plain; charset=utf-8")
            return show_new_chat(request, content=text)
    part = "#dialog" if request.htmx else ""
    context = {"entry": found, "form": form, "kind": "templates", "urls": URLS}
    status = 422 if form.errors else 200
    return render(request, f"chats/template_use.html{part}", context, status=status)


def show_list(
    request: PageRequest, kind: type[LibraryEntry], context: dict[str, Any]
) -> HttpResponse:
    """The page of all entries of a kind, in parts; for htmx the list over the composer."""
    words = request.GET.get("q", "")[:MOST_WORDS].strip()
    if request.htmx:
        rows, total = search(kind, user=request.user, words=words, count=OFFERED)
        context |= {"rows": rows, "total": total, "words": words, "said": _said(total)}
        return render(request, "chats/library.html#offered", context)
    asked = request.GET.get("page", "")[:6]
    number = max(int(asked), 1) if asked.isdecimal() else 1
    first = (number - 1) * PAGE_SIZE
    rows, total = search(kind, user=request.user, words=words, first=first, count=PAGE_SIZE)
    context |= {
        "rows": rows,
        "total": total,
        "words": words,
        "before": number - 1,
        "after": number + 1 if first + PAGE_SIZE < total else 0,
    }
    return render(request, "chats/library.html", context)


def show_copy(request: PageRequest, urls: dict[str, str], entry: LibraryEntry) -> HttpResponse:
    """The form of a copy that is one's own from now on."""
    try:
        copied = copy_entry(entry=entry, user=request.user)
    except ValidationError as error:
        return refuse(request, error, back=SeeOther(reverse(urls["list"])))
    messages.success(request, _("This copy is yours: change it as you like."))
    return SeeOther(reverse(urls["show"], args=[copied.id]))


def to_list(
    request: PageRequest, urls: dict[str, str], said: str, entry: LibraryEntry
) -> HttpResponse:
    """Back to all, with what was done."""
    messages.success(request, said % {"name": entry.name})
    return SeeOther(reverse(urls["list"]))


def _saved(request: PageRequest, entry: PromptTemplate) -> HttpResponse:
    """Back to all; to the text when something in it was meant as a blank and is none."""
    if not find_mistaken(entry.content):
        return to_list(request, URLS, _("“%(name)s” was saved."), entry)
    messages.warning(request, _("“%(name)s” was saved. Look at its blanks.") % {"name": entry.name})
    return SeeOther(reverse(URLS["show"], args=[entry.id]))


def _blanks(text: str) -> dict[str, Any]:
    return {"variables": find_variables(text), "mistaken": find_mistaken(text)}


def _said(total: int) -> str:
    return ngettext("%(count)d found", "%(count)d found", total) % {"count": total}
