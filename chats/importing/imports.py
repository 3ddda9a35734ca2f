"""What people do with an import: upload, look at the report, start, cancel, undo.

Each is a change of state that the worker then takes up; nothing here reads a file.
"""

from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from chats import transfers
from chats.attachments import clean_file_name
from chats.importing import worker
from chats.models import Transfer

_IMPORT: Final = Transfer.Kind.IMPORT
_OPEN: Final = (Transfer.State.READING, Transfer.State.READY, Transfer.State.RUNNING)

State = Transfer.State


def upload_file(*, user: User, upload: "UploadedFile[bytes]") -> Transfer:
    """Keep a file and have it read for the report. One import of a person's is open at a time.

    Raises ValidationError.
    """
    size = upload.size or 0
    name = clean_file_name(upload.name or "")
    if not size:
        raise ValidationError(_("“%(name)s” is empty.") % {"name": name}, code="empty")
    if size > settings.IMPORT_MAX_SIZE:
        raise ValidationError(
            _("“%(name)s” has %(size).0f MB; up to %(limit).0f MB is possible.")
            % {"name": name, "size": size / 1e6, "limit": settings.IMPORT_MAX_SIZE / 1e6},
            code="too_large",
        )
    with transaction.atomic():
        User.objects.select_for_update().only("id").get(id=user.id)
        if open_import(user=user):
            raise ValidationError(
                _("Another import is still open. Finish or cancel it first."), code="busy"
            )
        transfer = transfers.start_transfer(
            user=user, kind=_IMPORT, state=State.READING, name=name, file=upload
        )
        worker.request()
    return transfer


def open_import(*, user: User) -> Transfer | None:
    """The one that is neither over nor cancelled, in whose way no other may come. One query."""
    return Transfer.objects.filter(owner=user, kind=_IMPORT, state__in=_OPEN).first()


def start_import(*, transfer: Transfer, into_archive: bool, into_folder: bool) -> bool:
    """Have what the report told imported. False when it was started or cancelled before."""
    choice = {"is_archived": into_archive, "has_folder": into_folder}
    with transaction.atomic():
        worker.request()
        return transfers.change_state(
            transfer=transfer,
            to=State.RUNNING,
            before=[State.READY],
            done=0,
            report={**transfer.report, "choice": choice},
        )


def cancel_import(*, transfer: Transfer) -> bool:
    """Forget an upload; what a running import has stored so far stays and can be undone.

    False when it was over.
    """
    if transfer.state == State.RUNNING:
        report = {**transfer.report, "is_partial": True}
        done = transfers.finish(transfer=transfer, before=[State.RUNNING], report=report)
    else:
        done = transfers.change_state(
            transfer=transfer,
            to=State.FAILED,
            error=_("The import was cancelled."),
            report={**transfer.report, "is_cancelled": True},
        )
    if done:
        transfers.discard_file(transfer)
    return done


def request_undo(*, transfer: Transfer) -> bool:
    """Have what an import brought deleted for good. False when that is under way or done."""
    with transaction.atomic():
        worker.request()
        count = transfer.conversations.count()
        return transfers.change_state(
            transfer=transfer,
            to=State.UNDOING,
            before=[State.DONE],
            done=0,
            report={**transfer.report, "to_undo": count},
        )
