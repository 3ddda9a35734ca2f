"""Makes a sound tree of whatever a file claims to be one: no cycle, no missing parent, no twice.

Everything is iterative and linear, so a chain of 100,000 messages costs what it holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chats.importing.calls import Calls
from chats.importing.neutral import FoundConversation, FoundMessage, text

_STEP: Final = 0.001
"""Seconds between messages whose file does not say when they were written."""


@dataclass(frozen=True, slots=True)
class _Carried:
    """What messages that are left out give to the replies below: a list that shares its tails."""

    message: FoundMessage
    above: "_Carried | None"


@dataclass(frozen=True, slots=True)
class _Above:
    """The nearest message that is kept, and what lies in between."""

    id: str | None
    carried: _Carried | None


_NOTHING: Final = _Above(None, None)


def arrange(conversation: FoundConversation) -> None:
    """Leave the kept messages, parents before children, and give each a parent that is there."""
    nodes = _by_id(conversation)
    _keep_lonely(nodes)
    above = _Ancestors(nodes)
    kept = [each for each in nodes.values() if each.is_kept]
    carried: dict[str, _Carried] = {}
    for message in kept:
        if message.parent is not None and message.parent not in nodes:
            conversation.note("parents")
        found = above.of(message.parent)
        message.parent = found.id
        if found.carried is not None and message.role == "assistant":
            carried[message.id] = found.carried
    leaf = above.of(conversation.leaf).id
    for message in kept:
        if message.id in carried:
            _take_over(message, carried[message.id])
    conversation.messages = _in_order(kept, conversation)
    _fill_times(conversation)
    conversation.leaf = leaf or _newest_leaf(conversation.messages)


def _by_id(conversation: FoundConversation) -> dict[str, FoundMessage]:
    """All by their ids. One that says the same again is dropped, another one gets its own id."""
    nodes: dict[str, FoundMessage] = {}
    for message in conversation.messages:
        known = nodes.get(message.id)
        if known is not None:
            conversation.note("twice")
            if (known.role, known.content) == (message.role, message.content):
                continue
            message.id = f"{message.id}#{len(nodes)}"
        nodes[message.id] = message
    return nodes


def _keep_lonely(nodes: dict[str, FoundMessage]) -> None:
    """Keep what carries something and has no reply below it to give that to."""
    reached: set[str] = set()
    for message in nodes.values():
        if message.role == "assistant" if message.is_kept else message.carries:
            at = message.parent
            while at is not None and at in nodes and at not in reached and not nodes[at].is_kept:
                reached.add(at)
                at = nodes[at].parent
    for message in nodes.values():
        if not message.is_kept and message.carries and message.id not in reached:
            message.is_kept = True
            message.role = "assistant"


class _Ancestors:
    """Walks up past what is not kept; each node once."""

    def __init__(self, nodes: dict[str, FoundMessage]) -> None:
        self._nodes = nodes
        self._known: dict[str, _Above] = {}

    def of(self, start: str | None) -> _Above:
        """`start` itself if it is kept, else what is above it; nothing where it is missing."""
        way: list[FoundMessage] = []
        seen: set[str] = set()
        at = start
        found = _NOTHING
        while at is not None and at in self._nodes and at not in seen:
            if at in self._known:
                found = self._known[at]
                break
            node = self._nodes[at]
            if node.is_kept:
                found = _Above(at, None)
                break
            seen.add(at)
            way.append(node)
            at = node.parent
        for node in reversed(way):
            if node.carries:
                found = _Above(found.id, _Carried(node, found.carried))
            self._known[node.id] = found
        return found


def _take_over(message: FoundMessage, carried: _Carried | None) -> None:
    """Put what was carried before what the message has itself."""
    givers: list[FoundMessage] = []
    while carried is not None and len(givers) < 200:
        givers.append(carried.message)
        carried = carried.above
    givers.reverse()
    thoughts = [each.reasoning for each in (*givers, message) if each.reasoning]
    message.reasoning = "\n\n".join(thoughts)
    message.parts = _joined([part for giver in (*givers, message) for part in giver.parts])
    message.more_files += sum(giver.more_files for giver in givers)
    message.files = [file for giver in (*givers, message) for file in giver.files]


def _joined(found: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Parts of their own, results in the calls that they belong to."""
    parts: list[dict[str, str]] = []
    calls = Calls()
    for part in found:
        if part.get("type") == "tool_result":
            calls.answer(text(part.get("id")), text(part.get("result")))
            continue
        parts.append(dict(part))
        if part.get("type") == "tool_call":
            calls.add(parts[-1])
    return parts


def _in_order(kept: list[FoundMessage], conversation: FoundConversation) -> list[FoundMessage]:
    """Parents before children; what hangs on a circle is cut from it once."""
    children: dict[str | None, list[FoundMessage]] = {}
    for message in kept:
        children.setdefault(message.parent, []).append(message)
    order: list[FoundMessage] = []
    placed: set[str] = set()
    waiting = list(children.get(None, ()))
    by_id = {message.id: message for message in kept}
    for candidate in (None, *kept):
        if candidate is not None:
            if candidate.id in placed:
                continue
            root = _on_circle(candidate, by_id)
            conversation.note("cycles")
            root.parent = None
            waiting = [root]
        for message in waiting:
            if message.id not in placed:
                placed.add(message.id)
                order.append(message)
                waiting.extend(children.get(message.id, ()))
    return order


def _on_circle(start: FoundMessage, by_id: dict[str, FoundMessage]) -> FoundMessage:
    """The first message, going up from `start`, that is its own ancestor."""
    seen: set[str] = set()
    at = start
    while at.id not in seen:
        seen.add(at.id)
        at = by_id[at.parent or ""]
    return at


def _fill_times(conversation: FoundConversation) -> None:
    """Give each message a time: its own, else right after what it answers.

    Versions of the same moment stay in their order.
    """
    times: dict[str | None, float | None] = {None: conversation.created_at}
    last: dict[str | None, tuple[float, float]] = {}
    for message in conversation.messages:
        before = times[message.parent]
        when = message.created_at
        if when is None and before is not None:
            when = before + _STEP
        if when is not None:
            said, given = last.get(message.parent, (0.0, 0.0))
            given = given + _STEP / 1000 if when == said else when
            last[message.parent] = (when, given)
            when = given
        message.created_at = times[message.id] = when


def _newest_leaf(messages: Iterable[FoundMessage]) -> str | None:
    """The message written last that nothing answers."""
    found = list(messages)
    parents = {each.parent for each in found}
    leaves = [(each.created_at or 0.0, at, each.id) for at, each in enumerate(found)]
    return max((leaf for leaf in leaves if leaf[2] not in parents), default=(0, 0, None))[2]
