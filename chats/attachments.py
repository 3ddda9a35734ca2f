"""Files that users attach: checked by their bytes, stored under names of our own."""

import re
from collections.abc import Collection, Iterable
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
from chats import kinds, reading
from chats.models import Attachment, Conversation
from providers import catalogue
from providers.connections import find_source

_ABANDONED_AFTER: Final = timedelta(days=1)
_UPLOAD_TIME: Final = timedelta(hours=1)
_MAX_DRAFTS: Final = 50
_FOLDER: Final = "attachments"
_FILES: Final = ("file", "reduced", "thumbnail")

MAX_PER_MESSAGE: Final = 10


def store_upload(*, user: User, upload: "UploadedFile[bytes]", is_draft: bool = True) -> Attachment:
    """Check and keep one file. Raises ValidationError that says what is wrong with it.

    One that is no draft gets its message in the same transaction, which the caller has begun.

    The kind is told by the bytes, never by the name. What it says is read in the background, once
    the transaction is committed (`chats.reading`); nothing of it is decoded here.
    """
    name = clean_file_name(upload.name or "")
    size = upload.size or 0
    if not size:
        raise ValidationError(kinds.words_for("empty", name=name), code="empty")
    if size > settings.MAX_UPLOAD_SIZE:
        raise ValidationError(
            _("“%(name)s” has %(size).1f MB; up to %(limit).1f MB is possible.")
            % {"name": name, "size": size / 1e6, "limit": settings.MAX_UPLOAD_SIZE / 1e6},
            code="too_large",
        )
    if is_draft and Attachment.objects.for_user(user).unused().count() >= _MAX_DRAFTS:
        raise ValidationError(
            _("Too many files wait to be sent. Send or remove some first."), code="too_many"
        )
    kind = kinds.recognise(upload, name=name)
    upload.seek(0)
    state = Attachment.State.READY if kind.is_small else Attachment.State.READING
    attachment = Attachment(
        owner=user,
        name=name,
        media_type=kind.media_type,
        size=size,
        width=kind.width,
        height=kind.height,
        state=state,
    )
    # The upload itself and not a wrapper of it: what lies on disk already is moved, not copied.
    attachment.file.save(f"{uuid4().hex}.{kind.extension}", upload, save=False)
    attachment.save()
    reading.request()
    return attachment


def own_drafts(*, user: User, ids: list[str]) -> list[Attachment]:
    """The user's uploads named by `ids`, in that order; what is no id is ignored.

    Raises ValidationError for more than MAX_PER_MESSAGE and for one that is gone. Somebody else's
    looks like one that is gone.
    """
    valid: dict[UUID, None] = {}
    for text in ids[: 2 * MAX_PER_MESSAGE]:
        with suppress(ValueError):
            valid[UUID(text)] = None
    if len(valid) > MAX_PER_MESSAGE:
        raise too_many_files()
    found = Attachment.objects.for_user(user).in_bulk(list(valid))
    if len(found) < len(valid):
        raise _gone()
    return [found[i] for i in valid]


def copy_attachment(*, attachment: Attachment, owner: User) -> Attachment | None:
    """The same file once more, with what was read of it, as an upload of `owner`'s.

    None when the file itself is gone.
    """
    taken = {"id", "owner", "created_at", "heartbeat_at", *_FILES}
    fields = [field.name for field in Attachment._meta.concrete_fields if field.name not in taken]
    copy = Attachment(owner=owner, **{name: getattr(attachment, name) for name in fields})
    for name in filter(lambda each: getattr(attachment, each), _FILES):
        file = getattr(attachment, name)
        try:
            with file.open("rb") as opened:
                getattr(copy, name).save(_stored_name(file.name), File(opened), save=False)
        except FileNotFoundError:
            # What was copied of it has no row: it is swept as files of broken uploads are.
            return None
    copy.save()
    reading.request()
    return copy


def hold_attachments(attachments: Collection[Attachment]) -> None:
    """Keep them from being removed until the transaction ends, which must have begun. One query.

    Raises ValidationError when one is gone already.
    """
    ids = {each.id for each in attachments}
    held = Attachment.objects.select_for_update().filter(id__in=ids).order_by("id")
    if len(held.values_list("id")) < len(ids):
        raise _gone()


