"""Cleaning and checking of text that users write. Pure functions."""

import re
import unicodedata

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chats.models import TITLE_LENGTH

_AUTOMATIC_TITLE_LENGTH = 60
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_HIDDEN = {"Cc", "Cf", "Cn", "Co"}


def clean_content(content: str, *, may_be_empty: bool = False) -> str:
    """A message's text as it is stored: `\\n` line ends, nothing a database refuses.

    Raises ValidationError when it is empty or longer than MAX_MESSAGE_LENGTH characters.
    """
    text = clean_text(content.replace("\r\n", "\n").replace("\r", "\n")).strip("\n")
    if not text.strip() and not may_be_empty:
        raise ValidationError(_("Write something first."), code="empty")
    limit: int = settings.MAX_MESSAGE_LENGTH
    if len(text) > limit:
        raise ValidationError(
            ngettext(
                "The message has %(length)d characters; up to %(limit)d is possible.",
                "The message has %(length)d characters; up to %(limit)d are possible.",
                limit,
            )
            % {"length": len(text), "limit": limit},
            code="too_long",
        )
    return text


def clean_text(text: str) -> str:
    """Without what a database refuses or nobody can see; all else as it is."""
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", text))


def on_one_line(text: str) -> str:
    """The same for a line, without what turns the text around it."""
    return " ".join(_SURROGATE.sub("\ufffd", _CONTROL.sub(" ", _TURNING.sub("", text))).split())


def clean_title(title: str) -> str:
    """A title on one line, without what turns the text around it.

    Raises ValidationError when nothing of it can be seen, or over the length.
    """
    text = on_one_line(title)
    if _is_invisible(text):
        raise ValidationError(_("A title needs at least one character."), code="empty")
    if len(text) > TITLE_LENGTH:
        raise ValidationError(
            _("A title has at most %(limit)d characters.") % {"limit": TITLE_LENGTH},
            code="too_long",
        )
    return text


def clean_name(name: str, *, limit: int) -> str:
    """A name on one line, without what turns the text around it.

    Raises ValidationError when nothing of it can be seen, or over `limit` characters.
    """
    text = on_one_line(name)
    if _is_invisible(text):
        raise ValidationError(_("A name needs at least one character."), code="empty")
    if len(text) > limit:
        raise ValidationError(
            _("A name has at most %(limit)d characters.") % {"limit": limit}, code="too_long"
        )
    return text


def title_from(content: str) -> str:
    """The first words of a message, at most 60 characters, cut between words."""
    text = on_one_line(content[:1000])
    if len(text) <= _AUTOMATIC_TITLE_LENGTH:
        return text
    head = text[: _AUTOMATIC_TITLE_LENGTH - 1]
    cut = head.rfind(" ")
    return (head[:cut] if cut > _AUTOMATIC_TITLE_LENGTH // 2 else head).rstrip() + "…"


def _is_invisible(text: str) -> bool:
    return all(c.isspace() or unicodedata.category(c) in _HIDDEN for c in text)
