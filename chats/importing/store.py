"""Puts one conversation into the database: all of it or nothing.

What was imported before is found by its id in the file (`Conversation.source_id`). Ids of messages
are made from it and from the conversation's own id, so that a newer file's messages can be told
from those that are here already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from chats.conversations import clean_system_prompt
from chats.folders import ImportedFolder, import_folders
from chats.importing import facts
from chats.importing.keeping import Keeper
from chats.importing.models_of import Names
from chats.importing.neutral import MAX_FILES, FoundConversation, FoundMessage
from chats.importing.rows import insert_rows
from chats.models import TITLE_LENGTH, Attachment, Conversation, Folder, Message, Tag, Transfer
from chats.parts import Parts
from chats.tags import MOST_PER_CHAT, ImportedTag, import_tags
from chats.texts import clean_text, title_from

_BATCH: Final = 500
_OWN: Final = Transfer.Source.PARLEY

_Link = Attachment.messages.through


class Outcome(Enum):
    """What became of a conversation."""

    NEW = "new"
    HERE = "here"
    """It is here already, with all that the file has."""
    GROWN = "grown"
    """It was here, and got the messages that were written since."""
    CHANGED = "changed"
    """It is here and has grown, but what it grew from was deleted here."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was done, and what of it is missing."""

    outcome: Outcome
    conversation_id: UUID
    missing: list[str] = field(default_factory=list)
    """Names of files."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the importing person wants them."""

    is_archived: bool = False
    folder: str = ""
    """Name of a folder for those that bring none."""


