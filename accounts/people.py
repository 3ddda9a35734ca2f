"""Finding people by what others call them: a username or an address, exactly.

Whoever looks learns who is here, so all ways to look share one budget of names.
"""

import math
import re
import time
from collections.abc import Collection, Mapping
from typing import Final

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User

NAMES: Final = 10
"""Different ones that somebody may look for in a period: nobody tries them all."""

_PERIOD: Final = 60
"""Seconds."""
_BETWEEN: Final = re.compile(r"[\s,;]+")
_SHOWN: Final = 5


def find_people(
    text: str, *, by: User, limit: int, known: Mapping[str, User] | None = None
) -> tuple[dict[str, User], list[str]]:
    """Whom `text` names, by how it does, and the names that nobody has who can sign in. One query.

    Usernames and addresses in any case, apart by commas, semicolons or blanks. Names beyond `limit`
    are not looked at; those of `known`, in lower case, are not looked for. Raises ValidationError
    when `by` has looked for too many others.
    """
    known = known or {}
    names = list(dict.fromkeys(name for name in _BETWEEN.split(text) if name))[:limit]
    lower = list(dict.fromkeys(name.lower() for name in names if name.lower() not in known))
    found = dict(known)
    if lower:
        _require_budget(by, lower)
        people = User.objects.filter(is_active=True).alias(lower_name=Lower("username"))
        # As typed, too: SQLite knows the case of ASCII letters only.
        asked = Q(username__in=names) | Q(lower_name__in=lower) | Q(email__in=lower)
        for person in people.filter(asked):
            found[person.username.lower()] = found[person.email.lower()] = person
    unknown = [name for name in names if name.lower() not in found]
    return {name: found[name.lower()] for name in names if name.lower() in found}, unknown


def nobody(names: Collection[str] = ()) -> ValidationError:
    """What is said when there is nobody of that name, whatever the cause; of `names` if several."""
    said = _("Nobody by that name or address can be found. It has to be exact.")
    if names:
        shown = ", ".join(f"“{name[:100]}”" for name in list(names)[:_SHOWN])
        said = _("Nobody can be found by %(names)s. Names and addresses have to be exact.")
        said %= {"names": shown}
    return ValidationError(said, code="unknown")


def _require_budget(user: User, names: Collection[str]) -> None:
    """Each name holds a place for a period, in which it may be asked for again.

    All of them get one, or none. Taking a place is atomic in every cache.
    """
    now = time.time()
    places = [f"people:{user.pk}:{place}" for place in range(NAMES)]
    held: dict[str, tuple[float, str]] = cache.get_many(places)
    new = set(names) - {name for _until, name in held.values()}
    free = [place for place in places if place not in held]
    if len(new) > NAMES:
        said = _("Too many names: up to %(count)d new ones can be looked for in a minute.")
        raise ValidationError(said % {"count": NAMES}, code="too_many")
    if len(new) <= len(free):
        for place in free:
            if new and cache.add(place, (now + _PERIOD, min(new)), _PERIOD):
                new.remove(min(new))
        if not new:
            return
    ends = sorted(until for until, _name in held.values())
    missing = min(max(len(new) - len(free), 1), len(ends) or 1)
    wait = max(1, math.ceil(ends[missing - 1] - now)) if ends else _PERIOD
    raise ValidationError(
        ngettext(
            "Too many names: the next ones can be looked for in %(count)d second.",
            "Too many names: the next ones can be looked for in %(count)d seconds.",
            wait,
        )
        % {"count": wait},
        code="too_many",
    )
