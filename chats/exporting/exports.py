"""Starting an export, and what is known of it while it runs: its transfer."""

import logging
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from threading import Lock
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from chats import transfers
from chats.exporting import archive, markdown, parley
from chats.exporting.choosing import Chosen
from chats.exporting.markdown import Taste
from chats.exporting.names import slug
from chats.exporting.storing import Counts
from chats.models import Conversation, Transfer

AT_ONCE: Final = 3
"""Exports of one person that may run at the same time."""
SILENT_FOR: Final = timedelta(minutes=10)
"""So long a slow connection may take nothing before its export is taken for dead."""
KEPT_FOR: Final = timedelta(days=1)

_PIECE: Final = 64 * 1024
_PATIENCE: Final = 0.2
"""Seconds after which a piece is sent though it is small."""

logger = logging.getLogger(__name__)


class Format(StrEnum):
    """What chats are written as."""

    JSON = "json"
    MARKDOWN = "markdown"


class Form(StrEnum):
    """What they come in."""

    FILE = "file"
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an export is to be."""

    format: Format = Format.JSON
    form: Form = Form.FILE
    taste: Taste = field(default_factory=Taste)

    @property
    def media_type(self) -> str:
        """Of what is downloaded."""
        if self.form is Form.ZIP:
            return "application/zip"
        return "application/json" if self.format is Format.JSON else "text/markdown; charset=utf-8"


class Export:
    """A running export. Whoever sends it takes `next_piece` until None, and then calls `close`.

    Safe to close from another thread, at any moment and twice.
    """

    def __init__(self, transfer: Transfer, wanted: Wanted, chosen: Chosen) -> None:
        self.transfer = transfer
        self.name = transfer.name
        self.media_type = wanted.media_type
        self.counts = Counts()
        self._pieces = _write(wanted, chosen, self.counts)
        self._progress = transfers.Progress(transfer)
        self._language = translation.get_language()
        self._lock = Lock()
        self._is_over = False
        self._has_begun = False

    def next_piece(self) -> bytes | None:
        """What comes next, never empty; None at the end. Queries for what is written in it.

        Raises what went wrong, after which there is nothing more.
        """
        with self._lock, translation.override(self._language):
            if self._is_over:
                return None
            try:
                piece = self._gather()
                with _in_passing():
                    self._progress.note(done=self.counts.chats)
            except Exception:
                logger.exception("An export failed")
                self._end(_("Something went wrong on our side. Try again, please."))
                raise
            if not piece:
                self._end()
            return piece or None

    def close(self) -> None:
        """It is not wanted any more: what was not taken by now is not written."""
        with self._lock:
            if not self._is_over:
                self._end(_("The download was cancelled or broke off."))

    def _gather(self) -> bytes:
        gathered: list[bytes] = []
        size = 0
        started = time.monotonic()
        for piece in self._pieces:
            gathered.append(piece)
            size += len(piece)
            # What an export begins with goes out at once.
            waited = not self._has_begun or time.monotonic() - started > _PATIENCE
            if size >= _PIECE or (size and waited):
                break
        self._has_begun = True
        return b"".join(gathered)

    def _end(self, error: str = "") -> None:
        self._is_over = True
        self._pieces.close()
        report = {"missing": self.counts.missing}
        done = self.counts.chats
        # One that was silent for too long, and ended for that, may have come to its end after all.
        before = [Transfer.State.RUNNING, Transfer.State.FAILED]
        to = Transfer.State.FAILED if error else Transfer.State.DONE
        with _in_passing():
            transfers.change_state(
                transfer=self.transfer, to=to, before=before, error=error, done=done, report=report
            )


def start_export(*, chosen: Chosen, wanted: Wanted, transfer_id: UUID | None = None) -> Export:
    """Begin one; nothing is read yet. `transfer_id` is a page's own, to ask by how far it is.

    Raises ValidationError when too many of the user's are running. A few queries.
    """
    user = chosen.owner
    _sweep(user)
    running = Transfer.objects.filter(
        owner=user, kind=Transfer.Kind.EXPORT, state=Transfer.State.RUNNING
    )
    if running.count() >= AT_ONCE:
        raise ValidationError(
            ngettext(
                "%(count)d export of yours is running. Wait for its end, or cancel its download.",
                "%(count)d exports of yours are running. Wait for one to end, or cancel its "
                "download.",
                AT_ONCE,
            )
            % {"count": AT_ONCE},
            code="too_many",
        )
    transfer = transfers.start_transfer(
        user=user,
        kind=Transfer.Kind.EXPORT,
        name=_file_name(chosen, wanted),
        total=len(chosen.ids),
        is_claimed=True,
        transfer_id=transfer_id,
    )
    return Export(transfer, wanted, chosen)


def interrupt_orphans() -> None:
    """End all exports: this process begins, and those that sent them are gone."""
    _fail_silent(timedelta(0))


def find_export(*, user: User, transfer_id: UUID) -> Transfer | None:
    """How far one of the user's own is."""
    _fail_silent()
    return transfers.find_transfer(user=user, kind=Transfer.Kind.EXPORT, transfer_id=transfer_id)


def _write(wanted: Wanted, chosen: Chosen, counts: Counts) -> Generator[bytes, None, None]:
    match wanted.format, wanted.form:
        case Format.JSON, Form.FILE:
            return parley.write_file(chosen, counts)
        case Format.JSON, Form.ZIP:
            return archive.write_json(chosen, counts)
        case Format.MARKDOWN, Form.FILE:
            return markdown.write_file(chosen, counts, wanted.taste)
    return archive.write_markdown(chosen, counts, wanted.taste)


@contextmanager
def _in_passing() -> Iterator[None]:
    """A database that is too busy to note how far it is does not end an export."""
    try:
        yield
    except DatabaseError as error:
        logger.warning("The state of an export could not be noted: %s", error)


def _sweep(user: User) -> None:
    """End what died, and forget what is over for long."""
    _fail_silent()
    old = Transfer.objects.filter(
        owner=user, kind=Transfer.Kind.EXPORT, finished_at__lt=timezone.now() - KEPT_FOR
    )
    old.delete()


def _fail_silent(silent_for: timedelta = SILENT_FOR) -> None:
    error = _("The download was cancelled or broke off.")
    transfers.fail_silent(kind=Transfer.Kind.EXPORT, error=error, silent_for=silent_for)


def _file_name(chosen: Chosen, wanted: Wanted) -> str:
    """`a-title.json` of one chat, else `parley-2026-11-23.zip`."""
    extension = "zip"
    if wanted.form is Form.FILE:
        extension = "json" if wanted.format is Format.JSON else "md"
    if len(chosen.ids) == 1 and not chosen.is_all:
        chat = Conversation.objects.only("title").get(id=chosen.ids[0])
        return f"{slug(str(chat))}.{extension}"
    return f"parley-{timezone.localdate():%Y-%m-%d}.{extension}"
