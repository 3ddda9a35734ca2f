"""A reply waits until the files of its path have been read, and says so."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

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
    while (file := await in_database(file_being_read, job)) is not None:
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


def file_being_read(job: Job) -> Attachment | None:
    """The first file of the reply's path that is; the others wait for it. One query for none."""
    reading = Attachment.objects.filter(
        messages__conversation=job.conversation_id, state=Attachment.State.READING
    )
    found = list(reading.order_by("heartbeat_at", "created_at", "id").distinct())
    if not found or job.message.parent_id is None:
        return None
    path = {message.id for message in Message.objects.path_to(job.message.parent_id)}
    through = Attachment.messages.through.objects.filter(attachment__in=found)
    used = {link.attachment_id for link in through if link.message_id in path}
    mine = [each for each in found if each.id in used]
    return next((each for each in mine if each.heartbeat_at), mine[0]) if mine else None


def _progress(file: Attachment) -> str:
    names = {"name": file.name, "page": min(file.pages_read + 1, file.pages or 0)}
    if file.pages and not file.is_image:
        return _("Reading “%(name)s”: page %(page)d of %(pages)d") % {**names, "pages": file.pages}
    return _("Reading “%(name)s”…") % names
