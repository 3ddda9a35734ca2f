"""Finding people by what others call them: a username or an address, exactly."""

import re
from typing import Final

from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models import User

_BETWEEN: Final = re.compile(r"[\s,;]+")


def find_people(text: str, *, limit: int) -> tuple[list[User], list[str]]:
    """Those that `text` names, and the names that nobody has who can sign in. One query.

    Usernames and addresses in any case, apart by commas, semicolons or blanks. Names beyond `limit`
    are not looked at.
    """
    names = list(dict.fromkeys(name for name in _BETWEEN.split(text) if name))[:limit]
    lower = [name.lower() for name in names]
    people = User.objects.filter(is_active=True).alias(lower_name=Lower("username"))
    # As typed, too: SQLite knows the case of ASCII letters only.
    asked = Q(username__in=names) | Q(lower_name__in=lower) | Q(email__in=lower)
    found: dict[str, User] = {}
    for person in people.filter(asked):
        found[person.username.lower()] = found[person.email.lower()] = person
    unknown = [name for name in names if name.lower() not in found]
    return list(dict.fromkeys(found[name] for name in lower if name in found)), unknown
