"""The folder that a new chat's address or its form names."""

from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse

from chats.access import folder_or_404
from chats.folder_trees import path_of
from chats.folders import gone
from chats.models import Folder
from chats.shelves import COOKIE, MOST_OPEN, parse_opened
from chats.views.answers import PageRequest, parsed_id

R = TypeVar("R", bound=HttpResponse)

_YEAR = 31_536_000


def shown_folder(request: PageRequest) -> Folder | None:
    """The folder that the page of a new chat shows; none when the one that was posted is gone.

    Raises Http404 for an address that names one that is not there.
    """
    if request.method == "POST":
        try:
            return posted_folder(request)
        except ValidationError:
            return None
    folder_id = parsed_id(request.GET.get("folder"))
    return folder_or_404(request.user, folder_id) if folder_id else None


def posted_folder(request: PageRequest) -> Folder | None:
    """The folder that a form names, None when it is empty. Raises ValidationError if it is gone."""
    named = request.POST.get("folder")
    if not named:
        return None
    try:
        return folder_or_404(request.user, parsed_id(named) or UUID(int=0))
    except Http404 as error:
        raise gone() from error


def with_opened(request: PageRequest, answer: R, folder: Folder | None) -> R:
    """Have `folder`, and those it is in, open in the sidebar from now on."""
    if folder is None:
        return answer
    opened = parse_opened(request.COOKIES.get(COOKIE, ""))
    path = [each.id for each in path_of(folder)]
    ids = [*opened.difference(path), *path][-MOST_OPEN:]
    answer.set_cookie(
        COOKIE, ".".join(str(each) for each in ids), max_age=_YEAR, samesite="Lax", path="/"
    )
    return answer
