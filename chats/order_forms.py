"""Forms of folders and tags. Rules about content live in `chats.folders` and `chats.tags`."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chats.folder_trees import Branch, flat_tree
from chats.models import FOLDER_NAME_LENGTH, TAG_NAME_LENGTH, Folder, Tag

INDENT = "\u2003"
"""Before the names of folders in folders, for each level: lists to choose from know no nesting."""

_ATTRS = {"class": "input", "dir": "auto", "autocomplete": "off"}


class FolderForm(forms.Form):
    """A folder, as its owner sets it up."""

    name = forms.CharField(
        label=_("Name"),
        strip=False,
        required=False,
        widget=forms.TextInput(attrs={**_ATTRS, "maxlength": FOLDER_NAME_LENGTH}),
    )
    parent = forms.ChoiceField(
        label=_("Inside"), required=False, widget=forms.Select(attrs={"class": "input"})
    )
    system_prompt = forms.CharField(
        label=_("System prompt"),
        required=False,
        strip=False,
        help_text=_(
            "New chats in this folder start with it. Those in it already stay as they are."
        ),
        widget=forms.Textarea(attrs={**_ATTRS, "rows": 6}),
    )
    default_model = forms.CharField(
        label=_("Model"),
        required=False,
        max_length=251,
        help_text=_(
            "New chats in this folder start with it. Empty: the one you start with always."
        ),
        widget=forms.TextInput(
            attrs={
                **_ATTRS,
                "dir": "ltr",
                "list": "folder-models",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )

    def __init__(
        self, data: Any = None, *, user: User, folder: Folder | None = None, parent: str = ""
    ) -> None:
        initial = {"parent": parent}
        if folder:
            initial = {
                "name": folder.name,
                "parent": str(folder.parent_id or ""),
                "system_prompt": folder.system_prompt,
                "default_model": folder.default_model,
            }
        super().__init__(data, initial=initial, auto_id="folder-%s")
        places = _places(flat_tree(user=user), without=folder.id if folder else None)
        self._folders = {str(branch.folder.id): branch.folder for branch in places}
        field = cast(forms.ChoiceField, self.fields["parent"])
        field.choices = [("", _("No other folder")), *map(choice, places)]

    def clean_parent(self) -> Folder | None:
        """The folder that was chosen."""
        return self._folders.get(self.cleaned_data["parent"])


class TagForm(forms.Form):
    """A tag, as its owner wants it."""

    name = forms.CharField(
        label=_("Name"),
        strip=False,
        required=False,
        widget=forms.TextInput(attrs={**_ATTRS, "maxlength": TAG_NAME_LENGTH}),
    )
    colour = forms.ChoiceField(
        label=_("Colour"), choices=Tag.Colour.choices, widget=forms.RadioSelect
    )

    def __init__(self, data: Any = None, *, tag: Tag) -> None:
        initial = {"name": tag.name, "colour": tag.colour}
        super().__init__(data, initial=initial, auto_id="tag-%s")


def add_errors(form: forms.Form, error: ValidationError) -> None:
    """Show in a form why the domain refused it, beside its fields where the domain names them."""
    for name, errors in getattr(error, "error_dict", {None: error}).items():
        form.add_error(name if name in form.fields else None, errors)


def choice(branch: Branch) -> tuple[str, str]:
    """A folder as an entry of a list to choose from."""
    return str(branch.folder.id), INDENT * (branch.level - 1) + branch.folder.name


def _places(branches: list[Branch], *, without: UUID | None) -> list[Branch]:
    """Where a folder can be put: neither into itself nor into what is inside it."""
    places, inside_of = [], 0
    for branch in branches:
        if inside_of and branch.level > inside_of:
            continue
        inside_of = branch.level if branch.folder.id == without else 0
        if not inside_of:
            places.append(branch)
    return places
