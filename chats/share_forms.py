"""The form of a shared link. Rules about what may be shared live in `chats.sharing`."""

from datetime import datetime, time, timedelta
from typing import Any, Final, TypedDict
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.people import find_people, nobody
from chats.models import TITLE_LENGTH, SharedLink
from chats.sharing import MAX_PEOPLE, named_on

_DAYS: Final = {"1": 1, "7": 7, "30": 30}
_KEEP: Final = "keep"
_EXPIRY: Final = (
    ("never", _("Never")),
    ("1", _("In one day")),
    ("7", _("In 7 days")),
    ("30", _("In 30 days")),
    ("date", _("At the end of a day:")),
)


class LinkSettings(TypedDict):
    """As `create_link` and `update_link` take them."""

    title: str
    audience: str
    people: list[User]
    written: dict[UUID, str]
    expires_at: datetime | None
    shows_reasoning: bool
    shows_name: bool


class ShareForm(forms.Form):
    """Who may open a link, how long, and what it shows beside the messages."""

    title = forms.CharField(
        label=_("Title"),
        max_length=TITLE_LENGTH,
        widget=forms.TextInput(attrs={"class": "input", "dir": "auto", "autocomplete": "off"}),
    )
    audience = forms.ChoiceField(
        label=_("Who can open it"),
        choices=SharedLink.Audience.choices,
        initial=SharedLink.Audience.PUBLIC,
        widget=forms.RadioSelect,
    )
    people = forms.CharField(
        label=_("These people"),
        required=False,
        max_length=6_000,
        help_text=_("Usernames or email addresses of people on this site, apart by commas."),
        widget=forms.TextInput(
            attrs={
                "class": "input",
                "dir": "auto",
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )
    expiry = forms.ChoiceField(
        label=_("It ends"),
        choices=_EXPIRY,
        initial="never",
        widget=forms.Select(attrs={"class": "input"}),
    )
    expires_on = forms.DateField(
        label=_("Day"),
        required=False,
        widget=forms.DateInput(attrs={"class": "input", "type": "date"}, format="%Y-%m-%d"),
    )
    shows_reasoning = forms.BooleanField(
        label=_("Show how models came to their replies (reasoning)"), required=False
    )
    shows_name = forms.BooleanField(label=_("Show my username"), required=False)

    def __init__(self, *args: Any, by: User, link: SharedLink | None = None, **kwargs: Any) -> None:
        if link is not None:
            kwargs.setdefault("initial", _values_of(link))
        super().__init__(*args, **kwargs)
        self._by, self._link = by, link
        if link is not None and link.expires_at is not None:
            day = date_format(timezone.localtime(link.expires_at), "DATETIME_FORMAT")
            kept = say("As it is: %(date)s") % {"date": day}
            expiry = self.fields["expiry"]
            assert isinstance(expiry, forms.ChoiceField)  # noqa: S101  tells the type
            expiry.choices = [(_KEEP, kept), *_EXPIRY]

    def clean(self) -> dict[str, Any]:
        """With the people by their names in place of these, and the moment in `expires_at`."""
        values: dict[str, Any] = super().clean() or {}
        named = values.get("people", "")
        values["people"] = {}
        if values.get("audience") == SharedLink.Audience.PEOPLE:
            values["people"] = self._people(named)
        values["expires_at"] = self._expires_at(values)
        return values

    @property
    def settings(self) -> LinkSettings:
        """What was chosen; of a valid form."""
        values = self.cleaned_data
        people: dict[str, User] = values["people"]
        return LinkSettings(
            title=values["title"],
            audience=values["audience"],
            people=list({each.id: each for each in people.values()}.values()),
            written={each.id: name for name, each in people.items()},
            expires_at=values["expires_at"],
            shows_reasoning=values["shows_reasoning"],
            shows_name=values["shows_name"],
        )

    def _people(self, text: str) -> dict[str, User]:
        """By how they are written. Who is on the link already is not looked for again."""
        known = {name.lower(): user for name, user in named_on(self._link).items()}
        try:
            found, unknown = find_people(text, by=self._by, limit=MAX_PEOPLE + 1, known=known)
        except ValidationError as error:
            self.add_error("people", error)
            return {}
        if unknown:
            self.add_error("people", nobody(unknown if found or len(unknown) > 1 else ()))
        return found

    def _expires_at(self, values: dict[str, Any]) -> datetime | None:
        chosen = values.get("expiry", "")
        if chosen == _KEEP and self._link is not None:
            return self._link.expires_at
        if chosen in _DAYS:
            return timezone.now() + timedelta(days=_DAYS[chosen])
        if chosen != "date":
            return None
        day = values.get("expires_on")
        if day is None:
            if "expires_on" not in self.errors:
                self.add_error("expires_on", ValidationError(say("Choose the day.")))
            return None
        try:
            return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))
        except (ValueError, OverflowError):
            self.add_error("expires_on", ValidationError(say("Choose another day.")))
            return None


def _values_of(link: SharedLink) -> dict[str, Any]:
    return {
        "title": link.title,
        "audience": link.audience,
        "people": ", ".join(sorted(named_on(link))),
        "expiry": "never" if link.expires_at is None else _KEEP,
        "shows_reasoning": link.shows_reasoning,
        "shows_name": link.shows_name,
    }
