"""The state of imports and exports: one worker each, told by conditional updates."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from chats import transfers
from chats.models import Transfer

pytestmark = pytest.mark.django_db
State = Transfer.State
IMPORT = Transfer.Kind.IMPORT


@pytest.fixture
def waiting(owner: User) -> Transfer:
    """An import that nobody has taken up."""
    return transfers.start_transfer(user=owner, kind=IMPORT, state=State.READING, name="a.zip")


def age(transfer: Transfer) -> None:
    """Its process has said nothing for a minute."""
    Transfer.objects.filter(id=transfer.id).update(
        heartbeat_at=timezone.now() - timedelta(minutes=1)
    )


def test_a_transfer_has_one_worker(waiting: Transfer) -> None:
    claimed = transfers.claim_next(kind=IMPORT)
    assert claimed == waiting
    assert transfers.claim_next(kind=IMPORT) is None
    assert transfers.claim_next(kind=Transfer.Kind.EXPORT) is None


def test_what_a_dead_process_left_is_taken_up(waiting: Transfer) -> None:
    transfers.claim_next(kind=IMPORT)
    age(waiting)
    assert transfers.claim_next(kind=IMPORT) == waiting


def test_whoever_works_says_so_once_a_second(waiting: Transfer) -> None:
    claimed = transfers.claim_next(kind=IMPORT)
    assert claimed
    progress = transfers.Progress(claimed)
    assert progress.note(done=1, total=9)
    age(waiting)
    assert progress.note(done=2)
    waiting.refresh_from_db()
    assert (waiting.done, waiting.total) == (1, 9)
    assert transfers.claim_next(kind=IMPORT) == waiting


def test_work_on_what_was_cancelled_is_told_to_stop(waiting: Transfer) -> None:
    assert transfers.fail(transfer=waiting, error="No")
    assert not transfers.Progress(waiting).note(done=1)
    assert not transfers.finish(transfer=waiting, before=[State.RUNNING])
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error) == (State.FAILED, "No")
    assert waiting.finished_at


def test_a_state_changes_once(waiting: Transfer) -> None:
    same = Transfer.objects.get(id=waiting.id)
    assert transfers.change_state(transfer=waiting, to=State.READY, total=3)
    assert not transfers.change_state(transfer=same, to=State.READY, total=4)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.total, waiting.finished_at) == (State.READY, 3, None)


def test_the_silent_ones_fail_and_the_others_go_on(owner: User) -> None:
    kind = Transfer.Kind.EXPORT
    dead = transfers.start_transfer(user=owner, kind=kind, is_claimed=True)
    age(dead)
    alive = transfers.start_transfer(user=owner, kind=kind, is_claimed=True)
    assert transfers.fail_silent(kind=kind, error="The site was restarted.") == 1
    states = [Transfer.objects.get(id=each.id).state for each in (dead, alive)]
    assert states == [State.FAILED, State.RUNNING]


def test_others_transfers_are_not_found(waiting: Transfer, stranger: User) -> None:
    found = transfers.find_transfer(user=waiting.owner, kind=IMPORT, transfer_id=waiting.id)
    assert found == waiting
    assert not transfers.find_transfer(user=stranger, kind=IMPORT, transfer_id=waiting.id)
    assert transfers.list_transfers(user=stranger, kind=IMPORT) == []


def test_who_was_cancelled_does_not_go_on_when_the_undo_has_begun(owner: User) -> None:
    transfer = transfers.start_transfer(user=owner, kind=IMPORT, name="a.zip")
    claimed = transfers.claim_next(kind=IMPORT)
    assert claimed
    progress = transfers.Progress(claimed)
    assert transfers.finish(transfer=transfer, before=[State.RUNNING])
    assert transfers.change_state(transfer=transfer, to=State.UNDOING)
    assert transfers.claim_next(kind=IMPORT) == transfer
    assert not progress.note(done=1)
    transfers.release(transfer=claimed)
    transfer.refresh_from_db()
    assert transfer.heartbeat_at