def too_many_files() -> ValidationError:
    """What is said of more files than a message may have."""
    return ValidationError(
        _("Up to %(count)d files go with one message.") % {"count": MAX_PER_MESSAGE},
        code="too_many",
    )


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


def attachments_of(conversations: Iterable[Conversation]) -> list[Attachment]:
    """What these conversations and their shared links use: to be discarded once they are deleted.

    Two queries.
    """
    used = Attachment.objects.filter(messages__conversation__in=conversations).in_bulk()
    shown = Attachment.objects.filter(shared_links__conversation__in=conversations).in_bulk()
    return list((used | shown).values())


def discard_attachments(attachments: Iterable[Attachment]) -> None:
    """Remove those that no message and no shared link uses any more, with their files.

    A few queries each. In the order in which `hold_attachments` locks them.
    """
    for attachment in sorted(attachments, key=lambda each: each.id):
        _delete(attachment)


def discard_attachment(*, attachment: Attachment) -> None:
    """Remove an upload that no message and no shared link uses; one in use stays."""
    _delete(attachment)


def discard_drafts(*, user: User) -> int:
    """Remove what somebody uploaded and did not send, wherever it waits; how many."""
    drafts = list(Attachment.objects.for_user(user).unused())
    discard_attachments(drafts)
    return len(drafts)


def delete_abandoned() -> int:
    """Remove uploads that were never sent or whose messages are gone. Returns how many."""
    abandoned = list(Attachment.objects.abandoned(older_than=_ABANDONED_AFTER)[:500])
    for attachment in abandoned:
        _delete(attachment)
    return len(abandoned)


def delete_orphan_files() -> int:
    """Remove files without a row: their owner was deleted, or an upload broke off.

    Returns how many. Three queries and one listing for each month of uploads.
    """
    storage = Attachment._meta.get_field("file").storage
    count = 0
    for year in _list(storage, _FOLDER)[0]:
        for month in _list(storage, f"{_FOLDER}/{year}")[0]:
            folder = f"{_FOLDER}/{year}/{month}/"
            known = _known_files(folder)
            for name in _list(storage, folder)[1]:
                if folder + name not in known and _is_settled(storage, folder + name):
                    storage.delete(folder + name)
                    count += 1
    return count


def _list(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    """Folders and files in a folder. One that is not there is empty, as it is in a bucket."""
    try:
        return storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _known_files(folder: str) -> set[str]:
    """Paths in a folder that rows name."""
    known: set[str] = set()
    for field in _FILES:
        rows = Attachment.objects.filter(**{f"{field}__startswith": folder})
        known.update(rows.values_list(field, flat=True))
    return known


def _is_settled(storage: Storage, path: str) -> bool:
    """Whether a file is too old to belong to an upload whose row is about to be written."""
    return storage.get_modified_time(path) < timezone.now() - _UPLOAD_TIME


def clean_file_name(name: str) -> str:
    """A file name to show: no path, no control or direction characters, at most 200 long."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    base = re.sub(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "", base)
    return base.strip()[-200:] or _("file")


def _stored_name(path: str) -> str:
    """A random name of the same kind as that of a stored file."""
    return f"{uuid4().hex}.{path.rsplit('.', 1)[-1]}"


def _delete(attachment: Attachment) -> None:
    """Remove row and files, unless a message or a shared link uses the attachment."""
    with transaction.atomic():
        # What was read in the meantime has added files. Locked by itself: PostgreSQL locks no rows
        # that are joined to nothing.
        found = Attachment.objects.select_for_update().filter(id=attachment.id).first()
        if found is None or found.messages.exists() or found.shared_links.exists():
            return
        found.delete()
        transaction.on_commit(lambda: _delete_files(found))


def _gone() -> ValidationError:
    return ValidationError(_("A file is not there any more. Add it again."), code="file_gone")


def _delete_files(attachment: Attachment) -> None:
    for field in _FILES:
        getattr(attachment, field).delete(save=False)
