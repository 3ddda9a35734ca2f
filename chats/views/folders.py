"""Folders: their pages, and putting chats into them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from chats.access import conversation_or_404, folder_or_404
from chats.folder_trees import find_branch, flat_tree, folder_tree, path_of
from chats.folders import (
    create_folder,
    delete_folder,
    move_conversations,
    move_folder,
    update_folder,
)
from chats.listing import list_in
from chats.models import Conversation, Folder
from chats.order_forms import FolderForm, add_errors, choice
from chats.shelves import COOKIE, open_shelf, parse_opened
from chats.views import answers
from chats.views.answers import PageRequest, SeeOther, list_anew, open_id, page, parsed_id
from chats.views.chosen_folder import posted_folder, with_opened


@page("GET", "HEAD")
def folders(request: PageRequest) -> HttpResponse:
    """All folders."""
    context = {"branches": flat_tree(user=request.user)}
    return render(request, "chats/folders.html", context)


@page("GET", "HEAD", "POST")
def new_folder(request: PageRequest) -> HttpResponse:
    """GET: a form, for one inside `?parent=`. POST: make it."""
    data = request.POST if request.method == "POST" else None
    form = FolderForm(data, user=request.user, parent=request.GET.get("parent", ""))
    if form.is_bound and form.is_valid():
        try:
            made = create_folder(user=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return with_opened(request, _to_folder(made.id), made)
    return _form_page(request, form)


@page("GET", "HEAD")
def folder(request: PageRequest, folder_id: UUID) -> HttpResponse:
    """What is in a folder; for htmx a further page of it, or the first one anew."""
    found = folder_or_404(request.user, folder_id)
    before = parsed_id(request.GET.get("before"))
    context: dict[str, Any] = {"folder": found, "path": path_of(found)[:-1]}
    context["found"] = list_in(user=request.user, folder=found, before=before)
    context["address"] = request.path
    if not before:
        branch = find_branch(folder_tree(user=request.user), found.id)
        context["branches"] = branch.children if branch else []
    part = ("#rows" if before else "#inside") if request.htmx else ""
    return render(request, f"chats/folder.html{part}", context)


@page("GET", "HEAD")
def inside(request: PageRequest, folder_id: UUID) -> HttpResponse:
    """What the sidebar shows of a folder that is opened in it."""
    found = folder_or_404(request.user, folder_id)
    if not request.htmx:
        return _to_folder(found.id)
    opened = parse_opened(request.COOKIES.get(COOKIE, ""))
    current_id = open_id(request)
    shelf = open_shelf(folder=found, user=request.user, opened=opened, current_id=current_id)
    context = {"shelf": shelf, "current_id": current_id}
    return render(request, "chats/sidebar.html#inside", context)


@page("GET", "HEAD")
def menu(request: PageRequest, folder_id: UUID) -> HttpResponse:
    """The menu of a folder in the sidebar, or the same as a page."""
    context = {"folder": folder_or_404(request.user, folder_id)}
    template = "chats/folder_menu.html#menu" if request.htmx else "chats/folder_menu.html"
    return render(request, template, context)


@page("GET", "HEAD", "POST")
def settings(request: PageRequest, folder_id: UUID) -> HttpResponse:
    """A folder's name, place, prompt and model. `?delete=1` shows how it is deleted,
    `?move=1` starts at its place.
    """
    found = folder_or_404(request.user, folder_id)
    title = found.name
    data = request.POST if request.method == "POST" else None
    form = FolderForm(data, user=request.user, folder=found)
    if "move" in request.GET and not form.is_bound:
        form.fields["parent"].widget.attrs["autofocus"] = True
    if form.is_bound and form.is_valid():
        try:
            update_folder(folder=found, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("“%(name)s” was saved.") % {"name": found.name})
            return _to_folder(found.id)
    return _form_page(request, form, folder=found, title=title)


@page("POST")
def move(request: PageRequest, folder_id: UUID) -> HttpResponse:
    """Into the folder that the form names, or to the top."""
    found = folder_or_404(request.user, folder_id)
    back = SeeOther(reverse("chats:folders"))
    try:
        move_folder(folder=found, parent=posted_folder(request))
    except ValidationError as error:
        return answers.refuse(request, error, back=back)
    messages.success(request, _("“%(name)s” was moved.") % {"name": found.name})
    return list_anew(request) if request.htmx else back


@page("POST")
def delete(request: PageRequest, folder_id: UUID) -> HttpResponse:
    """For good; what is in it goes where the folder was."""
    found = folder_or_404(request.user, folder_id)
    parent_id = delete_folder(folder=found)
    messages.success(request, _("“%(name)s” was deleted. Its chats are kept.") % {"name": found})
    return _to_folder(parent_id) if parent_id else SeeOther(reverse("chats:folders"))


@page("GET", "HEAD", "POST")
def move_to_folder(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """GET: which folder a chat goes into, as a dialog or a page. POST: there, perhaps a new one."""
    conversation = conversation_or_404(request.user, conversation_id)
    if request.method != "POST":
        return _move_form(request, conversation)
    try:
        target = posted_folder(request)
        if name := request.POST.get("name", "").strip():
            target = create_folder(user=request.user, name=name, parent=target)
        ids = [conversation.id]
        move_conversations(user=request.user, conversation_ids=ids, folder=target)
    except ValidationError as error:
        if request.htmx and not request.POST.get("sheet"):
            return answers.refuse(request, error, back=SeeOther("/"))
        return _move_form(request, conversation, error=error)
    words = (
        _("“%(title)s” is in “%(folder)s” now.") if target else _("“%(title)s” is in no folder.")
    )
    messages.success(request, words % {"title": conversation, "folder": target})
    if not request.htmx:
        return answers.to_conversation(conversation.id)
    return list_anew(request)


def _move_form(
    request: PageRequest, conversation: Conversation, *, error: ValidationError | None = None
) -> HttpResponse:
    chosen = request.POST.get("folder", str(conversation.folder_id or ""))
    context = {
        "conversation": conversation,
        "choices": [choice(branch) for branch in flat_tree(user=request.user)],
        "chosen": chosen,
        "name": request.POST.get("name", ""),
        "errors": error.messages if error else [],
    }
    return answers.sheet(request, "chats/folder_move.html", context)


def _form_page(
    request: PageRequest, form: FolderForm, *, folder: Folder | None = None, title: str = ""
) -> HttpResponse:
    if folder is None and not form.is_bound:
        form.fields["name"].widget.attrs["autofocus"] = True
    answers.focus_on_errors(form)
    context = {
        "form": form,
        "folder": folder,
        "title": title,
        "wants_delete": "delete" in request.GET,
    }
    status = 422 if form.errors else 200
    return render(request, "chats/folder_settings.html", context, status=status)


def _to_folder(folder_id: UUID) -> SeeOther:
    return SeeOther(reverse("chats:folder", args=[folder_id]))
