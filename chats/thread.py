"""What a conversation's page shows: the newest part of the path, older parts on demand."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from accounts.models import User
from chats.context import message_tokens
from chats.enclosures import tokens_of
from chats.models import Attachment, Conversation, Message

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class Turn:
    """A message with what is shown around it: its files and its place among its siblings."""

    message: Message
    attachments: list[Attachment] = field(default_factory=list)
    position: int = 1
    count: int = 1
    previous_id: UUID | None = None
    next_id: UUID | None = None
    columns: tuple["Turn", ...] = ()
    """What it stands side by side with, itself included; most stand alone."""

    @property
    def is_live(self) -> bool:
        """Whether it, or what it stands side by side with, is still being written."""
        return self.message.is_live or any(turn.message.is_live for turn in self.columns)

    @property
    def leaf_id(self) -> UUID:
        """The message that a next one answers: of those side by side the one on the path."""
        if self.columns:
            shown = self.message.conversation.current_leaf_id
            for turn in self.columns:
                if turn.message.id == shown:
                    return turn.message.id
        return self.message.id


@dataclass(frozen=True, slots=True)
class Thread:
    """A stretch of the path, oldest first. `older_before` names where the older part ends."""

    turns: list[Turn]
    older_before: UUID | None
    system_tokens: int = 0
    found_id: UUID | None = None
    """The message that somebody was led to."""
    is_other: bool = False
    """Another version of the conversation than the one it shows: it has that message."""

    @property
    def live(self) -> bool:
        """Whether a reply in it is still being written."""
        return any(turn.is_live for turn in self.turns)

    @property
    def tokens(self) -> int | None:
        """About how many tokens a next prompt begins with; None when that cannot be told.

        What the newest reply counted and what came after it; an estimate of all where no reply was
        counted and the thread is the whole path.
        """
        tokens = 0
        for turn in reversed(self.turns):
            counted = _counted(turn.message)
            if counted is not None:
                return counted + tokens
            tokens += message_tokens(turn.message.content) + tokens_of(turn.attachments)
        whole = bool(self.turns) and self.turns[0].message.parent_id is None
        return self.system_tokens + tokens if whole else None


def load_thread(
    conversation: Conversation, *, before: UUID | None = None, limit: int = PAGE_SIZE
) -> Thread:
    """The last `limit` messages of the path, or those before the message `before`.

    At most seven queries, whatever the length of the conversation.
    """
    leaf_id = conversation.current_leaf_id
    if before is not None:
        leaf_id = (
            conversation.messages.filter(id=before).values_list("parent_id", flat=True).first()
        )
    if leaf_id is None:
        return Thread(turns=[], older_before=None)
    return _thread(conversation, conversation.messages.path_to(leaf_id, limit=limit))


def _thread(conversation: Conversation, path: list[Message]) -> Thread:
    for message in path:
        message.conversation = conversation
    older = path[0].id if path and path[0].parent_id else None
    system = message_tokens(conversation.system_prompt)
    return Thread(turns=_with_surroundings(path), older_before=older, system_tokens=system)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message is: on the path that ends with `leaf_id`, with so many messages below it."""

    leaf_id: UUID
    below: int
    later_id: UUID
    """A message somewhat further down, or the leaf."""


def locate(conversation: Conversation, message_id: UUID) -> Place | None:
    """Where to show a message: on the current path if it is there. At most four queries.

    None when it is not in the conversation.
    """
    if not conversation.messages.filter(id=message_id).exists():
        return None
    leaf_id = conversation.current_leaf_id
    ids = Message.objects.ids_to(leaf_id) if leaf_id else []
    if leaf_id is None or message_id not in ids:
        leaf_id = Message.objects.newest_leaf_below(message_id)
        ids = Message.objects.ids_to(leaf_id)
    below = ids.index(message_id)
    return Place(leaf_id, below, ids[max(below - PAGE_SIZE // 2, 0)])


def load_thread_around(conversation: Conversation, message_id: UUID, place: Place) -> Thread:
    """The path from a bit above a message down to its leaf. Seven queries, whatever the length."""
    path = conversation.messages.path_to(
        place.leaf_id, limit=max(PAGE_SIZE, place.below + 1 + PAGE_SIZE // 2)
    )
    is_other = place.leaf_id != conversation.current_leaf_id
    return replace(_thread(conversation, path), found_id=message_id, is_other=is_other)


def load_turn(message: Message) -> Turn:
    """One message with its surroundings. At most three queries."""
    return _with_surroundings([message])[0]


def _counted(message: Message) -> int | None:
    """Tokens of the path up to a reply and with it; replies of older versions know no more."""
    tokens: int | None = message.metadata.get("context", {}).get("tokens")
    if tokens is None and message.input_tokens is not None and message.output_tokens is not None:
        return message.input_tokens + message.output_tokens
    return tokens


def _name_authors(messages: list[Message]) -> None:
    """Give messages of others than the owner their authors. One query where there are any."""
    ids = {m.author_id for m in messages if m.author_id}
    people = User.objects.only("username").in_bulk(ids) if ids else {}
    for message in messages:
        if message.author_id in people:
            message.author = people[message.author_id]


def _with_surroundings(messages: list[Message]) -> list[Turn]:
    _name_authors(messages)
    siblings = Message.objects.sibling_ids(messages)
    files: dict[UUID, list[Attachment]] = {}
    ids = [m.id for m in messages if not m.is_live]
    if ids:
        links = Attachment.messages.through.objects.filter(message_id__in=ids)
        links = links.select_related("attachment").defer("attachment__text")
        for link in links.order_by("id"):
            files.setdefault(link.message_id, []).append(link.attachment)
    columns = _columns(messages)
    return [
        Turn(message=m, columns=columns[m.comparison])
        if m.comparison in columns
        else _turn(m, siblings[m.id], files.get(m.id, []))
        for m in messages
    ]


def _columns(messages: list[Message]) -> dict[UUID | None, tuple[Turn, ...]]:
    """By comparison, the replies that stand side by side. At most one query.

    They show no versions: choosing one of them is what makes versions of the others.
    """
    wanted = [m for m in messages if m.comparison]
    if not wanted:
        return {}
    compared = Message.objects.filter(
        parent_id__in=[m.parent_id for m in wanted], comparison__in=[m.comparison for m in wanted]
    )
    groups: dict[UUID | None, list[Turn]] = {}
    replies = list(compared.order_by("comparison_order", "id"))
    _name_authors(replies)
    for message in replies:
        groups.setdefault(message.comparison, []).append(Turn(message=message))
    return {comparison: tuple(turns) for comparison, turns in groups.items() if len(turns) > 1}


def _turn(message: Message, siblings: list[UUID], attachments: list[Attachment]) -> Turn:
    index = siblings.index(message.id)
    return Turn(
        message=message,
        attachments=attachments,
        position=index + 1,
        count=len(siblings),
        previous_id=siblings[index - 1] if index else None,
        next_id=siblings[index + 1] if index + 1 < len(siblings) else None,
    )
