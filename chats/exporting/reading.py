"""What an export reads: a few chats, and of each a few messages at a time.

No query stays open while a piece is on its way, because a slow reader would hold back the log of
the database for hours; so each part is as it was when it was read. What follows: docs/export.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db.models import TextField
from django.db.models.functions import Cast, Length

from chats.exporting.choosing import Chosen
from chats.models import Attachment, Conversation, Folder, Message, Tag

CHATS: Final = 50
MESSAGES: Final = 200
CHARACTERS: Final = 1_000_000
"""As many messages, or as much text, are read at once; of one that is longer, all."""

_Attached = Attachment.messages.through
_Tagged = Conversation.tags.through
_LENGTH: Final = Length("content") + Length("reasoning") + Length(Cast("parts", TextField()))

_READ: Final = (
    *(
        field.name
        for field in Message._meta.concrete_fields
        if field.name not in {"runner", "heartbeat_at", "stop_requested", "author"}
    ),
    "author__username",
)
_LINKED: Final = (
    "message__conversation", "attachment__name", "attachment__media_type", "attachment__size",
    "attachment__created_at", "attachment__file",
)  # fmt: skip


@dataclass(slots=True)
class Chat:
    """A chat with what hangs on it but its messages."""

    conversation: Conversation
    tag_ids: list[UUID] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)


@dataclass(slots=True)
class Tree:
    """How the messages of a chat hang together.

    `parents` has their ids in order, parents first, siblings by age. As numbers, which take a third
    of the memory: a chat may have 100,000 messages.
    """

    parents: dict[int, int | None] = field(default_factory=dict)
    length: int = 0
    """Characters of all of them together."""

    def path_to(self, leaf_id: UUID | None) -> list[int]:
        """Ids from the root to a message; none when it is not there."""
        path = []
        at = leaf_id.int if leaf_id else None
        while at is not None and at in self.parents:
            path.append(at)
            at = self.parents[at]
        return path[::-1]


@dataclass(slots=True)
class Entry:
    """A message with the username of its author, if that is not the owner, and its files' ids."""

    message: Message
    author: str | None
    file_ids: list[UUID]


def read_chats(chosen: Chosen) -> Iterator[Chat]:
    """The chats that are still there. Four queries for CHATS of them."""
    for at in range(0, len(chosen.ids), CHATS):
        ids = chosen.ids[at : at + CHATS]
        found = Conversation.objects.for_user(chosen.owner).in_bulk(ids)
        tags = _tags_by_chat(ids)
        files = _files_by_chat(ids)
        for chat_id in ids:
            if conversation := found.get(chat_id):
                yield Chat(conversation, tags.get(chat_id, []), files.get(chat_id, []))


def read_tree(conversation: Conversation) -> Tree:
    """One query, which reads no texts into memory."""
    rows = conversation.messages.order_by("created_at", "id").annotate(length=_LENGTH)
    tree = Tree()
    waiting: dict[int, list[int]] = {}
    for message_id, parent_id, length in rows.values_list("id", "parent_id", "length").iterator():
        number, parent = message_id.int, parent_id.int if parent_id else None
        tree.length += length
        if parent is not None and parent not in tree.parents:
            # Older than what it answers: imports believe the times of other products.
            waiting.setdefault(parent, []).append(number)
            continue
        tree.parents[number] = parent
        placed = [number] if waiting else []
        while placed:
            parent = placed.pop()
            for child in reversed(waiting.pop(parent, [])):
                tree.parents[child] = parent
                placed.append(child)
    return tree


