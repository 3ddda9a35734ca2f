"""What people type into the pages, parsed. Rules about content live in the domain modules."""

from collections.abc import Sequence
from typing import Any, Self, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chats.conversations import chat_options
from chats.models import Conversation
from chats.picker import Suggestion, suggestions
from providers.option_fields import PREFIX, chosen_options, option_fields
from providers.options import Option, clean_options, known_options

_PROVIDERS = _("Default of the provider")


class OptionsForm(forms.Form):
    """Has the options of a model's provider behind its own fields."""

    @property
    def more_fields(self) -> list[BoundField]:
        """The options of the model's provider."""
        return [self[name] for name in self.fields if name.startswith(PREFIX)]

    @property
    def more_is_open(self) -> bool:
        """Whether there is something in them that should be seen."""
        return any(field.errors or field.value() not in (None, "") for field in self.more_fields)


class SettingsForm(OptionsForm):
    """How the next replies of a conversation are made. Empty means the provider's own default."""

    system_prompt = forms.CharField(
        label=_("System prompt"),
        required=False,
        strip=False,
        help_text=_("Tells the model who it is and how to answer, in every turn of this chat."),
        widget=forms.Textarea(attrs={"class": "input", "rows": 5}),
    )
    temperature = forms.FloatField(
        label=_("Temperature"),
        required=False,
        help_text=_("0 is the most predictable, 2 the most varied."),
        widget=forms.NumberInput(
            attrs={
                "class": "input",
                "min": 0,
                "max": 2,
                "step": "any",
                "inputmode": "decimal",
                "placeholder": _PROVIDERS,
            }
        ),
    )
    top_p = forms.FloatField(
        label=_("Top-p"),
        required=False,
        help_text=_("Share of the likeliest words to choose from, 0 to 1."),
        widget=forms.NumberInput(
            attrs={
                "class": "input",
                "min": 0,
                "max": 1,
                "step": "any",
                "inputmode": "decimal",
                "placeholder": _PROVIDERS,
            }
        ),
    )
    max_tokens = forms.IntegerField(
        label=_("Max tokens"),
        required=False,
        help_text=_("Where a reply is cut off."),
        widget=forms.NumberInput(
            attrs={"class": "input", "min": 1, "inputmode": "numeric", "placeholder": _PROVIDERS}
        ),
    )

    fallback_model = forms.CharField(
        label=_("Second model"),
        required=False,
        max_length=251,
        help_text=_(
            "Answers when the first fails before its first word. Type “none” for no other."
        ),
        widget=forms.TextInput(
            attrs={
                "class": "input",
                "list": "fallback-models",
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "dir": "ltr",
            }
        ),
    )

    def __init__(
        self, data: Any = None, *, conversation: Conversation, options: Sequence[Option] = ()
    ) -> None:
        initial = {name: getattr(conversation, name) for name in self.base_fields}
        super().__init__(data, initial=initial, auto_id="setting-%s")
        self._options = tuple(options)
        self._conversation = conversation
        chosen = known_options(self._options, conversation.options)
        self.fields |= option_fields(
            self._options, values=chosen, unset=gettext("Default of the connection")
        )
        self.fields["fallback_model"].widget.attrs["placeholder"] = _site_fallback()

    @classmethod
    def of(cls, conversation: Conversation, *, user: User, data: Any = None) -> Self:
        """The form showing, or changing, a conversation's settings. At most one query."""
        options = chat_options(conversation.model_name, user=user)
        return cls(data, conversation=conversation, options=options)

    @property
    def main_fields(self) -> list[BoundField]:
        """What every model knows."""
        return [self[name] for name in self.fields if not name.startswith(PREFIX)]

    def clean(self) -> dict[str, Any]:
        """With the options together under `options`; those that were not shown stay.

        A page may be older than the model, and not know its options.
        """
        cleaned = {name: self.cleaned_data.get(name) for name in self.base_fields}
        shown = [each for each in self._options if PREFIX + each.name in self.data]
        others = [each for each in self._options if each not in shown]
        kept = known_options(others, self._conversation.options)
        try:
            chosen = chosen_options(shown, self.cleaned_data)
            cleaned["options"] = kept | clean_options(shown, chosen, per_chat=True)
        except ValidationError as error:
            for name, errors in error.error_dict.items():
                self.add_error(PREFIX + name, cast(Any, errors))
        if "fallback_model" not in self.data:
            cleaned["fallback_model"] = None
        return cleaned

    def suggested(self) -> list[Suggestion]:
        """Models that could be the second: all but the first."""
        conversation = self._conversation
        found = suggestions(conversation.owner)
        return [each for each in found if each.name != conversation.model_name]


def _site_fallback() -> str:
    if settings.FALLBACK_MODEL:
        return gettext("The site's: %(model)s") % {"model": settings.FALLBACK_MODEL}
    return gettext("None")
