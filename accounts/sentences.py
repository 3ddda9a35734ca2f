"""What notifications say and where they lead, made in the reader's language when shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import Notification, User

Kind = Notification.Kind


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a notification says. All of it is plain text; `link` is a path of this site or empty."""

    text: str
    detail: str = ""
    link: str = ""


Describe = Callable[[User, Sequence[Notification]], Mapping[UUID, Sentence]]
"""Sentences for notifications of one kind; what is not in the answer has ceased to matter."""

_describers: dict[str, Describe] = {}


def set_describer(kind: str, describe: Describe) -> None:
    """Name who knows the sentences of a kind that is about another app's objects."""
    _describers[kind] = describe


def describe(user: User, notifications: Sequence[Notification]) -> dict[UUID, Sentence]:
    """The sentence of each notification that still matters. At most one query for each kind."""
    found: dict[UUID, Sentence] = {}
    for kind in {notification.kind for notification in notifications}:
        describer = _describers.get(kind) or _BUILT_IN.get(kind)
        if describer is not None:
            found |= describer(user, [each for each in notifications if each.kind == kind])
    return found


def _shared(notification: Notification) -> Sentence:
    data = notification.data
    by, title = _word(data, "by"), _word(data, "title")
    if data.get("what") == "link":
        if by:
            text = _("%(by)s shared “%(title)s” with you.") % {"by": by, "title": title}
        else:
            text = _("“%(title)s” was shared with you.") % {"title": title}
    elif data.get("what") == "invited":
        text = _("%(by)s invited you to “%(title)s”.") % {"by": by, "title": title}
    elif by:
        text = _("%(by)s answered in “%(title)s”, which you share.") % {"by": by, "title": title}
    else:
        text = _("Somebody answered in “%(title)s”, which you share.") % {"title": title}
    return Sentence(text, link=_path(data))


def _quota(notification: Notification) -> Sentence:
    data = notification.data
    percent, name = data.get("percent", 0), _word(data, "name")
    if percent >= 100:
        text = _("Your limit “%(name)s” is used up.") % {"name": name}
    else:
        text = _("%(percent)d %% of your limit “%(name)s” are used.") % {
            "percent": percent,
            "name": name,
        }
    resets_at = parse_datetime(_word(data, "resets_at")) if data.get("resets_at") else None
    if resets_at is None:
        return Sentence(text, link=_path(data))
    day = date_format(localtime(resets_at), "DATETIME_FORMAT")
    return Sentence(text, _("It starts anew on %(day)s.") % {"day": day}, _path(data))


def _announcement(notification: Notification) -> Sentence | None:
    announcement = notification.announcement
    return Sentence(announcement.title, announcement.text) if announcement else None


def _each(sentence: Callable[[Notification], Sentence | None]) -> Describe:
    def describe_all(user: User, notifications: Sequence[Notification]) -> Mapping[UUID, Sentence]:
        made = ((each.id, sentence(each)) for each in notifications)
        return {key: found for key, found in made if found is not None}

    return describe_all


def _word(data: Mapping[str, Any], name: str) -> str:
    return str(data.get(name) or "")


def _path(data: Mapping[str, Any]) -> str:
    """Never to another site, whatever came into the row."""
    path = _word(data, "path")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else ""


_BUILT_IN: dict[str, Describe] = {
    Kind.SHARED: _each(_shared),
    Kind.QUOTA: _each(_quota),
    Kind.ANNOUNCEMENT: _each(_announcement),
}
