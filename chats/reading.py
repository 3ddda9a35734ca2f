"""Reads attached files in the background: who is next, and what becomes of the row.

The rows themselves are the queue: a file waits while it is `READING` without a heartbeat, so a
restart loses nothing. Each process reads at most `AT_ONCE` files at the same time, of one user at
most one document. Whatever happens, a row leaves `READING` within `MAX_WAIT` and a little of the
time in which a process could read it.
"""

import base64
import logging
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import IO, Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import close_old_connections, transaction
from django.db.models import Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from chats import kinds
from chats.context import text_tokens
from chats.extraction import Answer, Job, RefusedError
from chats.extraction.call import extract
from chats.models import Attachment

AT_ONCE: Final = 2
SILENT_FOR: Final = timedelta(seconds=15)
"""A process that said nothing of a file for so long is taken for dead."""
MAX_WAIT: Final = timedelta(minutes=15)

logger = logging.getLogger(__name__)
_READING: Final = Attachment.State.READING
_IS_IMAGE: Final = Q(media_type__startswith="image/")
_lock = threading.Lock()
_threads: set[threading.Thread] = set()
_is_open = threading.Event()
_is_closing = threading.Event()
_wakes = 0
_begun_at = datetime.min.replace(tzinfo=UTC)
"""When this process began to read: what waited before had nobody to wait for."""
_served: dict[UUID, float] = {}
"""When each user's last file was begun: whoever waits longest is next."""


def open_readers() -> None:
    """Begin to read in this process. Until then, and in commands, files wait."""
    global _begun_at  # noqa: PLW0603  one set of readers per process
    _begun_at = timezone.now()
    _is_closing.clear()
    _is_open.set()


def close_readers() -> None:
    """Read no further file and give up those being read: the next start takes them up again."""
    _is_open.clear()
    _is_closing.set()


def resume() -> None:
    """Let all files wait that were being read: there is no process but this one, which begins."""
    Attachment.objects.filter(state=_READING).update(heartbeat_at=None)


def request() -> None:
    """Have waiting files read as soon as the transaction is committed."""
    transaction.on_commit(wake)


def wake() -> None:
    """See whether files wait. Returns at once."""
    global _wakes  # noqa: PLW0603  one set of readers per process
    with _lock:
        _wakes += 1
        if not _is_open.is_set() or len(_threads) >= AT_ONCE:
            return
        thread = threading.Thread(target=_work, name="files", daemon=True)
        _threads.add(thread)
    thread.start()


def sweep() -> None:
    """Take up what a dead process left and fail what waited too long. At most three queries."""
    limit = timezone.now() - MAX_WAIT
    if _begun_at < limit:
        late = Attachment.objects.filter(_silent(), state=_READING, created_at__lt=limit)
        for attachment in late:
            _fail(attachment, kinds.words_for("busy", name=attachment.name))
    if Attachment.objects.to_be_read(silent_for=SILENT_FOR).exists():
        wake()


def read_next() -> bool:
    """Read one waiting file to its end. False when none waits that may be read now."""
    attachment = _claim()
    if attachment is None:
        return False
    try:
        _read(attachment)
    except InterruptedError:
        # Removed by its owner, or this process ends.
        Attachment.objects.filter(id=attachment.id, state=_READING).update(heartbeat_at=None)
    except RefusedError as refusal:
        _fail(attachment, kinds.words_for(refusal.code, name=attachment.name))
    except Exception:
        # A storage that does not answer, a machine without processes: no fault of the file.
        logger.exception("A file could not be read")
        _fail(attachment, _("“%(name)s” could not be read.") % {"name": attachment.name})
    return True


def _work() -> None:
    """Read files until none waits."""
    while True:
        seen = _wakes
        close_old_connections()
        try:
            goes_on = _is_open.is_set() and read_next()
        except Exception:
            logger.exception("The reader of files failed")
            goes_on = False
        finally:
            close_old_connections()
        with _lock:
            if not goes_on and (seen == _wakes or not _is_open.is_set()):
                _threads.discard(threading.current_thread())
                break
    _close_connection()


def _close_connection() -> None:
    from django.db import connection  # noqa: PLC0415  this thread's own

    connection.close()


