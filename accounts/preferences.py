"""Personal preferences. Owns their rules; whoever shows them asks the user's row."""

from typing import Any

from accounts.models import User


def update_preferences(
    *,
    user: User,
    theme: str | None = None,
    default_model: str | None = None,
    makes_titles: bool | None = None,
) -> None:
    """Save what is given; None leaves a preference as it is. `user` is changed in place.

    Raises `ValidationError` with the faulty field's name, and then changes nothing.
    """
    given = {"theme": theme, "default_model": default_model, "makes_titles": makes_titles}
    changes: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value
        for name, value in given.items()
        if value is not None
    }
    candidate = User(**changes)
    candidate.clean_fields(
        exclude={field.name for field in User._meta.fields if field.name not in changes}
    )
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=list(changes))
