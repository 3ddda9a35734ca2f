"""What people type into the pages, parsed. Rules about content live in the domain modules."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from chats.models import Conversation

_PROVIDERS = _("Default of the provider")


class SettingsForm(forms.Form):
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

    @classmethod
    def of(cls, conversation: Conversation, data: Any = None) -> "SettingsForm":
        """The form showing, or changing, a conversation's settings."""
        initial = {name: getattr(conversation, name) for name in cls.base_fields}
        return cls(data, initial=initial, auto_id="setting-%s")
