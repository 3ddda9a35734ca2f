"""The state of imports and exports: who works on one, how far it is, and how it ended.

Every change is a conditional update whose row count says whether it was made, so that a transfer
has one worker, whatever number of processes there is. Whoever works says so at least every few
seconds (`Progress`); one that falls silent is taken for dead, and its work is claimed by another
(`claim_next`) or ended with a sentence (`fail_silent`).
"""

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.core.files.base import File
from django.core.files.storage import Storage
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from chats.models import Transfer

SILENT_FOR: Final = timedelta(seconds=20)
"""A process that said nothing of a transfer for so long is taken for dead."""
INTERVAL: Final = 1.0
"""Seconds between two notes of a progress, at least."""
_UPLOAD_TIME: Final = timedelta(hours=1)
_NAME_LENGTH: Final = 200
_ERROR_LENGTH: Final = 300

State = Transfer.State


def start_transfer(
    *,
    user: User,
    kind: Transfer.Kind,
    state: Transfer.State = State.RUNNING,
    name: str = "",
    total: int = 0,
    file: "File[bytes] | None" = None,
    is_claimed: bool = False,
    transfer_id: UUID | None = None,
) -> Transfer:
    """A new one. It waits for a worker, unless whoever starts it works on it: `is_claimed`.

    With `transfer_id` where that is free: a page knows it before the answer comes.
    """
    is_taken = transfer_id and Transfer.objects.filter(id=transfer_id).exists()
    transfer = Transfer(
        id=uuid4() if is_taken or not transfer_id else transfer_id,
        owner=user,
        kind=kind,
        state=state,
        name=name[-_NAME_LENGTH:],
        total=total,
        heartbeat_at=timezone.now() if is_claimed else None,
    )
    if file is not None:
        transfer.file.save(f"{transfer.id.hex}.bin", file, save=False)
    transfer.save(force_insert=True)
    return transfer


def claim_next(*, kind: Transfer.Kind) -> Transfer | None:
    """Take what waits, or what a dead process left, oldest first. Two queries or a few more."""
    for transfer_id in _silent(kind).order_by("created_at").values_list("id", flat=True)[:10]:
        if _silent(kind).filter(id=transfer_id).update(heartbeat_at=timezone.now()):
            return Transfer.objects.select_related("owner").filter(id=transfer_id).first()
    return None


def release(*, transfer: Transfer) -> None:
    """Let it wait for a worker again: this process ends."""
    _as_claimed(transfer.id, transfer.state).update(heartbeat_at=None)


def resume(*, kind: Transfer.Kind) -> None:
    """Let all wait that were under way: there is no process but this one, which begins."""
    Transfer.objects.filter(kind=kind, state__in=Transfer.LIVE).update(heartbeat_at=None)


class Progress:
    """Keeps how far a transfer is, which shows that its process lives. At most one query a second.

    False from `note` means: stop, somebody cancelled it or ended it, whatever it does by now.
    """

    def __init__(self, transfer: Transfer) -> None:
        self._claimed = transfer.id, transfer.state
        self._noted = float("-inf")

    def note(self, *, done: int | None = None, total: int | None = None) -> bool:
        """Say where it is; None leaves a figure as it was. Call it as often as you like."""
        now = time.monotonic()
        if now - self._noted < INTERVAL:
            return True
        self._noted = now
        figures = {"done": done, "total": total}
        values: dict[str, Any] = {name: n for name, n in figures.items() if n is not None}
        return bool(_as_claimed(*self._claimed).update(heartbeat_at=timezone.now(), **values))


def change_state(
    *,
    transfer: Transfer,
    to: Transfer.State,
    before: Iterable[Transfer.State] | None = None,
    **values: Any,
) -> bool:
    """Move it from `before` (default: the state it was read in) to another; False: too late.

    `values` are set along with it. In a live state it waits for a worker.
    """
    states = [transfer.state] if before is None else list(before)
    is_over = to not in Transfer.LIVE and to != State.READY
    values |= {"heartbeat_at": None, "finished_at": timezone.now() if is_over else None}
    rows = Transfer.objects.filter(id=transfer.id, state__in=states)
    if not rows.update(state=to, **values):
        return False
    transfer.state = to
    for name, value in values.items():
        setattr(transfer, name, value)
    return True


def finish(*, transfer: Transfer, **values: Any) -> bool:
    """It is done; False when it was ended or cancelled before."""
    return change_state(transfer=transfer, to=State.DONE, **values)


def fail(*, transfer: Transfer, error: str) -> bool:
    """It cannot be done; `error` is a sentence for people. False when it was over already."""
    return change_state(transfer=transfer, to=State.FAILED, error=error[:_ERROR_LENGTH])


def fail_silent(*, kind: Transfer.Kind, error: str, silent_for: timedelta = SILENT_FOR) -> int:
    """End those whose process died, for work that nobody else can take up; how many."""
    return _silent(kind, silent_for).update(
        state=State.FAILED, error=error[:_ERROR_LENGTH], finished_at=timezone.now()
    )


def discard_file(transfer: Transfer) -> None:
    """Delete what was uploaded or made, if there is anything."""
    if transfer.file:
        transfer.file.delete(save=False)
        Transfer.objects.filter(id=transfer.id).update(file="")


def delete_orphan_files(*, folder: str = "imports") -> int:
    """Remove uploads without a row, whose owner was deleted or whose request broke off; how many.

    One listing for each month, and a query where there are files.
    """
    storage = Transfer._meta.get_field("file").storage
    settled = timezone.now() - _UPLOAD_TIME
    count = 0
    for year in _list(storage, folder)[0]:
        for month in _list(storage, f"{folder}/{year}")[0]:
            place = f"{folder}/{year}/{month}/"
            names = _list(storage, place)[1]
            rows = Transfer.objects.filter(file__startswith=place) if names else ()
            known = {transfer.file.name for transfer in rows}
            for name in names:
                path = place + name
                if path not in known and storage.get_modified_time(path) < settled:
                    storage.delete(path)
                    count += 1
    return count


def _list(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    """Folders and files in a folder. One that is not there is empty, as it is in a bucket."""
    try:
        return storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def list_transfers(*, user: User, kind: Transfer.Kind, limit: int = 20) -> list[Transfer]:
    """The latest ones, newest first. One query."""
    return list(Transfer.objects.filter(owner=user, kind=kind).order_by("-created_at")[:limit])


def find_transfer(*, user: User, kind: Transfer.Kind, transfer_id: UUID) -> Transfer | None:
    """One of the user's own. One query."""
    return Transfer.objects.filter(owner=user, kind=kind, id=transfer_id).first()


def _as_claimed(transfer_id: UUID, state: str) -> QuerySet[Transfer]:
    """While it is still in the state that it was taken up in, and that is live."""
    return Transfer.objects.filter(id=transfer_id, state=state, state__in=Transfer.LIVE)


def _silent(kind: Transfer.Kind, silent_for: timedelta = SILENT_FOR) -> QuerySet[Transfer]:
    limit = timezone.now() - silent_for
    is_silent = Q(heartbeat_at=None) | Q(heartbeat_at__lt=limit)
    return Transfer.objects.filter(is_silent, kind=kind, state__in=Transfer.LIVE)
