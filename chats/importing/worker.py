"""Does in the background what imports wait for: reads, stores, takes back.

The rows are the queue (`chats.transfers`), so a restart loses nothing: what a process left is taken
up again by the next, and what it had stored is found and not stored twice. A process works on one
import at a time, in a thread of its own, and lets others write between two conversations.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from tempfile import NamedTemporaryFile
from typing import IO, Any, Final, cast
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.exceptions import ValidationError
from django.db import DatabaseError, close_old_connections, transaction
from django.utils import timezone, translation

from chats import events, indexing, transfers
from chats.importing import archive, facts, sentences
from chats.importing.call import (
    End,
    FileError,
    LeftOut,
    Problem,
    Spool,
    Summary,
    Surroundings,
    Taken,
    follow,
)
from chats.importing.keeping import Keeper
from chats.importing.report import MOST_LISTED, Report, listed
from chats.importing.store import Choice, Outcome, Storer, source_id_of
from chats.importing.undo import undo_import
from chats.models import Transfer

_IMPORT: Final = Transfer.Kind.IMPORT
KEPT_FOR: Final = timedelta(days=1)
"""How long an upload waits for somebody to start the import."""
_LOOK_EVERY: Final = 5.0
_PAUSE: Final = 0.2
"""Of the time that a conversation took to be stored, others may write for so much."""
_INDEXED_AT_ONCE: Final = 20
_TOLD_EVERY: Final = 5.0

State = Transfer.State

logger = logging.getLogger(__name__)
_executor = ThreadPoolExecutor(1, thread_name_prefix="imports")
_wanted = threading.Event()
_is_closing = threading.Event()
_looked = 0.0


def open_worker() -> None:
    """Begin to work in this process. Until then, and in commands, imports wait."""
    _is_closing.clear()
    _wanted.set()


def close_worker() -> None:
    """Begin nothing more, and leave what is under way to the next process."""
    _is_closing.set()


def request() -> None:
    """Have waiting imports taken up as soon as the transaction is committed."""
    transaction.on_commit(_wanted.set)


async def keep_working() -> None:
    """Do what waits, if anything does; to be called again and again, on the server's loop.

    What is published meanwhile is sent on this loop.
    """
    global _looked  # noqa: PLW0603  one worker per process
    now = time.monotonic()
    if not _wanted.is_set() and now - _looked < _LOOK_EVERY:
        return
    _looked = now
    _wanted.clear()
    await sync_to_async(_work_in_thread, thread_sensitive=False, executor=_executor)()


def work() -> int:
    """Do all that waits; how many imports were taken up."""
    count = 0
    while not _is_closing.is_set() and (transfer := transfers.claim_next(kind=_IMPORT)):
        count += 1
        _work_on(transfer)
    return count


def _work_in_thread() -> None:
    close_old_connections()
    try:
        work()
    finally:
        close_old_connections()


def prune() -> int:
    """Let go of uploads that nobody started for a day, and of files without a row; how many."""
    limit = timezone.now() - KEPT_FOR
    late = Transfer.objects.filter(kind=_IMPORT, state=State.READY, created_at__lt=limit)
    count = 0
    for transfer in late:
        if transfers.fail(transfer=transfer, error=sentences.file_sentence("waited")):
            transfers.discard_file(transfer)
            count += 1
    over = Transfer.objects.filter(kind=_IMPORT).exclude(file="")
    for transfer in over.exclude(state__in=(*Transfer.LIVE, State.READY)):
        transfers.discard_file(transfer)
        count += 1
    return count + transfers.delete_orphan_files()


def _work_on(transfer: Transfer) -> None:
    steps: dict[str, Callable[[Transfer], None]] = {
        State.READING: _read,
        State.RUNNING: _run,
        State.UNDOING: _undo,
    }
    with translation.override(transfer.owner.language or translation.get_language()):
        try:
            steps[transfer.state](transfer)
        except InterruptedError:
            # Cancelled, or this process ends.
            transfers.release(transfer=transfer)
        except FileError as error:
            _give_up(transfer, error.code)
        except Exception:
            # A storage that does not answer, a machine without processes: no fault of the file.
            logger.exception("An import failed")
            _give_up(transfer, "unknown")


def _give_up(transfer: Transfer, code: str) -> None:
    if transfers.fail(transfer=transfer, error=sentences.file_sentence(code)):
        transfers.discard_file(transfer)


def _read(transfer: Transfer) -> None:
    """Look through the file and write the report."""
    report = Report(user=transfer.owner)
    progress = transfers.Progress(transfer)
    passed_over: dict[str, int] = {}
    with _upload(transfer) as (file, _name), _spool() as spool:

        def goes_on() -> bool:
            return progress.note(done=report.found) and not _is_closing.is_set()

        for line in follow(file, is_summary=True, spool=spool, goes_on=goes_on):
            if isinstance(line, Summary):
                report.add(line)
            elif isinstance(line, Problem):
                report.add_problem(line)
            elif isinstance(line, LeftOut):
                report.add_left_out(line)
            elif isinstance(line, End):
                passed_over = line.passed_over
    to = State.READY if report.found else State.FAILED
    error = "" if report.found else sentences.file_sentence("nothing")
    values: dict[str, Any] = {
        "report": report.as_json(passed_over),
        "source": report.source,
        "error": error,
    }
    if not transfers.change_state(transfer=transfer, to=to, total=report.found, **values):
        return
    if to == State.FAILED:
        transfers.discard_file(transfer)


def _run(transfer: Transfer) -> None:
    """Store what is in the file, one conversation at a time."""
    run = _Run(transfer)
    with ExitStack() as stack:
        file, name = stack.enter_context(_upload(transfer))
        spool = stack.enter_context(_spool())
        opened = None
        if archive.is_archive(file.read(4)):
            # Of its own: the process moves about in the other one.
            opened = archive.open_archive(stack.enter_context(open(name, "rb")))
        for line in follow(file, is_summary=False, spool=spool, goes_on=run.goes_on):
            if isinstance(line, Surroundings):
                run.prepare(line)
            elif isinstance(line, Taken):
                shared = run.files
                keeper = Keeper(user=transfer.owner, archive=opened, spool=spool, shared=shared)
                run.take(line, keeper)
                if line.product != Transfer.Source.PARLEY:
                    # Of Parley's, later conversations may have the same files.
                    spool.clear()
            elif isinstance(line, Problem):
                run.fail(listed(line))
    run.end()


class _Run:
    """One import while it runs, and what came of it so far."""

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer
        choice = transfer.report.get("choice", {})
        folder = str(Transfer.Source(transfer.source).label) if choice.get("has_folder") else ""
        self.storer = Storer(
            transfer=transfer,
            choice=Choice(is_archived=bool(choice.get("is_archived")), folder=folder),
        )
        self.files: dict[tuple[str, str], UUID] = {}
        """Stored already, by their places."""
        self._progress = transfers.Progress(transfer)
        self._counts = dict.fromkeys((each.value for each in Outcome), 0)
        self._done = 0
        self._problems: list[dict[str, Any]] = []
        self._problem_count = 0
        self._missing: list[dict[str, Any]] = []
        self._seen: set[str] = set()
        self._to_index: list[UUID] = []
        self._told = time.monotonic()

    def goes_on(self) -> bool:
        """Whether it was not cancelled, and this process does not end."""
        if not self._progress.note(done=self._done):
            return False
        return not _is_closing.is_set()

    def prepare(self, surroundings: Surroundings) -> None:
        """Make folders and tags."""
        began = time.monotonic()
        self.storer.prepare(surroundings.folders, surroundings.tags)
        _pause(began)

    def take(self, taken: Taken, keeper: Keeper) -> None:
        """Store one; whatever is wrong with it is no reason to leave out the next."""
        found = taken.conversation
        title = facts.line(found.title, 200)
        source_id = source_id_of(taken.product, found)
        if source_id in self._seen:
            return
        self._seen.add(source_id)
        began = time.monotonic()
        self._done += 1
        try:
            stored = self.storer.store(taken.product, found, keeper)
        except ValidationError as error:
            self.fail({"title": title, "code": "words", "words": error.messages[0]})
            return
        except (DatabaseError, OSError, ValueError):
            logger.exception("A conversation could not be imported")
            self.fail({"title": title, "code": "fault"})
            return
        keeper.settle()
        self._counts[stored.outcome.value] += 1
        if stored.outcome is Outcome.CHANGED:
            self.fail({"title": title, "code": "changed"})
        if stored.missing and len(self._missing) < MOST_LISTED:
            self._missing.append({"title": title, "names": stored.missing[:20]})
        if stored.outcome in (Outcome.NEW, Outcome.GROWN):
            self._index(stored.conversation_id)
        _pause(began)

    def fail(self, problem: dict[str, Any]) -> None:
        """Note one that is not stored."""
        self._problem_count += 1
        if len(self._problems) < MOST_LISTED:
            self._problems.append(problem)

    def end(self) -> None:
        """Write what came of it."""
        self._index(None)
        result = {
            **self._counts,
            "missing_files": self._missing,
            "problems": self._problems,
            "problem_count": self._problem_count,
        }
        notes = dict(self.transfer.report.get("notes", {}))
        for name, count in self.storer.left_out.items():
            if count:
                notes[f"{name}_over"] = notes.get(f"{name}_over", 0) + count
        report = {**self.transfer.report, **result, "notes": notes}
        if transfers.finish(transfer=self.transfer, report=report, done=self._done):
            transfers.discard_file(self.transfer)
        events.sidebar_changed(self.transfer.owner_id)

    def _index(self, conversation_id: UUID | None) -> None:
        """Make the words findable, some conversations at a time; None for the rest."""
        if conversation_id is not None:
            self._to_index.append(conversation_id)
        if conversation_id is None or len(self._to_index) >= _INDEXED_AT_ONCE:
            indexing.index_conversations(self._to_index)
            self._to_index.clear()
        if time.monotonic() - self._told > _TOLD_EVERY:
            self._told = time.monotonic()
            events.sidebar_changed(self.transfer.owner_id)


def _pause(began: float) -> None:
    """Let others write for a part of the time that this took."""
    time.sleep(min(1.0, _PAUSE * (time.monotonic() - began)))


def _undo(transfer: Transfer) -> None:
    progress = transfers.Progress(transfer)

    def goes_on(done: int, total: int) -> bool:
        return progress.note(done=done, total=total) and not _is_closing.is_set()

    gone, kept, titles = undo_import(transfer=transfer, goes_on=goes_on)
    # Some went in a process that died, perhaps.
    gone = max(gone, transfer.report.get("to_undo", 0) - kept)
    report = {**transfer.report, "gone": gone, "kept": kept, "kept_titles": titles}
    transfers.change_state(transfer=transfer, to=State.UNDONE, report=report)
    events.sidebar_changed(transfer.owner_id)


@contextmanager
def _spool() -> Iterator[Spool]:
    spool = Spool()
    try:
        yield spool
    finally:
        spool.close()


@contextmanager
def _upload(transfer: Transfer) -> Iterator[tuple[IO[bytes], str]]:
    """The upload as a file of the system, and its path: a copy where the storage is elsewhere."""
    with ExitStack() as stack:
        stored = stack.enter_context(transfer.file.open("rb"))
        try:
            path = transfer.file.path
        except NotImplementedError:
            copy = stack.enter_context(NamedTemporaryFile())
            for chunk in stored.chunks():
                copy.write(chunk)
            copy.flush()
            copy.seek(0)
            yield cast(IO[bytes], copy), copy.name
        else:
            yield stack.enter_context(open(path, "rb")), path
