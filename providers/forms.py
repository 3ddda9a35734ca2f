"""Forms of the keys page. What a value must be is said by `providers.keys`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from providers.keys import addable_kinds
from providers.models import ApiKey


class ConnectionForm(forms.Form):
    """What adding and changing have in common."""

    key_name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("How you tell it from others.")
    )
    key = forms.CharField(
        label=_("Key"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    base_url = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text=_("Only for a server of your own. Empty: the provider's own address."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxInput):
                field.widget.attrs["class"] = "input"


class AddKeyForm(ConnectionForm):
    """A new key; an administrator may add it for everyone."""

    provider = forms.ChoiceField(label=_("Provider"))
    for_everyone = forms.BooleanField(
        label=_("For everyone on this site"), required=False, initial=False
    )
    field_order = ("provider", "key_name", "key", "base_url", "for_everyone")

    def __init__(self, *args: Any, is_administrator: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"].choices = [  # type: ignore[attr-defined]
            (kind, adapter.label) for kind, adapter in addable_kinds().items()
        ]
        self.fields["key"].help_text = _("Stored encrypted, and never shown again.")
        if not is_administrator:
            del self.fields["for_everyone"]


class ChangeKeyForm(ConnectionForm):
    """An existing key; its text is never filled in."""

    is_active = forms.BooleanField(label=_("Use it"), required=False)
    field_order = ("key_name", "key", "base_url", "is_active")

    def __init__(self, *args: Any, instance: ApiKey, **kwargs: Any) -> None:
        initial = {
            "key_name": instance.key_name,
            "base_url": instance.base_url,
            "is_active": instance.is_active,
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["key"].label = _("New key")
        self.fields["key"].help_text = _("Empty: the stored one stays.")
