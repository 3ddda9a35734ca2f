"""An export as a ZIP file: a document for each chat and the attached files, each once."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from chats.exporting import markdown, parley
from chats.exporting.choosing import Chosen
from chats.exporting.names import safe_name, slug
from chats.exporting.packing import Pack
from chats.exporting.reading import Chat, Tree, read_chats, read_tree
from chats.exporting.storing import Counts, LostError, read_blocks
from chats.models import Attachment

_BYTES_A_CHARACTER: Final = 6
"""At most, in UTF-8 or as an escape of JSON."""
_BYTES_A_MESSAGE: Final = 3000
_TEXT: Final = ("text/", "application/pdf")

Document = Callable[[Chat, Tree], Iterator[bytes]]


@dataclass(slots=True)
class _Packed:
    """A file that is through. `path` is empty when not a byte of it could be read."""

    facts: dict[str, Any]
    path: str
    digest: str
    is_missing: bool


class _Files:
    """Puts files into a pack, and remembers which."""

    def __init__(self, pack: Pack, counts: Counts) -> None:
        self._pack = pack
        self._counts = counts
        self._packed: dict[UUID, _Packed] = {}

    def add(self, files: list[Attachment]) -> Iterator[bytes]:
        """Those that are not in it yet."""
        for file in files:
            if file.id not in self._packed:
                yield from self._add(file)

    def place(self, file_id: UUID) -> str:
        """Where a document finds it."""
        packed = self._packed.get(file_id)
        return f"../{packed.path}" if packed and packed.path else ""

    def listed(self) -> list[dict[str, Any]]:
        """As the manifest tells of them."""
        return [
            each.facts
            | {"path": each.path or None, "sha256": each.digest, "is_missing": each.is_missing}
            for each in self._packed.values()
        ]

    def _add(self, file: Attachment) -> Iterator[bytes]:
        packed = _Packed(parley.file_facts(file), "", sha256().hexdigest(), is_missing=True)
        self._packed[file.id] = packed
        blocks = read_blocks(file)
        try:
            first = next(blocks, b"")
        except LostError:
            self._counts.add_file(is_missing=True)
            return
        packed.path = f"files/{file.id}/{safe_name(file.name)}"
        yield from self._pack.add(
            packed.path,
            self._hashed(packed, first, blocks),
            at_most=max(file.size, len(first)),
            changed=file.created_at,
            is_packed=not file.media_type.startswith(_TEXT),
        )
        self._counts.add_file(is_missing=packed.is_missing)

    def _hashed(self, packed: _Packed, first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
        digest = sha256(first)
        yield first
        try:
            for block in blocks:
                digest.update(block)
                yield block
            packed.is_missing = False
        except LostError:
            pass  # It stays marked as missing; the entry ends with what came.
        packed.digest = digest.hexdigest()


def write_json(chosen: Chosen, counts: Counts) -> Generator[bytes, None, None]:
    """With a manifest at its end, without which it is not whole."""
    head = parley.head(chosen)
    pack = Pack()
    files = _Files(pack, counts)
    document = partial(parley.write_chat, counts=counts)
    yield from _chats(chosen, pack, files, document, "json")
    totals = {"conversations": counts.chats, "messages": counts.messages, "files": counts.files}
    manifest = parley.encode(head | {"files": files.listed(), "counts": totals})
    yield from pack.add("manifest.json", [manifest], at_most=len(manifest), changed=timezone.now())
    yield pack.end()


def write_markdown(
    chosen: Chosen, counts: Counts, taste: markdown.Taste
) -> Generator[bytes, None, None]:
    """Documents that link to the files beside them."""
    order = markdown.read_order(chosen)
    pack = Pack()
    files = _Files(pack, counts)
    document = partial(
        markdown.write_chat, counts=counts, order=order, taste=taste, place=files.place
    )
    yield from _chats(chosen, pack, files, document, "md")
    yield pack.end()


def _chats(
    chosen: Chosen, pack: Pack, files: _Files, document: Document, extension: str
) -> Iterator[bytes]:
    """Each chat after its files, so that what it says of them is known."""
    for number, chat in enumerate(read_chats(chosen), start=1):
        yield from files.add(chat.files)
        tree = read_tree(chat.conversation)
        yield from pack.add(
            f"conversations/{number:05}-{slug(str(chat.conversation))}.{extension}",
            document(chat, tree),
            at_most=tree.length * _BYTES_A_CHARACTER + len(tree.parents) * _BYTES_A_MESSAGE,
            changed=chat.conversation.updated_at,
        )
