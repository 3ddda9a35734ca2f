"""Chats as Markdown, to be read: docs/export.md. Nothing in a message can pass for another one."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote as url_quote
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from chats import parts
from chats.exporting.choosing import Chosen
from chats.exporting.escaping import code_block, embed, inline, quote, without_tags, yaml_text
from chats.exporting.reading import (
    Chat,
    Entry,
    Tree,
    folder_path,
    read_chats,
    read_folders,
    read_messages,
    read_tags,
    read_tree,
)
from chats.exporting.storing import Counts
from chats.models import Attachment, Message

Place = Callable[[UUID], str]
"""Where the file with this id is in the export, as the document sees it; empty when it is not."""


@dataclass(frozen=True, slots=True)
class Taste:
    """What is wanted beside the words."""

    with_reasoning: bool = False
    with_branches: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """Names of folders (as paths) and tags."""

    folders: dict[UUID, str]
    tags: dict[UUID, str]


def read_order(chosen: Chosen) -> Order:
    """Three queries."""
    folders = {folder.id: folder for folder in read_folders(chosen)}
    return Order(
        folders={each.id: " / ".join(folder_path(each, folders)) for each in folders.values()},
        tags={tag.id: tag.name for tag in read_tags(chosen)},
    )


def write_file(chosen: Chosen, counts: Counts, taste: Taste) -> Generator[bytes, None, None]:
    """All in one file. Of several chats each has its front matter as a block of code."""
    order = read_order(chosen)
    is_alone = len(chosen.ids) == 1
    if not is_alone:
        facts = [("exported", timezone.now()), ("chats", len(chosen.ids))]
        yield f"---\n{_yaml(facts)}---\n".encode()
    for chat in read_chats(chosen):
        tree = read_tree(chat.conversation)
        yield from write_chat(
            chat, tree, counts, order=order, taste=taste, place=_nowhere, is_alone=is_alone
        )


def write_chat(
    chat: Chat,
    tree: Tree,
    counts: Counts,
    *,
    order: Order,
    taste: Taste,
    place: Place,
    is_alone: bool = True,
) -> Iterator[bytes]:
    """One chat, a few messages at a time. `is_alone`: it is a document of its own."""
    yield _head(chat, order, is_alone=is_alone).encode()
    shown = _shown_path(chat, tree)
    numbers = {message_id: number for number, message_id in enumerate(shown, start=1)}
    versions = _versions(tree, shown)
    files = {file.id: file for file in chat.files}
    blocks = partial(_message, files=files, taste=taste, place=place)
    for entry in read_messages(chat.conversation, shown, length=tree.length):
        counts.messages += 1
        number = numbers[entry.message.id.int]
        lines = blocks(entry, number, versions.get(number, ""))
        yield _joined(lines)
    others = [each for each in tree.parents if each not in numbers]
    if others and taste.with_branches:
        yield f"\n## {_('Other versions')}\n".encode()
        for entry in read_messages(chat.conversation, others, length=tree.length):
            counts.messages += 1
            numbers[entry.message.id.int] = number = len(numbers) + 1
            parent = numbers.get(entry.message.parent_id.int) if entry.message.parent_id else None
            note = (
                f"*{_('This follows message %(number)d.') % {'number': parent}}*"
                if parent
                else f"*{_('This is another beginning.')}*"
            )
            lines = blocks(entry, number, note)
            yield _joined(lines)
    counts.chats += 1


def _joined(blocks: Iterable[str]) -> bytes:
    """A message, with one empty line before it and between its blocks."""
    return ("\n" + "\n\n".join(blocks) + "\n").encode()


def _head(chat: Chat, order: Order, *, is_alone: bool) -> str:
    row = chat.conversation
    facts: list[tuple[str, object]] = [
        ("title", str(row)),
        ("created", row.created_at),
        ("updated", row.updated_at),
        ("models", _models(chat)),
        ("tags", [order.tags[tag_id] for tag_id in chat.tag_ids if tag_id in order.tags]),
        ("folder", order.folders.get(row.folder_id, "") if row.folder_id else ""),
        ("archived", row.archived_at),
        ("system_prompt", row.system_prompt),
    ]
    title = f"# {inline(str(row))}\n"
    if is_alone:
        return f"---\n{_yaml(facts)}---\n\n{title}"
    return f"\n{title}\n{code_block(_yaml(facts).rstrip(), 'yaml')}\n"


def _models(chat: Chat) -> list[str]:
    """Which wrote replies. One query."""
    rows = chat.conversation.messages.filter(role=Message.Role.ASSISTANT).exclude(provider="")
    found = rows.order_by("provider", "model").values_list("provider", "model").distinct()
    return [f"{provider}/{model}" for provider, model in found]


def _shown_path(chat: Chat, tree: Tree) -> list[int]:
    """What the chat shows; where it shows nothing, the path to what was written last."""
    path = tree.path_to(chat.conversation.current_leaf_id)
    if path or not tree.parents:
        return path
    return tree.path_to(UUID(int=next(reversed(tree.parents))))


def _versions(tree: Tree, shown: list[int]) -> dict[int, str]:
    """For places on the path where there is more than one version, which it is."""
    parents = {tree.parents[message_id]: number for number, message_id in enumerate(shown, start=1)}
    path = set(shown)
    counts: Counter[int] = Counter()
    positions: dict[int, int] = {}
    for message_id, parent in tree.parents.items():
        if number := parents.get(parent):
            counts[number] += 1
            if message_id in path:
                positions[number] = counts[number]
    said = _("Version %(number)d of %(count)d.")
    return {
        number: f"*{said % {'number': positions[number], 'count': count}}*"
        for number, count in counts.items()
        if count > 1
    }


def _message(
    entry: Entry,
    number: int,
    note: str,
    *,
    files: dict[UUID, Attachment],
    taste: Taste,
    place: Place,
) -> Iterator[str]:
    """Its blocks."""
    row = entry.message
    yield f"## {number}. {_heading(entry)}"
    if note:
        yield note
    if taste.with_reasoning and row.reasoning:
        summary = _("Reasoning")
        folded = quote(without_tags(row.reasoning))
        yield f"<details><summary>{summary}</summary>\n\n{folded}\n\n</details>"
    if row.content:
        yield embed(row.content)
    attached = [_attached(files[file_id], place) for file_id in entry.file_ids if file_id in files]
    if attached:
        yield "\n".join(attached)
    yield from _parts(row)
    if ending := _ending(row):
        yield quote(ending)


def _heading(entry: Entry) -> str:
    row = entry.message
    who = {
        Message.Role.USER: entry.author or _("You"),
        Message.Role.ASSISTANT: _("Assistant"),
        Message.Role.SYSTEM: _("System"),
    }[Message.Role(row.role)]
    model = row.model_name if row.role == Message.Role.ASSISTANT else ""
    return " · ".join(inline(each) for each in (who, model, _time(row.created_at)) if each)


def _attached(file: Attachment, place: Place) -> str:
    name = inline(file.name)
    where = place(file.id)
    mark = "!" if file.is_image and where else ""
    return f"- {mark}[{name}]({url_quote(where)})" if where else f"- {name}"


def _parts(row: Message) -> Iterator[str]:
    shown = parts.shown(row.parts)
    for call in shown.calls:
        yield f"**{_('Tool')}: {inline(call.name)}**"
        yield code_block(call.arguments)
        if call.result is not None:
            yield code_block(call.result)
    if shown.sources:
        sources = (
            f"{n}. [{inline(source.title)}]({url_quote(source.url, safe=_URL)})"
            for n, source in enumerate(shown.sources, start=1)
        )
        yield "\n".join([f"**{_('Sources')}**\n", *sources])


_URL = ":/?#@!$&*+,;=%~-._"


def _ending(row: Message) -> str:
    """How a reply ended, when it did not as it should."""
    if row.status == Message.Status.STOPPED:
        return _("This reply was stopped.")
    if row.is_live or row.status == Message.Status.INTERRUPTED:
        return _("This reply broke off.")
    if row.status != Message.Status.FAILED:
        return ""
    error = row.error or {}
    said = " ".join(str(error[name]) for name in ("message", "detail") if error.get(name))
    return f"{_('This reply failed.')} {inline(said)}".strip()


def _yaml(facts: Iterable[tuple[str, object]]) -> str:
    """Keys and values; what is empty is left out."""
    lines = []
    for name, value in facts:
        if isinstance(value, list):
            lines += [f"{name}:", *(f"  - {yaml_text(each)}" for each in value)] if value else []
        elif isinstance(value, datetime):
            lines.append(f"{name}: {value.astimezone(UTC).isoformat(timespec='seconds')}")
        elif isinstance(value, int):
            lines.append(f"{name}: {value}")
        elif value:
            lines.append(f"{name}: {yaml_text(str(value))}")
    return "".join(f"{line}\n" for line in lines)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _nowhere(_file_id: UUID) -> str:
    return ""
