"""Files that users attach: checked by their bytes, stored under names of our own."""

import re
import warnings
from datetime import timedelta
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from accounts.models import User
from chats.models import Attachment

_FORMATS: Final = {
    "PNG": ("image/png", "png"),
    "JPEG": ("image/jpeg", "jpg"),
    "WEBP": ("image/webp", "webp"),
    "GIF": ("image/gif", "gif"),
}
_MAX_PIXELS: Final = 50_000_000
_MAX_SIDE: Final = 20_000
_ABANDONED_AFTER: Final = timedelta(days=1)


def store_upload(*, user: User, upload: "UploadedFile[bytes]") -> Attachment:
    """Check and keep one image. Raises ValidationError that says what is wrong with it.

    The type is told by the bytes, never by the name; nothing is decoded beyond the header until
    size and dimensions are known to be harmless.
    """
    name = clean_file_name(upload.name or "")
    size = upload.size or 0
    if not size:
        raise ValidationError(_("“%(name)s” is empty.") % {"name": name}, code="empty")
    if size > settings.MAX_UPLOAD_SIZE:
        raise ValidationError(
            _("“%(name)s” has %(size)s; up to %(limit)s is possible.")
            % {
                "name": name,
                "size": filesizeformat(size),
                "limit": filesizeformat(settings.MAX_UPLOAD_SIZE),
            },
            code="too_large",
        )
    media_type, extension, width, height = _inspect(upload, name)
    upload.seek(0)
    attachment = Attachment(
        owner=user, name=name, media_type=media_type, size=size, width=width, height=height
    )
    attachment.file.save(f"{uuid4().hex}.{extension}", File(upload), save=False)
    attachment.save()
    return attachment


def own_drafts(*, user: User, ids: list[str]) -> list[Attachment]:
    """The user's uploads named by `ids`, in that order; ids of anything else are ignored."""
    valid = [i for i in ids if re.fullmatch(r"[0-9a-f-]{32,36}", i)][:20]
    found = {str(a.id): a for a in Attachment.objects.for_user(user).filter(id__in=valid)}
    return [found[i] for i in dict.fromkeys(valid) if i in found]


def discard_attachment(*, attachment: Attachment) -> None:
    """Remove an upload that no message uses; one in use stays."""
    if not attachment.messages.exists():
        _delete(attachment)


def delete_abandoned() -> int:
    """Remove uploads that were never sent or whose messages are gone. Returns how many."""
    abandoned = list(Attachment.objects.abandoned(older_than=_ABANDONED_AFTER)[:500])
    for attachment in abandoned:
        _delete(attachment)
    return len(abandoned)


def clean_file_name(name: str) -> str:
    """A file name to show: no path, no control or direction characters, at most 200 long."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    base = re.sub(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "", base)
    return base.strip()[-200:] or _("image")


def _inspect(upload: "UploadedFile[bytes]", name: str) -> tuple[str, str, int, int]:
    """Media type, extension, width and height in pixels, told by the bytes."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  10 MB that idle sites save

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(upload, formats=list(_FORMATS)) as image:
                width, height = image.size
                media_type, extension = _FORMATS[str(image.format)]
                if width * height > _MAX_PIXELS or max(width, height) > _MAX_SIDE:
                    raise Image.DecompressionBombError
                image.verify()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(
            _("“%(name)s” has too many pixels.") % {"name": name}, code="too_many_pixels"
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ValidationError(
            _("“%(name)s” is not an image that can be read. PNG, JPEG, WebP and GIF are possible.")
            % {"name": name},
            code="not_an_image",
        ) from error
    return media_type, extension, width, height


def _delete(attachment: Attachment) -> None:
    attachment.file.delete(save=False)
    attachment.delete()
