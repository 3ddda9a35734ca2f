"""Options that an adapter has of its own: their description, and the check of chosen values.

The pages draw their fields from the description (`providers.option_fields`); the API takes the same
values as JSON.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from providers.types import OptionValue

OptionType = Literal["boolean", "integer", "number", "choice", "text", "json"]
MAX_TEXT = 2_000
"""Characters of a text, and of a JSON value as it is written."""
_NUL = re.compile(r"(?<!\\)(\\\\)*\\u0000")
"""As it is written in JSON."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option. Left out of a request, the provider does what it does by itself."""

    name: str
    """An identifier, unique in its adapter."""
    label: str | Promise
    type: OptionType
    """`json` is an object."""
    help: str | Promise = ""
    choices: tuple[tuple[str, str | Promise], ...] = ()
    """Value and label; for `choice` only."""
    minimum: float | None = None
    maximum: float | None = None
    default: OptionValue | None = None
    """What the adapter or the provider does when nothing is chosen; shown, never sent."""
    per_chat: bool = True
    """False when it is set with the connection only."""


def clean_options(
    options: Iterable[Option], values: Mapping[str, object], *, per_chat: bool = False
) -> dict[str, OptionValue]:
    """The chosen values, checked. Empty ones (None, "") are left out.

    With `per_chat`, only options of a chat are known. Raises `ValidationError` with a sentence per
    option's name; also for names that are not known.
    """
    known = {option.name: option for option in options if option.per_chat or not per_chat}
    cleaned: dict[str, OptionValue] = {}
    errors: dict[str, Any] = {}
    for name, value in values.items():
        if value is None or value == "":
            continue
        try:
            if name not in known:
                raise ValidationError(_("There is no such option."))
            cleaned[name] = _clean(known[name], value)
        except ValidationError as error:
            errors[name] = error
    if errors:
        raise ValidationError(errors)
    return cleaned


def known_options(options: Iterable[Option], values: Mapping[str, Any]) -> dict[str, OptionValue]:
    """Those of stored values that are still options and still valid: adapters change."""
    kept: dict[str, OptionValue] = {}
    for option in options:
        if option.name in values:
            try:
                kept |= clean_options([option], {option.name: values[option.name]})
            except ValidationError:
                continue  # An older version of the adapter allowed it; its default is used now.
    return kept


def _clean(option: Option, value: object) -> OptionValue:
    match option.type:
        case "boolean":
            if not isinstance(value, bool):
                raise ValidationError(_("Choose yes or no."))
            return value
        case "integer" | "number":
            return _clean_number(option, value)
        case "choice":
            if value not in dict(option.choices):
                raise ValidationError(_("Choose one of the values offered."))
            return str(value)
        case "text":
            if not isinstance(value, str) or len(value) > MAX_TEXT or "\0" in value:
                raise ValidationError(_too_long())
            return value
        case "json":
            return _clean_json(value)


def _clean_number(option: Option, value: object) -> OptionValue:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_usable(value):
        raise ValidationError(_("Enter a number."))
    if option.type == "integer" and value != int(value):
        raise ValidationError(_("Enter a whole number."))
    low, high = option.minimum, option.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        if low is not None and high is not None:
            text = _("Enter a number from %(low)s to %(high)s.") % {"low": low, "high": high}
        elif low is not None:
            text = _("Enter a number of at least %(low)s.") % {"low": low}
        else:
            text = _("Enter a number of at most %(high)s.") % {"high": high}
        raise ValidationError(text)
    return int(value) if option.type == "integer" else value


def _is_usable(number: float) -> bool:
    """Whether it is finite, and not so large that other programs take it for infinite."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def _clean_json(value: object) -> OptionValue:
    """An object, given as such or as text."""
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
        text = json.dumps(parsed, allow_nan=False, ensure_ascii=False)
        text.encode()  # Half of a surrogate pair could be neither stored nor sent.
        if _NUL.search(text):
            raise ValueError("NUL")  # PostgreSQL stores none.
    except (ValueError, TypeError, RecursionError) as error:
        raise ValidationError(_("This is not valid JSON.")) from error
    if not isinstance(parsed, dict):
        raise ValidationError(_("Enter a JSON object: names and values between { and }."))
    if len(text) > MAX_TEXT:
        raise ValidationError(_too_long())
    return parsed


def _too_long() -> str:
    return _("Enter at most %(count)d characters.") % {"count": MAX_TEXT}
