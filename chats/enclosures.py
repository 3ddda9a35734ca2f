"""What a model gets of attached files: images to look at, documents as they are or as text.

Synchronous; called on the runner's database threads. No text of a file is loaded but for the
prompt that it goes into.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from chats import context
from chats.models import Attachment, Conversation, Message
from providers.errors import ImagesTooLargeError
from providers.routing import Route
from providers.types import File, Image, Part, Text

MAX_NATIVE_PAGES: Final = 100
"""Of all documents in one prompt that go as they are. Anthropic takes 600, and 100 for models with
a window of 200,000 tokens: https://platform.claude.com/docs/en/build-with-claude/pdf-support."""

_PDF: Final = "application/pdf"
"""The one type of file that Chat Completions, Responses and Messages all take."""
_FRAME_TOKENS: Final = 30
"""Around a document, for its name and its tags."""
_LARGEST_SHARE: Final = 2
"""A document that is looked at takes at most half of the window; else its text is enough."""
_TAG: Final = re.compile(r"<(?=\s*/?\s*document\b)", re.IGNORECASE)
_CUT: Final = "(The rest of this file is not here: only its beginning was read.)"
_EMPTY: Final = "(No text was found in this file. It may consist of pictures.)"
_UNREAD: Final = "(This file could not be read. Nothing of what it says is here.)"
"""Not translated: they are for the model."""

Links = dict[UUID, list[Attachment]]


def links_of(conversation: Conversation, *, among: set[UUID]) -> Links:
    """Attached files of some messages of a conversation. One query, no text, no file."""
    through: Any = Attachment.messages.through
    links: Links = {}
    rows = through.objects.filter(message__conversation=conversation).defer("attachment__text")
    for link in rows.select_related("attachment").order_by("id"):
        # A path may be longer than a query can have parameters, so other branches go here.
        if link.message_id in among:
            links.setdefault(link.message_id, []).append(link.attachment)
    return links


def framed(name: str, text: str) -> str:
    """A document in a frame that neither its name nor its text can leave or close."""
    title = html.escape(" ".join(name.split()))
    return f'<document name="{title}">\n{_TAG.sub("&lt;", text)}\n</document>'


def is_looked_at(attachment: Attachment) -> bool:
    """Whether it is an image that can be given to a model."""
    return attachment.is_image and attachment.state == Attachment.State.READY


def is_unread(attachment: Attachment) -> bool:
    """Whether a model gets nothing of it but its name, unless it gets the file itself."""
    if attachment.state != Attachment.State.READY:
        return True
    return not attachment.is_image and not attachment.tokens


def sent_natively(
    links: Links, path: Sequence[Message], route: Route, *, most_bytes: int
) -> frozenset[UUID]:
    """Which documents go as they are: the newest, as many as a request may hold."""
    if not route.adapter.takes_files or route.info.accepts_files is not True:
        return frozenset()
    window, chosen = route.info.context_window, set()
    room, pages = most_bytes - sum(map(_image_bytes, _all(links, path))), MAX_NATIVE_PAGES
    for each in reversed(list(_all(links, path))):
        if each.media_type != _PDF or each.state != Attachment.State.READY or not each.pages:
            continue
        fits = window is None or _native_tokens(each) <= window // _LARGEST_SHARE
        if each.id not in chosen and fits and each.size <= room and each.pages <= pages:
            chosen.add(each.id)
            room, pages = room - each.size, pages - each.pages
    return frozenset(chosen)


def tokens_of(attachments: Iterable[Attachment], native: frozenset[UUID] = frozenset()) -> int:
    """Estimated tokens of attached files, in addition to their message's."""
    total = 0
    for each in attachments:
        if is_looked_at(each):
            total += context.IMAGE_TOKENS
        elif each.id in native:
            total += _native_tokens(each)
        else:
            total += _FRAME_TOKENS + (each.tokens or 0)
    return total


def read(
    links: Links, *, of: Sequence[Message], native: frozenset[UUID], most_bytes: int
) -> dict[UUID, tuple[Part, ...]]:
    """The files of some messages as parts, in memory. At most one query.

    Raises ImagesTooLargeError when images have more than `most_bytes` together, and OSError when a
    file is gone from its storage.
    """
    wanted = {message.id: links[message.id] for message in of if message.id in links}
    found = [each for attachments in wanted.values() for each in attachments]
    images = _read_images(found, most_bytes=most_bytes)
    texts = _texts(each.id for each in found if not each.is_image and each.id not in native)
    return {
        id_: tuple(_part(each, images, texts) for each in attachments)
        for id_, attachments in wanted.items()
    }


def _part(attachment: Attachment, images: Mapping[UUID, Image], texts: Mapping[UUID, str]) -> Part:
    if attachment.id in images:
        return images[attachment.id]
    if attachment.state != Attachment.State.READY or attachment.is_image:
        return Text(framed(attachment.name, _UNREAD))
    if attachment.id not in texts:
        with attachment.file.open("rb") as file:
            return File(file.read(), attachment.media_type, attachment.name)
    text = texts[attachment.id]
    if text and attachment.error:
        text = f"{text}\n{_CUT}"
    return Text(framed(attachment.name, text or _EMPTY))


def _read_images(attachments: Iterable[Attachment], *, most_bytes: int) -> dict[UUID, Image]:
    """In the size that models look at; those that no smaller one was made of, as they are."""
    images: dict[UUID, Image] = {}
    room = most_bytes
    for each in filter(is_looked_at, attachments):
        if each.id in images:
            continue
        if not each.reduced and each.size > room:
            raise ImagesTooLargeError
        with (each.reduced or each.file).open("rb") as file:
            data = file.read()
        room -= len(data)
        if room < 0:
            raise ImagesTooLargeError
        media_type = each.reduced_media_type if each.reduced else each.media_type
        images[each.id] = Image(data=data, media_type=media_type)
    return images


def _texts(ids: Iterable[UUID]) -> dict[UUID, str]:
    wanted = list(ids)
    if not wanted:
        return {}
    return dict(Attachment.objects.filter(id__in=wanted).values_list("id", "text"))


def _all(links: Links, path: Sequence[Message]) -> Iterable[Attachment]:
    """Files of a path, oldest first."""
    for message in path:
        yield from links.get(message.id, ())


def _native_tokens(attachment: Attachment) -> int:
    """Its text and an image of each page: so Anthropic and OpenAI say that they do it."""
    return (attachment.tokens or 0) + (attachment.pages or 0) * context.IMAGE_TOKENS


def _image_bytes(attachment: Attachment) -> int:
    """At most as many: what was made smaller has fewer."""
    return attachment.size if is_looked_at(attachment) else 0
