"""Parley's own exports, version 1: `docs/export.md`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from chats.importing.files import Files
from chats.importing.neutral import (
    FoundConversation,
    FoundFile,
    FoundMessage,
    identity,
    items,
    mapping,
    moment,
    text,
)

FORMAT: Final = "parley-export"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"

_OF_CONVERSATION: Final = (
    "title_source", "temperature", "top_p", "max_tokens", "options", "fallback_model",
    "archived_at",
)  # fmt: skip
_OF_MESSAGE: Final = (
    "reasoning_ms", "metadata", "error", "finish_reason", "input_tokens", "output_tokens",
    "cached_tokens", "reasoning_tokens", "cost_micros", "rating", "rating_note", "comparison",
    "comparison_order", "started_at", "first_token_at", "finished_at",
)  # fmt: skip
_MOMENTS: Final = frozenset({"archived_at", "started_at", "first_token_at", "finished_at"})
_STATUSES: Final = frozenset({"complete", "stopped", "interrupted", "failed"})
_MAX_DEPTH: Final = 20
"""Of folders; what lies deeper stands in the last."""
MAX_FOLDERS: Final = 500
MAX_TAGS: Final = 200
"""In all, as one person can keep."""
_PROMPT: Final = 100_000
_BATCH: Final = 1_000_000
_TIMES: Final = ("created_at", "updated_at")


class Surroundings:
    """What conversations of one export refer to: its folders, tags and files."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._folders: dict[str, tuple[str, str]] = {}
        self._about: dict[str, dict[str, Any]] = {}
        self._tags: dict[str, dict[str, Any]] = {}
        self._of_files: dict[str, FoundFile] = {}

    @property
    def left_out(self) -> dict[str, int]:
        """How many folders and tags are too many."""
        return {
            "folders": max(0, len(self._folders) - MAX_FOLDERS),
            "tags": max(0, len(self._tags) - MAX_TAGS),
        }

    def add(self, section: str, item: Mapping[str, Any]) -> None:
        """Take one folder, tag or file."""
        id_ = identity(item.get("id"))
        if section == "folders":
            self._folders[id_] = (text(item.get("name"))[:300], identity(item.get("parent")))
            self._about[id_] = {
                "system_prompt": text(item.get("system_prompt"))[:_PROMPT],
                "default_model": text(item.get("default_model"))[:300],
                **{name: moment(item.get(name)) for name in _TIMES},
            }
        elif section == "tags":
            self._tags[id_] = {
                "name": text(item.get("name"))[:300],
                "colour": text(item.get("colour"))[:20],
                "created_at": moment(item.get("created_at")),
            }
        elif section == "files":
            name = text(item.get("name"))
            data = text(item.get("data"))
            path = text(item.get("path"))
            if item.get("is_missing") is True:
                file = FoundFile(name)
            elif data:
                file = self._files.told(name, data)
            else:
                file = FoundFile(name, path=path)
            file.created_at = moment(item.get("created_at"))
            self._of_files[id_] = file

    def batches(self) -> Iterator[dict[str, Any]]:
        """Folders, parents first, and tags, whether conversations are in them or not."""
        folders = [{"path": self.folder(id_), **self._about[id_]} for id_ in self._folders]
        folders.sort(key=lambda folder: len(folder["path"]))
        batch: list[dict[str, Any]] = []
        length = 0
        for folder in folders[:MAX_FOLDERS]:
            size = sum(map(len, folder["path"])) + len(folder["system_prompt"])
            if batch and length + size > _BATCH:
                yield {"folders": batch, "tags": []}
                batch, length = [], 0
            batch.append(folder)
            length += size
        yield {"folders": batch, "tags": list(self._tags.values())[:MAX_TAGS]}

    def folder(self, id_: str) -> list[str]:
        """The names on the way to a folder, the outermost first."""
        names: list[str] = []
        seen: set[str] = set()
        while id_ in self._folders and id_ not in seen and len(names) < _MAX_DEPTH:
            seen.add(id_)
            name, id_ = self._folders[id_]
            names.append(name)
        return names[::-1]

    def tags(self, ids: list[Any]) -> list[list[str]]:
        """Names and colours of those that there are."""
        known = [self._tags[identity(each)] for each in ids if identity(each) in self._tags]
        return [[tag["name"], tag["colour"]] for tag in known]

    def files(self, ids: list[Any]) -> list[FoundFile]:
        """Those that there are."""
        return [self._of_files[identity(each)] for each in ids if identity(each) in self._of_files]


def is_one(item: Mapping[str, Any]) -> bool:
    """Whether it is one of its conversations."""
    return "current_leaf" in item and "title_source" in item and "messages" in item


def read(item: Mapping[str, Any], around: Surroundings) -> FoundConversation:
    """One conversation, not arranged yet. Whoever is named in it is nobody here."""
    found = FoundConversation(
        id=identity(item.get("id")),
        title=text(item.get("title")),
        created_at=moment(item.get("created_at")),
        updated_at=moment(item.get("updated_at")),
        model=_model(item),
        system_prompt=text(item.get("system_prompt")),
        is_pinned=item.get("is_pinned") is True,
        is_archived=item.get("archived_at") is not None,
        folder=around.folder(identity(item.get("folder"))),
        tags=around.tags(items(item.get("tags"))),
        leaf=identity(item.get("current_leaf")) or None,
        source_id=identity(item.get("source_id")),
        facts=_facts(item, _OF_CONVERSATION),
    )
    for value in items(item.get("messages")):
        said = mapping(value)
        status = text(said.get("status"))
        role = text(said.get("role"))
        message = FoundMessage(
            id=identity(said.get("id")),
            parent=identity(said.get("parent")) or None,
            role=role,
            content=text(said.get("content")),
            reasoning=text(said.get("reasoning")),
            parts=[dict(each) for each in items(said.get("parts")) if isinstance(each, dict)],
            files=around.files(items(said.get("attachments"))),
            status=status if status in _STATUSES else "interrupted",
            model=_model(said),
            author=text(said.get("author")),
            created_at=moment(said.get("created_at")),
            is_kept=role in ("user", "assistant", "system"),
            facts=_facts(said, _OF_MESSAGE),
        )
        found.messages.append(message)
    return found


def _facts(item: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: moment(item[name]) if name in _MOMENTS else item[name]
        for name in names
        if item.get(name) is not None
    }


def _model(item: Mapping[str, Any]) -> str:
    provider, model = text(item.get("provider")), text(item.get("model"))
    return f"{provider}/{model}" if provider else model
