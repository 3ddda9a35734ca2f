"""Forms of the keys page. What a value must be is said by `providers.keys`."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import Group
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from providers.contract import Adapter
from providers.models import ApiKey
from providers.option_fields import PREFIX, chosen_options, option_fields

FOR_ME, FOR_EVERYONE, FOR_GROUPS = "me", "everyone", "groups"


class ConnectionForm(forms.Form):
    """One connection: the fields that its adapter needs, the others under "More options"."""

    key_name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("How you tell it from others.")
    )
    # Not stripped here: what was around the key is removed, and said, by the domain.
    key = forms.CharField(
        label=_("Key"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    base_url = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://", "dir": "ltr"}),
    )
    audience = forms.ChoiceField(
        label=_("Who may use it"), required=False, widget=forms.RadioSelect
    )
    groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        label=_("Groups"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nobody may use it while no group is chosen."),
    )

    focus_when_empty: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        *args: Any,
        adapter: type[Adapter],
        audiences: tuple[str, ...] = (),
        options: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.adapter = adapter
        self._offer_audiences(audiences)
        self.fields["base_url"].help_text = (
            _("Of the server, as it is written in its documentation.")
            if adapter.needs_base_url
            else _("Only for a server of your own. Empty: the provider's own address.")
        )
        unset = str(_("Default of the provider"))
        self.fields.update(option_fields(adapter.options, values=options or {}, unset=unset))
        for field in self.fields.values():
            if not isinstance(field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
                field.widget.attrs["class"] = "input"

    @property
    def main_fields(self) -> Iterator[BoundField]:
        """What has to be looked at."""
        return (self[name] for name in self.fields if not self._is_extra(name))

    @property
    def more_fields(self) -> list[BoundField]:
        """What nobody needs to begin with."""
        return [self[name] for name in self.fields if self._is_extra(name)]

    @property
    def more_is_open(self) -> bool:
        """Whether there is something in it that should be seen."""
        return any(field.errors or field.value() for field in self.more_fields)

    def values(self) -> dict[str, Any]:
        """What was entered, as `keys.add_key` and `keys.update_key` take it, but for the key."""
        entered = self.cleaned_data
        audience = entered.get("audience")
        shared = {"for_everyone": audience == FOR_EVERYONE, "groups": entered.get("groups", ())}
        return {
            "key_name": entered["key_name"],
            "base_url": entered["base_url"],
            "options": chosen_options(self.adapter.options, entered),
            **(shared if audience in (FOR_EVERYONE, FOR_GROUPS) else {}),
        }

    def place_focus(self) -> None:
        """Into the first field with an error, in a new form into the first that is empty."""
        if self.is_bound:
            names = [name for name in self.fields if name in self.errors]
        else:
            names = [name for name in self.focus_when_empty if not self[name].value()]
        for name in names[:1]:
            self.fields[name].widget.attrs["autofocus"] = True

    def _offer_audiences(self, audiences: tuple[str, ...]) -> None:
        labels = {
            FOR_ME: _("Only me"),
            FOR_EVERYONE: _("Everyone on this site"),
            FOR_GROUPS: _("Members of chosen groups"),
        }
        if not audiences:
            del self.fields["audience"], self.fields["groups"]
            return
        field = self.fields["audience"]
        field.choices = [(name, labels[name]) for name in audiences]  # type: ignore[attr-defined]
        field.initial = audiences[0]

    def _is_extra(self, name: str) -> bool:
        if name == "base_url":
            return not self.adapter.needs_base_url
        if name == "key":
            return not self.adapter.needs_key and bool(self.adapter.usual_base_url)
        return name.startswith(PREFIX)


class AddKeyForm(ConnectionForm):
    """A new key; an administrator may add it for others."""

    provider = forms.CharField(widget=forms.HiddenInput)
    focus_when_empty = ("key_name", "key", "base_url")

    def __init__(self, *args: Any, adapter: type[Adapter], may_share: bool, **kwargs: Any) -> None:
        audiences = (FOR_ME, FOR_EVERYONE, FOR_GROUPS) if may_share else ()
        super().__init__(*args, adapter=adapter, audiences=audiences, **kwargs)
        self.fields["provider"].initial = adapter.kind
        self.fields["key"].help_text = (
            _("Stored encrypted, and never shown again.")
            if adapter.needs_key
            else _("Only where the server wants one. Stored encrypted, and never shown again.")
        )

    @property
    def is_for_site(self) -> bool:
        """Whether it is to be a key of the site."""
        return self.cleaned_data.get("audience") in (FOR_EVERYONE, FOR_GROUPS)


class ChangeKeyForm(ConnectionForm):
    """An existing key; its text is never filled in."""

    def __init__(self, *args: Any, stored: ApiKey, adapter: type[Adapter], **kwargs: Any) -> None:
        is_shared = stored.user_id is None
        initial = {
            "key_name": stored.key_name,
            "base_url": stored.base_url,
            "audience": FOR_EVERYONE if stored.for_everyone else FOR_GROUPS,
            "groups": list(stored.groups.all()) if is_shared else [],
        }
        audiences = (FOR_EVERYONE, FOR_GROUPS) if is_shared else ()
        super().__init__(
            *args,
            adapter=adapter,
            audiences=audiences,
            options=stored.options,
            initial=initial,
            **kwargs,
        )
        self.fields["key"].label = _("New key")
        ending = _("Leave empty to keep the key that ends with …%(last)s.")
        stays = _("Leave empty to keep the one that is stored.")
        known = ending % {"last": stored.last_four} if stored.last_four else stays
        self.fields["key"].help_text = known
