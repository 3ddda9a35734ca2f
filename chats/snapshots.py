"""What a shared link shows of a conversation: the path to a message, as plain values.

What is not taken here cannot be shown by anything that shows a snapshot. Left out are the system
prompt, whoever wrote and owns it, costs, tokens and a provider's own words, tool calls (their
answers may hold what their owner's accounts hold), a reply that is still being written, and all
that is not on the path.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, NotRequired, TypedDict
from uuid import UUID

from chats import parts
from chats.models import Attachment, Conversation, Message
from providers.registry import BUILT_IN

PAGE_TURNS: Final = 50
PAGE_LENGTH: Final = 200_000
"""Characters from which on a page is full: it is rendered as one."""

_BATCH: Final = 200
_READ: Final = (
    "conversation",
    "role",
    "status",
    "content",
    "created_at",
    "model",
    "provider",
    "metadata",
    "finish_reason",
    "parts",
)
_ROLES: Final = (Message.Role.USER, Message.Role.ASSISTANT)
_FINISHES: Final = ("length", "content_filter", "tool_calls")


class File(TypedDict):
    """An attached file."""

    id: str
    name: str
    media_type: str
    size: int


class Turn(TypedDict):
    """One message. Absent is what there is none of, or what is not to be shown."""

    role: str
    content: str
    status: str
    """A final one of `Message.Status`."""
    at: str
    """When it was begun, ISO 8601."""
    model: NotRequired[str]
    """Without the connection it was reached by."""
    label: NotRequired[str]
    """Its name, where it has another one for people."""
    provider: NotRequired[str]
    """Only a kind that every site may have: the names of connections are their owners'."""
    finish: NotRequired[str]
    """Why a reply ended, where that is to be said."""
    reasoning: NotRequired[str]
    reasoning_ms: NotRequired[int]
    sources: NotRequired[list[dict[str, str]]]
    """As `Message.parts` has them."""
    files: NotRequired[list[File]]


Page = list[Turn]


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """A turn as pages show it, its sources checked again."""

    role: str
    content: str
    status: str
    at: datetime
    label: str
    finish: str
    reasoning: str
    reasoning_ms: int | None
    sources: list[parts.ShownSource]
    attachments: list[Attachment]

    is_live: ClassVar[bool] = False


def take_snapshot(
    conversation: Conversation,
    *,
    last_message: Message | None = None,
    with_reasoning: bool = False,
) -> Iterator[Page]:
    """The path to `last_message`, else to what the conversation shows, page by page.

    Three queries for each 200 messages, and one; nothing is read that was not asked for.
    """
    page: Page = []
    length = 0
    for turn in _turns(conversation, last_message, with_reasoning=with_reasoning):
        size = _length(turn)
        if page and (len(page) >= PAGE_TURNS or length + size > PAGE_LENGTH):
            yield page
            page, length = [], 0
        page.append(turn)
        length += size
    if page:
        yield page


def mark_of(conversation: Conversation, *, last_message: Message | None = None) -> tuple[int, str]:
    """How many turns a snapshot would have, and what stays alike until one might differ.

    One query, which reads no text. Messages of a path end or come; none is edited in place.
    """
    leaf_id = conversation.current_leaf_id if last_message is None else last_message.id
    if leaf_id is None:
        return 0, ""
    turns, newest = Message.objects.turns_to(leaf_id)
    return turns, f"{leaf_id} {newest}"


def file_ids(page: Page) -> list[UUID]:
    """Of the files that a page shows, in its order."""
    return [UUID(file["id"]) for turn in page for file in turn.get("files", ())]