def read_messages(
    conversation: Conversation, ids: Sequence[int], *, length: int
) -> Iterator[Entry]:
    """These messages in this order, but those that are gone. `length` is the tree's.

    Two queries for each batch, three in a chat that is longer than a batch may be.
    """
    for batch in _batches(ids, length=length):
        rows = Message.objects.filter(conversation=conversation).select_related("author")
        found = rows.only(*_READ).in_bulk(batch)
        files: dict[UUID, list[UUID]] = {}
        links = _Attached.objects.filter(message_id__in=batch).order_by("id")
        for message_id, file_id in links.values_list("message_id", "attachment_id"):
            files.setdefault(message_id, []).append(file_id)
        for message_id in batch:
            if message := found.pop(message_id, None):
                by = message.author
                author = by.username if by and by.id != conversation.owner_id else None
                yield Entry(message, author, files.get(message_id, []))


def read_files(chosen: Chosen) -> Iterator[Attachment]:
    """All attached files of the chats, each once. One query for CHATS of them."""
    seen: set[UUID] = set()
    for at in range(0, len(chosen.ids), CHATS):
        for files in _files_by_chat(chosen.ids[at : at + CHATS]).values():
            for file in files:
                if file.id not in seen:
                    seen.add(file.id)
                    yield file


def read_folders(chosen: Chosen) -> list[Folder]:
    """Parents before children. Two queries."""
    every = list(Folder.objects.filter(owner=chosen.owner).order_by("created_at", "id"))
    by_id = {folder.id: folder for folder in every}
    wanted = set(by_id)
    if not chosen.is_all:
        wanted = set()
        used = Conversation.objects.filter(id__in=chosen.ids).order_by().values_list("folder_id")
        for (folder_id,) in used.distinct():
            at = by_id.get(folder_id) if folder_id else None
            while at and at.id not in wanted:
                wanted.add(at.id)
                at = by_id.get(at.parent_id) if at.parent_id else None
    return sorted(
        (folder for folder in every if folder.id in wanted),
        key=lambda folder: len(folder_path(folder, by_id)),
    )


def folder_path(folder: Folder, by_id: dict[UUID, Folder]) -> list[str]:
    """The names from the top down to a folder; a circle is walked once."""
    names: dict[UUID, str] = {}
    at: Folder | None = folder
    while at and at.id not in names:
        names[at.id] = at.name
        at = by_id.get(at.parent_id) if at.parent_id else None
    return list(names.values())[::-1]


def read_tags(chosen: Chosen) -> list[Tag]:
    """One query."""
    tags = Tag.objects.filter(owner=chosen.owner).order_by("created_at", "id")
    if not chosen.is_all:
        used = _Tagged.objects.filter(conversation_id__in=chosen.ids).values("tag_id")
        tags = tags.filter(id__in=used)
    return list(tags)


def _batches(ids: Sequence[int], *, length: int) -> Iterator[list[UUID]]:
    """Ids that are read together."""
    for at in range(0, len(ids), MESSAGES):
        some = [UUID(int=number) for number in ids[at : at + MESSAGES]]
        if length <= CHARACTERS:
            yield some
            continue
        rows = Message.objects.filter(id__in=some).annotate(length=_LENGTH)
        lengths = dict(rows.values_list("id", "length"))
        batch: list[UUID] = []
        total = 0
        for message_id in some:
            total += lengths.get(message_id, 0)
            if batch and total > CHARACTERS:
                yield batch
                batch, total = [], lengths.get(message_id, 0)
            batch.append(message_id)
        yield batch


def _tags_by_chat(ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    links = _Tagged.objects.filter(conversation_id__in=ids).order_by("tag__created_at", "tag_id")
    for chat_id, tag_id in links.values_list("conversation_id", "tag_id"):
        found.setdefault(chat_id, []).append(tag_id)
    return found


def _files_by_chat(ids: Sequence[UUID]) -> dict[UUID, list[Attachment]]:
    """Each file once a chat, by age."""
    found: dict[UUID, dict[UUID, Attachment]] = {}
    links = _Attached.objects.filter(message__conversation_id__in=ids)
    for link in links.select_related("attachment", "message").only(*_LINKED).order_by("id"):
        chat_id = link.message.conversation_id
        found.setdefault(chat_id, {})[link.attachment_id] = link.attachment
    return {chat_id: list(files.values()) for chat_id, files in found.items()}
