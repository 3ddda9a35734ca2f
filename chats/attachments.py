"""Files that users attach: checked by their bytes, stored under names of our own."""

import re
import warnings
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import Storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chats.models import Attachment
from providers import catalogue
from providers.connections import find_source

_FORMATS: Final = {
    "PNG": ("image/png", "png"),
    "JPEG": ("image/jpeg", "jpg"),
    "WEBP": ("image/webp", "webp"),
    "GIF": ("image/gif", "gif"),
}
_MAX_PIXELS: Final = 50_000_000
_MAX_SIDE: Final = 20_000
_ABANDONED_AFTER: Final = timedelta(days=1)
_UPLOAD_TIME: Final = timedelta(hours=1)
_MAX_DRAFTS: Final = 50
_FOLDER: Final = "attachments"

MAX_PER_MESSAGE: Final = 10


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
            _("“%(name)s” has %(size).1f MB; up to %(limit).1f MB is possible.")
            % {"name": name, "size": size / 1e6, "limit": settings.MAX_UPLOAD_SIZE / 1e6},
            code="too_large",
        )
    if Attachment.objects.for_user(user).filter(messages=None).count() >= _MAX_DRAFTS:
        raise ValidationError(
            _("Too many images wait to be sent. Send or remove some first."), code="too_many"
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
    """The user's uploads named by `ids`, in that order; ids of anything else are ignored.

    At most MAX_PER_MESSAGE.
    """
    valid: dict[UUID, None] = {}
    for text in ids[: 2 * MAX_PER_MESSAGE]:
        with suppress(ValueError):
            valid[UUID(text)] = None
    found = Attachment.objects.for_user(user).in_bulk(list(valid)[:MAX_PER_MESSAGE])
    return [found[i] for i in valid if i in found]


def require_images_taken(*, model: str, user: User) -> None:
    """Raise ValidationError when `provider/model` is known not to take images. Two queries."""
    slug, _slash, name = model.partition("/")
    source = find_source(slug, user=user)
    info = catalogue.model_info(source, name) if source else None
    if info is not None and info.accepts_images is False:
        raise ValidationError(
            _("%(model)s does not take images. Choose another model, or send the words alone.")
            % {"model": info.name or name},
            code="images",
        )


def discard_attachment(*, attachment: Attachment) -> None:
    """Remove an upload that no message uses; one in use stays."""
    _delete(attachment)


def delete_abandoned() -> int:
    """Remove uploads that were never sent or whose messages are gone. Returns how many."""
    abandoned = list(Attachment.objects.abandoned(older_than=_ABANDONED_AFTER)[:500])
    for attachment in abandoned:
        _delete(attachment)
    return len(abandoned)


def delete_orphan_files() -> int:
    """Remove files without a row: their owner was deleted, or an upload broke off.

    Returns how many. One query and one listing for each month of uploads.
    """
    storage = Attachment._meta.get_field("file").storage
    if not storage.exists(_FOLDER):
        return 0
    count = 0
    for year in storage.listdir(_FOLDER)[0]:
        for month in storage.listdir(f"{_FOLDER}/{year}")[0]:
            folder = f"{_FOLDER}/{year}/{month}/"
            known = set(
                Attachment.objects.filter(file__startswith=folder).values_list("file", flat=True)
            )
            for name in storage.listdir(folder)[1]:
                if folder + name not in known and _is_settled(storage, folder + name):
                    storage.delete(folder + name)
                    count += 1
    return count


def _is_settled(storage: Storage, path: str) -> bool:
    """Whether a file is too old to belong to an upload whose row is about to be written."""
    return storage.get_modified_time(path) < timezone.now() - _UPLOAD_TIME


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
    """Remove row and file, unless a message took the attachment in the meantime."""
    with transaction.atomic():
        deleted, _rows = Attachment.objects.filter(id=attachment.id, messages=None).delete()
        if deleted:
            transaction.on_commit(lambda: attachment.file.delete(save=False))
