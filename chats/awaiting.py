"""A reply waits until the files of its path have been read, and says so."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from chats.broadcast import Broadcast
from chats.database import in_database
from chats.generation import Job
from chats.models import Attachment, Message

LONGEST_WAIT: Final = 16 * 60.0
"""Seconds. The readers give every file up before; this is for a site whose readers are gone."""
PAUSE: Final = 0.3
"""Seconds between looks. Rows are looked at because another process may be the one that reads."""

logger = logging.getLogger(__name__)


async def files_read(job: Job, broadcast: Broadcast, *, on_wait: Callable[[], None]) -> None:
    """Return once no file of the reply's path is being read, or after LONGEST_WAIT.

    `on_wait` is called at each look, so that whoever watches over the reply stays patient.
    """
    shown, until = "", time.monotonic() + LONGEST_WAIT
    waited_for = await in_database(files_being_read, job)
    while (file := await in_database(file_being_read, waited_for)) is not None:
        on_wait()
        if time.monotonic() > until:
            logger.warning("Reply %s does not wait for its files any longer", job.message.id)
            break
        if (text := _progress(file)) != shown:
            shown = text
            await broadcast.notify("reading", text)
        await asyncio.sleep(PAUSE)
    if shown:
        await broadcast.notify("reading", "")


def files_being_read(job: Job) -> list[UUID]:
    """Files of the reply's path that are. The path stays as it is, so they are found once.

    One query for none, two otherwise; no text of a message is loaded.
    """
    through = Attachment.messages.through.objects
    reading = through.filter(
        message__conversation=job.conversation_id, attachment__state=Attachment.State.READING
    )
    links = list(reading.values_list("attachment_id", "message_id"))
    if not links or job.message.parent_id is None:
        return []
    path = set(Message.objects.ids_to(job.message.parent_id))
    return list(dict.fromkeys(file_id for file_id, message_id in links if message_id in path))


def file_being_read(waited_for: list[UUID]) -> Attachment | None:
    """The one of them that is to be told of: which a reader has begun with, before the others.

    One query for one row; none when there is nothing to wait for.
    """
    if not waited_for:
        return None
    reading = Attachment.objects.filter(id__in=waited_for, state=Attachment.State.READING)
    begun_first = F("heartbeat_at").asc(nulls_last=True)
    return reading.order_by(begun_first, "created_at", "id").first()


def _progress(file: Attachment) -> str:
    names = {"name": file.name, "page": min(file.pages_read + 1, file.pages or 0)}
    if file.pages and not file.is_image:
        return _("Reading “%(name)s”: page %(page)d of %(pages)d") % {**names, "pages": file.pages}
    return _("Reading “%(name)s”…") % names