class Storer:
    """Stores the conversations of one import, one at a time."""

    def __init__(self, *, transfer: Transfer, choice: Choice) -> None:
        self.user: User = transfer.owner
        self.transfer = transfer
        self._choice = choice
        self._names = Names(self.user)
        self._folders: dict[tuple[str, ...], Folder | None] = {}
        self._tags: dict[tuple[str, str], Tag | None] = {}
        self._origins: dict[str, str] = {}
        """Where conversations came from before, with their ids in the file: each counts once."""
        self.left_out = {"folders": 0, "tags": 0}
        """Those of an export that cannot be made."""

    def prepare(self, folders: Sequence[dict[str, Any]], tags: Sequence[dict[str, Any]]) -> None:
        """Make the folders and tags of an export that are not there yet. A few queries."""
        latest = self.transfer.created_at
        wanted = [
            ImportedFolder(
                path=_path(each["path"]),
                system_prompt=clean_text(each["system_prompt"])[:100_000],
                default_model=facts.line(each["default_model"], 251),
                created_at=facts.when(each["created_at"], latest=latest),
                updated_at=facts.when(each["updated_at"], latest=latest),
            )
            for each in folders
        ]
        made = import_folders(transfer=self.transfer, folders=wanted)
        self._folders |= {
            tuple(each.path): folder for each, folder in zip(wanted, made, strict=True)
        }
        self.left_out["folders"] += made.count(None)
        named = [
            ImportedTag(each["name"], each["colour"], facts.when(each["created_at"], latest=latest))
            for each in tags
        ]
        found = import_tags(transfer=self.transfer, tags=named) if named else []
        self._tags |= {
            (each.name, each.colour): tag for each, tag in zip(named, found, strict=True)
        }
        self.left_out["tags"] += found.count(None)

    def store(self, product: str, found: FoundConversation, keeper: Keeper) -> Stored:
        """Store it, complete it, or leave it. Raises ValidationError for what may not be."""
        try:
            with transaction.atomic():
                return self._store(product, found, keeper)
        except IntegrityError:
            # A folder, a tag or the conversation itself was deleted or imported at this moment.
            keeper.give_up()
            self._folders.clear()
            self._tags.clear()
            with transaction.atomic():
                return self._store(product, found, keeper)
        except BaseException:
            keeper.give_up()
            raise

    def _store(self, product: str, found: FoundConversation, keeper: Keeper) -> Stored:
        source_ids = self._source_ids(product, found)
        if product == _OWN and (original := _original(self.user, [found.id, *source_ids])):
            return Stored(Outcome.HERE, original)
        mine = Conversation.objects.select_for_update().filter(owner=self.user)
        rows = list(mine.filter(source_id__in=source_ids).order_by("created_at", "id"))
        known = next((each for each in rows if each.deleted_at is None), None)
        if known is not None:
            if known.imported_by_id == self.transfer.id and known.source_seen_at:
                # This import was under way before, in a process that died.
                return Stored(Outcome.NEW, known.id)
            return self._complete(product, known, found, keeper)
        if rows:
            # Deleted, and wanted again.
            mine.filter(id__in=[each.id for each in rows]).update(source_id="")
        return self._create(product, found, keeper, source_ids[0])

    def _source_ids(self, product: str, found: FoundConversation) -> list[str]:
        """Under which it may be known. Where it came from at first stands in front."""
        own = source_id_of(product, found)
        origin = origin_of(product, found)
        if origin and self._origins.setdefault(origin, own) == own:
            return [origin, own]
        return [own]

    def _create(
        self, product: str, found: FoundConversation, keeper: Keeper, source_id: str
    ) -> Stored:
        latest = self.transfer.created_at
        id_ = uuid4()
        begun = facts.when(found.created_at, latest=latest)
        messages = self._messages(product, found.messages, id_, begun or latest)
        times = [message.created_at for message in messages]
        conversation = Conversation(
            id=id_,
            owner=self.user,
            title=_title(found),
            system_prompt=clean_system_prompt(found.system_prompt),
            is_pinned=found.is_pinned,
            folder=self._folder(
                found.folder or ([self._choice.folder] if self._choice.folder else [])
            ),
            source_id=source_id,
            source_seen_at=max(times),
            imported_by=self.transfer,
            created_at=begun or min(times),
            updated_at=facts.when(found.updated_at, latest=latest) or max(times),
            **facts.of_conversation(found),
        )
        conversation.provider, conversation.model = self._names.of_chat(product, found.model)
        if found.is_archived or self._choice.is_archived:
            moved = facts.when(found.facts.get("archived_at"), latest=latest)
            conversation.archived_at = moved or conversation.updated_at
        if found.leaf is not None:
            # Looked for when the transaction ends: the messages are written after it.
            conversation.current_leaf_id = message_id(id_, found.leaf)
        insert_rows([conversation])
        insert_rows(messages)
        self._attach(found.messages, id_, keeper)
        tags = {tag for each in found.tags[:MOST_PER_CHAT] if (tag := self._tag(*each))}
        if tags:
            conversation.tags.set(tags)
        return Stored(Outcome.NEW, id_, keeper.missing)

    def _complete(
        self, product: str, known: Conversation, found: FoundConversation, keeper: Keeper
    ) -> Stored:
        """Add what was written since. What was deleted here stays deleted."""
        seen_at = known.source_seen_at
        present = set(known.messages.values_list("id", flat=True))
        ids = {each.id: message_id(known.id, each.id) for each in found.messages}
        new = [
            each
            for each in found.messages
            if ids[each.id] not in present
            and seen_at is not None
            and (written := facts.when(each.created_at, latest=self.transfer.created_at))
            and written > seen_at
        ]
        if not new:
            return Stored(Outcome.HERE, known.id)
        there = present | {ids[each.id] for each in new}
        if any(each.parent is None or ids[each.parent] not in there for each in new):
            return Stored(Outcome.CHANGED, known.id)
        messages = self._messages(product, new, known.id, known.updated_at)
        insert_rows(messages)
        newest = max(message.created_at for message in messages)
        known.source_seen_at = newest
        known.updated_at = max(known.updated_at, newest)
        if found.leaf is not None and present <= set(ids.values()) and ids[found.leaf] in there:
            # Nobody went on with it here: show what was shown there.
            known.current_leaf_id = ids[found.leaf]
        known.save(update_fields=["source_seen_at", "updated_at", "current_leaf"])
        self._attach(new, known.id, keeper)
        Conversation.objects.filter(id=known.id).update(is_indexed=False)
        return Stored(Outcome.GROWN, known.id, keeper.missing)

    def _messages(
        self, product: str, found: Sequence[FoundMessage], conversation_id: UUID, begun: datetime
    ) -> list[Message]:
        latest = self.transfer.created_at
        messages: list[Message] = []
        ids: dict[str, UUID] = {}

        def id_of(theirs: str) -> UUID:
            if theirs not in ids:
                ids[theirs] = message_id(conversation_id, theirs)
            return ids[theirs]

        for number, each in enumerate(found):
            provider, model, label = self._names.of_reply(product, each)
            values = facts.of_message(each, conversation_id=conversation_id, latest=latest)
            if label:
                values["metadata"].setdefault("model_label", label)
            is_reply = each.role == Message.Role.ASSISTANT
            messages.append(
                Message(
                    id=id_of(each.id),
                    conversation_id=conversation_id,
                    parent_id=id_of(each.parent) if each.parent else None,
                    role=each.role,
                    status=each.status,
                    content=clean_text(each.content),
                    reasoning=clean_text(each.reasoning),
                    parts=Parts(each.parts).as_json() if is_reply else [],
                    provider=provider,
                    model=model,
                    # Without times, the order of the file is kept.
                    created_at=facts.when(each.created_at, latest=latest)
                    or begun - timedelta(microseconds=len(found) - number),
                    **values,
                )
            )
        return messages

    def _attach(self, found: Sequence[FoundMessage], conversation_id: UUID, keeper: Keeper) -> None:
        links: list[Any] = []
        for each in found:
            attached: dict[UUID, Attachment] = {}
            for file in each.files:
                if len(attached) >= MAX_FILES:
                    keeper.missing.append(facts.line(file.name, 200))
                elif attachment := keeper.keep(file):
                    attached[attachment.id] = attachment
            links += [
                _Link(attachment_id=id_, message_id=message_id(conversation_id, each.id))
                for id_ in attached
            ]
        _Link.objects.bulk_create(links, batch_size=_BATCH)

    def _folder(self, path: Sequence[str]) -> Folder | None:
        """The folder at a path; None for no path, and where there can be none."""
        key = _path(path)
        if key not in self._folders:
            wanted = [ImportedFolder(key)] if key else []
            found = import_folders(transfer=self.transfer, folders=wanted) if wanted else [None]
            self._folders[key] = found[0]
        return self._folders[key]

    def _tag(self, name: str, colour: str = "") -> Tag | None:
        key = (name, colour)
        if key not in self._tags:
            wanted = [ImportedTag(name, colour)]
            self._tags[key] = import_tags(transfer=self.transfer, tags=wanted)[0]
        return self._tags[key]