def shown(page: Page, files: Mapping[str, Attachment]) -> list[ShownTurn]:
    """A page as it is shown, with `files` by their ids; one that is gone is left out."""
    return [
        ShownTurn(
            role=turn["role"],
            content=turn["content"],
            status=turn["status"],
            at=datetime.fromisoformat(turn["at"]),
            label=turn.get("label") or turn.get("model", ""),
            finish=turn.get("finish", ""),
            reasoning=turn.get("reasoning", ""),
            reasoning_ms=turn.get("reasoning_ms"),
            sources=parts.shown(turn.get("sources", [])).sources,
            attachments=[files[f["id"]] for f in turn.get("files", ()) if f["id"] in files],
        )
        for turn in page
    ]


def files_of(page: Page) -> dict[str, Attachment]:
    """The files that a page shows, by their ids as it has them. One query."""
    return {str(key): file for key, file in Attachment.objects.in_bulk(file_ids(page)).items()}


def digest_of(pages: Iterable[Page]) -> str:
    """The same for the same turns, and for no others, however they are parted into pages."""
    found = hashlib.sha256()
    for page in pages:
        for turn in page:
            found.update(json.dumps(turn, sort_keys=True).encode() + b"\n")
    return found.hexdigest()


def without_reasoning(page: Page) -> Page:
    """The same page with nothing of how models came to their replies."""
    hidden = {"reasoning", "reasoning_ms"}
    return [{k: v for k, v in turn.items() if k not in hidden} for turn in page]  # type: ignore[misc]


def _turns(
    conversation: Conversation, last_message: Message | None, *, with_reasoning: bool
) -> Iterator[Turn]:
    leaf_id = conversation.current_leaf_id if last_message is None else last_message.id
    if leaf_id is None:
        return
    ids = Message.objects.ids_to(leaf_id)[::-1]
    fields = (*_READ, "reasoning", "reasoning_ms") if with_reasoning else _READ
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        # By the conversation too: a message of another one, whoever named it, gives nothing.
        found = conversation.messages.filter(role__in=_ROLES).only(*fields).in_bulk(batch)
        files = _files(batch)
        for message_id in batch:
            message = found.get(message_id)
            if message is not None and not message.is_live:
                yield _turn(message, files.get(message_id, []), with_reasoning=with_reasoning)


def _turn(message: Message, files: list[File], *, with_reasoning: bool) -> Turn:
    turn = Turn(
        role=message.role,
        content=message.content,
        status=message.status,
        at=_iso(message.created_at),
    )
    if files:
        turn["files"] = files
    if message.role == Message.Role.USER:
        return turn
    if message.model:
        turn["model"] = message.model
    if label := str(message.metadata.get("model_label") or ""):
        turn["label"] = label[:200]
    if message.provider in BUILT_IN:
        turn["provider"] = message.provider
    if message.finish_reason in _FINISHES:
        turn["finish"] = message.finish_reason
    if sources := _sources(message.parts):
        turn["sources"] = sources
    if with_reasoning and message.reasoning:
        turn["reasoning"] = message.reasoning
        if message.reasoning_ms is not None:
            turn["reasoning_ms"] = message.reasoning_ms
    return turn


def _length(turn: Turn) -> int:
    sources = sum(len(text) for source in turn.get("sources", ()) for text in source.values())
    return len(turn["content"]) + len(turn.get("reasoning", "")) + sources


def _files(message_ids: list[UUID]) -> dict[UUID, list[File]]:
    """By message, in the order in which they were attached. One query."""
    links = Attachment.messages.through.objects.filter(message_id__in=message_ids).order_by("id")
    rows = links.values_list(
        "message_id",
        "attachment_id",
        "attachment__name",
        "attachment__media_type",
        "attachment__size",
    )
    found: dict[UUID, list[File]] = {}
    for message_id, attachment_id, name, media_type, size in rows:
        file = File(id=str(attachment_id), name=name, media_type=media_type, size=size)
        found.setdefault(message_id, []).append(file)
    return found


def _sources(stored: Any) -> list[dict[str, str]]:
    """What was cleaned, of sources alone."""
    cleaned = parts.Parts(stored if isinstance(stored, list) else ()).as_json()
    return [part for part in cleaned if part["type"] == "source"]


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
