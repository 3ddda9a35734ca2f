"""How attached files look on pages: their kind, their size, their name, the room they take."""

import re
import unicodedata
from typing import Final, NamedTuple

from django import template
from django.conf import settings
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from chats.access import Right
from chats.attachments import MAX_PER_MESSAGE
from chats.models import Attachment, Message

register = template.Library()


class Kind(NamedTuple):
    """What sort of file something is: an icon of the sprite, and a word."""

    icon: str
    label: str | Promise


_IMAGE: Final = Kind("image", gettext_lazy("Image"))
_CODE: Final = Kind("file-code", gettext_lazy("Code"))
_TEXT: Final = Kind("file-text", gettext_lazy("Text"))
_OTHER: Final = Kind("file", gettext_lazy("File"))
_DOCUMENT: Final = Kind("file-text", gettext_lazy("Document"))
_SHEET: Final = Kind("file-sheet", gettext_lazy("Spreadsheet"))
_KINDS: Final = (
    ("pdf", Kind("file-text", "PDF")),
    ("word", _DOCUMENT),
    ("opendocument.text", _DOCUMENT),
    ("sheet", _SHEET),
    ("excel", _SHEET),
    ("presentation", Kind("file", gettext_lazy("Presentation"))),
    ("epub", Kind("file-text", gettext_lazy("Book"))),
)
"""By what stands in the media type."""
_SHEET_NAME: Final = re.compile(r"\.(csv|tsv)$", re.IGNORECASE)
_CODE_NAME: Final = re.compile(
    r"\.(bash|c|cc|cpp|cs|css|go|h|hpp|html|java|js|json|jsx|kt|lua|php|pl|py|r|rb|rs|scala|sh|sql"
    r"|swift|toml|ts|tsx|vue|xml|ya?ml)$",
    re.IGNORECASE,
)
_FEW: Final = 9_950
_MEGABYTE: Final = 999_500
_SHORT: Final = 28
_ENDING: Final = 12
_LARGEST: Final = 288


@register.filter
def file_kind(attachment: Attachment) -> Kind:
    """By what its bytes were found to be; the name only tells one text from another."""
    if attachment.is_image:
        return _IMAGE
    if not attachment.media_type.startswith("text/"):
        found = (kind for part, kind in _KINDS if part in attachment.media_type)
        return next(found, _OTHER)
    if _SHEET_NAME.search(attachment.name):
        return _SHEET
    return _CODE if _CODE_NAME.search(attachment.name) else _TEXT


@register.filter
def file_size(size: int) -> str:
    """Bytes as people read them; thousands and millions, as limits are set.

    `static/js/uploads-chip.js` writes the same.
    """
    if size < _MEGABYTE:
        digits = 1 if size < _FEW else 0
        return _("%(size)s kB") % {"size": _rounded(max(0.1, size / 1e3), digits)}
    return _("%(size)s MB") % {"size": _rounded(size / 1e6, 1)}


def _rounded(number: float, digits: int) -> str:
    """As the page's language writes it; `number_format` alone cuts off what is too long."""
    return number_format(round(number, digits), digits, force_grouping=True)


@register.filter
def name_parts(name: str) -> tuple[str, str]:
    """A long name in two, so that only its middle is cut on a page; a short one is whole."""
    if len(name) <= _SHORT:
        return name, ""
    cut = len(name) - _ENDING
    while cut > _ENDING and unicodedata.combining(name[cut]):
        cut -= 1
    return name[:cut], name[cut:]


@register.filter
def image_box(attachment: Attachment) -> SafeString:
    """Width and height to show an image in, as attributes: its room is kept before it is there."""
    width, height = attachment.width or _LARGEST, attachment.height or _LARGEST
    scale = min(1.0, _LARGEST / width, _LARGEST / height)
    return format_html(
        ' width="{}" height="{}"',
        *(str(max(1, round(side * scale))) for side in (width, height)),
    )


@register.filter
def images(attachments: list[Attachment]) -> list[Attachment]:
    """Those that a page shows as pictures."""
    return [each for each in attachments if is_picture(each)]


@register.filter
def documents(attachments: list[Attachment]) -> list[Attachment]:
    """Those that a page shows by their names, images that cannot be read among them."""
    return [each for each in attachments if not is_picture(each)]


@register.filter
def is_picture(attachment: Attachment) -> bool:
    """Whether there is something to look at."""
    return attachment.is_image and attachment.state != Attachment.State.FAILED


@register.simple_tag
def upload_limits() -> SafeString:
    """What scripts have to know before they send files: bytes of one, number with a message."""
    return format_html(
        ' data-max-size="{}" data-max-count="{}"',
        str(settings.MAX_UPLOAD_SIZE),
        str(MAX_PER_MESSAGE),
    )


@register.simple_tag
def message_with(attachment: Attachment, user: User) -> Message | None:
    """The newest message that uses a file and that `user` may see. One query."""
    messages = Message.objects.open_to(user, Right.READ).filter(attachments=attachment)
    return messages.only("id", "conversation_id").order_by("-created_at").first()