def _path(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(clean_text(name) for name in names)


def message_id(conversation_id: UUID, theirs: str) -> UUID:
    """The id of a message whose file calls it `theirs`: the same whenever it is imported."""
    return uuid5(conversation_id, theirs.encode("utf-8", "replace").decode())


def source_id_of(product: str, found: FoundConversation) -> str:
    """Under which a conversation is known. One without an id is known by how it begins."""
    if found.id:
        return clean_text(f"{product}:{found.id}")[:200]
    first = next((each for each in found.messages if each.parent is None), None)
    said = f"{found.title}\0{found.created_at}\0{first.content if first else ''}"
    return f"{product}:sha256-{sha256(said.encode('utf-8', 'replace')).hexdigest()}"


def origin_of(product: str, found: FoundConversation) -> str:
    """Where a conversation of Parley's came from itself, as `source_id_of`; else empty."""
    origin = clean_text(found.source_id)[:200] if product == _OWN else ""
    return origin if origin.partition(":")[0] in Transfer.Source else ""


def _original(user: User, ids: Sequence[str]) -> UUID | None:
    """The conversation that was exported, if it is still there."""
    wanted = [UUID(own) for each in ids if is_uuid(own := each.removeprefix(f"{_OWN}:"))]
    mine = Conversation.objects.filter(owner=user, deleted_at=None)
    return mine.filter(id__in=wanted).values_list("id", flat=True).first()


def is_uuid(text: str) -> bool:
    """Whether it is written as our ids are."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _title(found: FoundConversation) -> str:
    title = facts.line(found.title, TITLE_LENGTH)
    first = next((each.content for each in found.messages if each.content.strip()), "")
    return title or title_from(first[:2000]) or _("Imported chat")
