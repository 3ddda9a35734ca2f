"""What the fields of forms and addresses say of chats that are meant.

`conversation`, repeated: ticked ones. `every`: all that match `show`, `folder` and `tag` instead.
"""

from uuid import UUID

from django.http import Http404, QueryDict
from django.utils.http import urlencode

from chats.selection import Criteria, Selection, Show, Sort
from chats.views.answers import parsed_id

NO_FOLDER = "none"
"""As `folder`: chats in no folder."""


def criteria_of(data: QueryDict) -> Criteria:
    """What chats have to be like. What is empty narrows nothing.

    Raises Http404 for what cannot be understood: were it passed over, all chats would be meant.
    """
    show, folder = data.get("show", ""), data.get("folder", "")
    if show not in list(Show):
        raise Http404
    return Criteria(
        show=Show(show),
        folder=None if folder == NO_FOLDER else _id_or_404(folder),
        without_folder=folder == NO_FOLDER,
        tag=_id_or_404(data.get("tag", "")),
    )


def selection_of(data: QueryDict) -> Selection:
    """What is selected in a form. Raises Http404 as `criteria_of` does."""
    criteria = criteria_of(data)
    if data.get("every"):
        return Selection(criteria=criteria)
    ids = (parsed_id(each) for each in data.getlist("conversation"))
    return Selection(ids=tuple(each for each in ids if each))


def sort_of(data: QueryDict) -> Sort:
    """The order of the list."""
    sort = data.get("sort", "")
    return Sort(sort) if sort in list(Sort) else Sort.NEWEST


def query_of(criteria: Criteria, sort: Sort, **place: str) -> str:
    """The same as the end of an address, or nothing."""
    folder = NO_FOLDER if criteria.without_folder else criteria.folder
    said = {"show": criteria.show, "folder": folder, "tag": criteria.tag, "sort": sort, **place}
    query = urlencode({name: str(value) for name, value in said.items() if value})
    return f"?{query}" if query else ""


def _id_or_404(named: str) -> UUID | None:
    """None for nothing."""
    found = parsed_id(named)
    if named and not found:
        raise Http404
    return found