def _silent() -> Q:
    return Q(heartbeat_at=None) | Q(heartbeat_at__lt=timezone.now() - SILENT_FOR)


def _claim() -> Attachment | None:
    """Take the next file: of the user who was served least recently, oldest first."""
    busy = Attachment.objects.filter(~_IS_IMAGE, ~_silent(), state=_READING).values("owner_id")
    waiting = Attachment.objects.to_be_read(silent_for=SILENT_FOR).exclude(
        ~_IS_IMAGE, owner_id__in=busy
    )
    owners = waiting.order_by().values("owner_id").annotate(since=Min("created_at"))
    with _lock:
        order = sorted(owners, key=lambda row: (_served.get(row["owner_id"], 0.0), row["since"]))
    for row in order:
        found: Attachment | None = waiting.filter(owner_id=row["owner_id"]).first()
        now = timezone.now()
        if found is None or not waiting.filter(id=found.id).update(heartbeat_at=now):
            continue
        with _lock:
            _served[found.owner_id] = time.monotonic()
            while len(_served) > 1000:
                del _served[min(_served, key=_served.__getitem__)]
        return found
    return None


def _read(attachment: Attachment) -> None:
    reader = kinds.reader_of(attachment.media_type)
    job = Job(
        reader=reader,
        max_characters=settings.MAX_FILE_TEXT,
        seconds=settings.EXTRACTION_TIMEOUT,
    )
    with attachment.file.open("rb") as stored, tempfile.TemporaryFile() as copy:
        file = _with_descriptor(stored, copy)
        answer = extract(job, file, on_progress=_note(attachment))
    if reader == "image":
        _keep_image(attachment, answer)
    else:
        _keep_text(attachment, answer)


def _with_descriptor(stored: Any, copy: IO[bytes]) -> IO[bytes]:
    """A file of the system: the stored one, or a copy where the storage is elsewhere."""
    try:
        stored.fileno()
    except (AttributeError, OSError):
        for chunk in stored.chunks():
            copy.write(chunk)
        copy.flush()
        return copy
    opened: IO[bytes] = stored
    return opened


def _note(attachment: Attachment) -> Callable[[int | None, int], bool]:
    """Keeps how far it is, which shows that this process lives."""

    def note(pages: int | None, pages_read: int) -> bool:
        row = Attachment.objects.filter(id=attachment.id, state=_READING)
        now = timezone.now()
        found = row.update(heartbeat_at=now, pages=pages, pages_read=pages_read)
        return bool(found) and not _is_closing.is_set()

    return note


def _keep_text(attachment: Attachment, answer: Answer) -> None:
    """What was read. `error` of a row that is ready says what is missing of it."""
    text = answer["text"]
    error = ""
    if not text:
        error = _("No text was found in “%(name)s”: it may be a scan.") % {"name": attachment.name}
    elif answer["is_cut"]:
        error = _("“%(name)s” is long: only its beginning was read.") % {"name": attachment.name}
    Attachment.objects.filter(id=attachment.id, state=_READING).update(
        state=Attachment.State.READY,
        text=text,
        tokens=text_tokens(text),
        pages=answer.get("pages"),
        pages_read=answer.get("pages_read", 0),
        error=error,
    )


def _keep_image(attachment: Attachment, answer: Answer) -> None:
    """Both versions; nothing of them where the row is gone."""
    made = {
        "reduced": (answer["reduced"], answer["reduced_type"]),
        "thumbnail": (answer["thumbnail"], "webp"),
    }
    for field, (encoded, extension) in made.items():
        content = ContentFile(base64.b64decode(encoded))
        getattr(attachment, field).save(f"{uuid4().hex}.{extension}", content, save=False)
    kept = Attachment.objects.filter(id=attachment.id, state=_READING).update(
        state=Attachment.State.READY,
        width=answer["width"],
        height=answer["height"],
        reduced=attachment.reduced.name,
        thumbnail=attachment.thumbnail.name,
    )
    if not kept:
        for field in made:
            getattr(attachment, field).delete(save=False)


def _fail(attachment: Attachment, sentence: str) -> None:
    Attachment.objects.filter(id=attachment.id, state=_READING).update(
        state=Attachment.State.FAILED, error=sentence[:300]
    )
