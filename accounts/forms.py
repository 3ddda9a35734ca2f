"""Forms of the sign-in pages and of personal settings: labels, hints and browser hints."""

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.preferences import language_choices

PASSWORD_HINT = _("At least 8 characters, and not one of the common passwords.")


class QuietFields:
    """Labels say what a field is; placeholders that repeat them and long hints go."""

    fields: dict[str, forms.Field]
    hints: dict[str, Any] = {}
    labels: dict[str, Any] = {}
    # A password can be looked at while it is typed, so it is asked for once.
    dropped: tuple[str, ...] = ("password2",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.dropped:
            self.fields.pop(name, None)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.widget.attrs["class"] = "input"
            field.help_text = self.hints.get(name, "")
            field.label = self.labels.get(name, field.label)


class LoginForm(QuietFields, allauth_forms.LoginForm):
    """Username or address, and password."""

    labels = {"login": _("Username or email")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs |= {
            "autocomplete": "username",
            "autocapitalize": "none",
            "spellcheck": "false",
        }


class SignupForm(QuietFields, allauth_forms.SignupForm):
    """A new account."""

    hints = {"password1": PASSWORD_HINT}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}
        # allauth's own field knows no limit, so that the error would stand by no field.
        longest = User._meta.get_field("email").max_length
        self.fields["email"] = forms.EmailField(
            label=_("Email"),
            max_length=longest,
            widget=forms.EmailInput(attrs={"autocomplete": "email", "class": "input"}),
        )

    def clean_username(self) -> str:
        """The name as it will be stored."""
        self.cleaned_data["username"] = User.normalize_username(self.cleaned_data["username"])
        return str(super().clean_username())


class ChangePasswordForm(QuietFields, allauth_forms.ChangePasswordForm):
    """The old password and a new one."""

    labels = {"oldpassword": _("Current password"), "password1": _("New password")}
    hints = {"password1": PASSWORD_HINT}


class SetPasswordForm(QuietFields, allauth_forms.SetPasswordForm):
    """A first password, for an account that has none."""

    hints = {"password1": PASSWORD_HINT}


class ResetPasswordForm(QuietFields, allauth_forms.ResetPasswordForm):
    """Where to send the link."""


class ResetPasswordKeyForm(QuietFields, allauth_forms.ResetPasswordKeyForm):
    """A new password, from the link."""

    labels = {"password1": _("New password")}
    hints = {"password1": PASSWORD_HINT}


class PreferencesForm(forms.Form):
    """General settings; `accounts.preferences` checks the values.

    What a body does not name is no field of the form: each control saves itself alone, and a page
    that was opened before another one changed something does not change it back.
    """

    theme = forms.ChoiceField(
        label=_("Theme"), choices=User.Theme.choices, widget=forms.RadioSelect
    )
    text_size = forms.ChoiceField(
        label=_("Text size"),
        choices=User.TextSize.choices,
        widget=forms.RadioSelect,
        help_text=_("Of messages and of what you write."),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=language_choices,
        required=False,
        help_text=_("Of these pages, not of what models write. This page loads again in it."),
        widget=forms.Select(attrs={"class": "input", "aria-errormessage": "id_language_status"}),
    )
    send_key = forms.ChoiceField(
        label=_("Send with"),
        choices=User.SendKey.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "When Enter sends, Shift+Enter makes a new line; otherwise Enter does. On touch "
            "screens Enter always makes one."
        ),
    )
    default_model = forms.CharField(
        label=_("Default model"),
        required=False,
        max_length=200,
        help_text=_("As provider/model, for example demo/demo. Empty: the site's default."),
        widget=forms.TextInput(
            attrs={
                "aria-errormessage": "id_default_model_status",
                "autocomplete": "off",
                "autocapitalize": "none",
                "class": "input",
                "list": "model-names",
                "spellcheck": "false",
            }
        ),
    )
    makes_titles = forms.BooleanField(
        label=_("Let the model name chats"),
        required=False,
        help_text=_(
            "After the first reply, with a short further request to the same model. Otherwise the "
            "first words stay."
        ),
    )

    def __init__(self, user: User, data: QueryDict | None = None) -> None:
        names = list(self.base_fields)
        super().__init__(data, initial={name: getattr(user, name) for name in names})
        # Titles not for this site: what the user chose stays for when they are.
        absent = {"makes_titles"} if settings.TITLES != "model" else set()
        if data is not None:
            absent |= {name for name in names if name not in data}
        for name in absent:
            del self.fields[name]
