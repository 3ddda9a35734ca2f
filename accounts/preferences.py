"""Personal preferences. Owns their rules; whoever shows them asks the user's row."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from accounts.models import User


def update_preferences(
    *,
    user: User,
    theme: str | None = None,
    default_model: str | None = None,
    makes_titles: bool | None = None,
    language: str | None = None,
    send_key: str | None = None,
    text_size: str | None = None,
) -> None:
    """Save what is given; None leaves a preference as it is. `user` is changed in place.

    Raises `ValidationError` with the faulty field's name, and then changes nothing.
    """
    given = {
        "theme": theme,
        "default_model": default_model,
        "makes_titles": makes_titles,
        "language": language,
        "send_key": send_key,
        "text_size": text_size,
    }
    changes: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value
        for name, value in given.items()
        if value is not None
    }
    candidate = User(**changes)
    candidate.clean_fields(
        exclude={field.name for field in User._meta.fields if field.name not in changes}
    )
    if changes.get("language") and changes["language"] not in dict(settings.LANGUAGES):
        raise ValidationError({"language": _("This site does not speak that language.")})
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=list(changes))


def chosen_language(user: User) -> str:
    """The language that `user` wants pages in; empty for the browser's.

    Empty, too, where the site speaks it no more.
    """
    return user.language if user.language in dict(settings.LANGUAGES) else ""


def language_choices() -> list[tuple[str, str]]:
    """The site's languages, each by its own name; the browser's first."""
    own_names = [(code, _own_name(code)) for code, _name in settings.LANGUAGES]
    return [("", _("As the browser")), *own_names]


def _own_name(code: str) -> str:
    name: str = get_language_info(code)["name_local"]
    return name[:1].upper() + name[1:]
