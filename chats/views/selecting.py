"""What the fields of forms and addresses say of chats that are meant.

`conversation`, repeated: ticked ones. `every`: all that match `show`, `folder` and `tag` instead.
"""

from django.http import QueryDict
from django.utils.http import urlencode

from chats.selection import Criteria, Selection, Show, Sort
from chats.views.answers import parsed_id

NO_FOLDER = "none"
"""As `folder`: chats in no folder."""


def criteria_of(data: QueryDict) -> Criteria:
    """What chats have to be like. What says nothing narrows nothing."""
    show, folder = data.get("show", ""), data.get("folder", "")
    return Criteria(
        show=Show(show) if show in list(Show) else Show.ALL,
        folder=parsed_id(folder),
        without_folder=folder == NO_FOLDER,
        tag=parsed_id(data.get("tag")),
    )


def selection_of(data: QueryDict) -> Selection:
    """What is selected in a form."""
    if data.get("every"):
        return Selection(criteria=criteria_of(data))
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
