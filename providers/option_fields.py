"""Form fields drawn from an adapter's description of its options."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from providers.options import Option
from providers.types import OptionValue

PREFIX = "option_"
"""Of the fields' names: an adapter may call an option as a form calls a field of its own."""

_BOOLEANS = {"": None, "yes": True, "no": False}


def option_fields(
    options: Iterable[Option], *, values: Mapping[str, OptionValue], unset: str
) -> dict[str, forms.Field]:
    """A field for each option, by prefixed name, showing `values`.

    `unset` says what an empty field means, e.g. "Default of the provider". What is entered is
    checked by `providers.options.clean_options`, not here.
    """
    fields = {}
    for option in options:
        field = _field(option, unset=unset)
        field.initial = _shown(option, values.get(option.name))
        fields[PREFIX + option.name] = field
    return fields


def chosen_options(
    options: Iterable[Option], cleaned_data: Mapping[str, Any]
) -> dict[str, OptionValue]:
    """The values in a form's `cleaned_data`, by the options' names; empty ones are left out."""
    chosen: dict[str, OptionValue] = {}
    for option in options:
        value = cleaned_data.get(PREFIX + option.name)
        if option.type == "boolean":
            value = _BOOLEANS.get(value or "")
        if value is not None and value != "":
            chosen[option.name] = value
    return chosen


def _field(option: Option, *, unset: str) -> forms.Field:
    about: dict[str, Any] = {
        "label": option.label,
        "help_text": option.help,
        "required": False,
    }
    attrs: dict[str, Any] = {"class": "input", "placeholder": unset}
    match option.type:
        case "boolean":
            choices = [("", unset), ("yes", _("Yes")), ("no", _("No"))]
            return forms.ChoiceField(**about, choices=choices, widget=_select())
        case "choice":
            choices = [("", unset), *((value, str(label)) for value, label in option.choices)]
            return forms.ChoiceField(**about, choices=choices, widget=_select())
        case "integer" | "number":
            limits = {"min": option.minimum, "max": option.maximum}
            attrs |= {name: value for name, value in limits.items() if value is not None}
            if option.type == "integer":
                widget = forms.NumberInput(attrs={**attrs, "inputmode": "numeric"})
                return forms.IntegerField(**about, widget=widget)
            widget = forms.NumberInput(attrs={**attrs, "step": "any", "inputmode": "decimal"})
            return forms.FloatField(**about, widget=widget)
        case "json":
            attrs |= {"rows": 3, "spellcheck": "false", "dir": "ltr"}
            return forms.CharField(**about, widget=forms.Textarea(attrs=attrs))
        case "text":
            return forms.CharField(**about, widget=forms.TextInput(attrs=attrs))


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "input"})


def _shown(option: Option, value: OptionValue | None) -> Any:
    if value is None:
        return ""
    if option.type == "boolean":
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False) if option.type == "json" else value
