"""Forms of templates and presets. Rules about content live in `chats.library`, `chats.presets`."""

from typing import Any, cast
from urllib.parse import quote, unquote

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chats.conversations import ChatSettings, chat_options
from chats.forms import OptionsForm, SettingsForm
from chats.models.library import NAME_LENGTH
from chats.variables import Kind, Variable
from providers.option_fields import PREFIX, chosen_options, option_fields
from providers.options import clean_options, known_options

VALUE = "value_"
"""Before the quoted names of variables: they hold blanks, and one may be called `csrf…`."""

_LINE = 2_000
_ATTRS = {"class": "input", "dir": "auto", "autocomplete": "off"}


def _name() -> forms.CharField:
    attrs = {**_ATTRS, "maxlength": NAME_LENGTH}
    return forms.CharField(
        label=_("Name"), strip=False, widget=forms.TextInput(attrs=attrs), required=False
    )


def _is_shared() -> forms.BooleanField:
    return forms.BooleanField(
        label=_("Share it with everybody on this site"),
        help_text=_("Others can use and copy it, and see your username beside it."),
        required=False,
    )


class TemplateForm(forms.Form):
    """A template, as its owner writes it."""

    name = _name()
    content = forms.CharField(
        label=_("Text"),
        strip=False,
        required=False,
        widget=forms.Textarea(attrs={**_ATTRS, "rows": 10}),
    )
    is_shared = _is_shared()


class PresetForm(OptionsForm):
    """A preset, as its owner sets it up: with the options of its model's adapter."""

    name = _name()
    model = forms.CharField(
        label=_("Model"),
        required=False,
        max_length=251,
        widget=forms.TextInput(
            attrs={
                **_ATTRS,
                "dir": "ltr",
                "list": "preset-models",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )
    system_prompt = forms.CharField(
        label=_("System prompt"),
        required=False,
        strip=False,
        help_text=_("Tells the model who it is and how to answer, in every turn of a chat."),
        widget=forms.Textarea(attrs={**_ATTRS, "rows": 6}),
    )
    temperature = SettingsForm.base_fields["temperature"]
    top_p = SettingsForm.base_fields["top_p"]
    max_tokens = SettingsForm.base_fields["max_tokens"]
    is_shared = _is_shared()

    def __init__(self, data: Any = None, *, user: User, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial, auto_id="preset-%s")
        model = str(data.get("model", "")) if data is not None else initial["model"]
        self._options = chat_options(model.replace("\0", "").strip()[:251], user=user)
        self._stored = known_options(self._options, initial["options"])
        self.fields |= option_fields(
            self._options, values=self._stored, unset=gettext("Default of the connection")
        )

    @property
    def main_fields(self) -> list[BoundField]:
        """What every preset has."""
        return [self[name] for name in self.fields if not self._is_more(name)]

    def settings(self) -> ChatSettings:
        """What was entered, once the form is valid."""
        values = self.cleaned_data
        return {
            "system_prompt": values["system_prompt"],
            "temperature": values["temperature"],
            "top_p": values["top_p"],
            "max_tokens": values["max_tokens"],
            "options": values["options"],
        }

    def clean(self) -> dict[str, Any]:
        """With the options together; those that the page did not show stay as they are."""
        cleaned: dict[str, Any] = self.cleaned_data
        shown = [each for each in self._options if PREFIX + each.name in self.data]
        names = {each.name for each in shown}
        kept = {name: value for name, value in self._stored.items() if name not in names}
        try:
            chosen = chosen_options(shown, cleaned)
            cleaned["options"] = kept | clean_options(shown, chosen, per_chat=True)
        except ValidationError as error:
            for name, errors in error.error_dict.items():
                self.add_error(PREFIX + name, cast(Any, errors))
        cleaned["model"] = cleaned.get("model", "").strip()
        return cleaned

    def refuse(self, error: ValidationError) -> None:
        """Show why the domain refused what was entered, beside its fields where it says them."""
        for name, errors in getattr(error, "error_dict", {None: error}).items():
            known = next((n for n in (name, f"{PREFIX}{name}") if n in self.fields), None)
            self.add_error(known, errors)

    @staticmethod
    def _is_more(name: str) -> bool:
        return name == "is_shared" or name.startswith(PREFIX)


class VariablesForm(forms.Form):
    """A field for each variable of a template."""

    def __init__(self, data: Any = None, *, variables: list[Variable]) -> None:
        super().__init__(data)
        for variable in variables:
            self.fields[VALUE + quote(variable.name)] = _field(variable)

    def values(self) -> dict[str, str]:
        """What was entered, by the variables' names, once the form is valid."""
        return {
            unquote(name.removeprefix(VALUE)): str(value).replace("\r\n", "\n")
            for name, value in self.cleaned_data.items()
        }


def _field(variable: Variable) -> forms.Field:
    attrs: dict[str, Any] = dict(_ATTRS)
    match variable.kind:
        case Kind.TEXT:
            widget = forms.TextInput(attrs=attrs)
            return forms.CharField(label=variable.name, max_length=_LINE, widget=widget)
        case Kind.LONG:
            area = forms.Textarea(attrs={**attrs, "rows": 4})
            return forms.CharField(label=variable.name, strip=False, widget=area)
        case Kind.CHOICE:
            choices = [(each, each) for each in variable.choices]
            return forms.ChoiceField(
                label=variable.name, choices=choices, widget=forms.Select(attrs=attrs)
            )
        case Kind.DATE:
            day = forms.DateInput(format="%Y-%m-%d", attrs={**attrs, "type": "date"})
            return forms.DateField(label=variable.name, input_formats=["%Y-%m-%d"], widget=day)
