"""Tools and citations in Anthropic's streams: blocks of the content, beside those of text.

https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/web-search-tool and
https://docs.anthropic.com/en/docs/build-with-claude/citations. A block `..._tool_use` is a call,
whose input comes in pieces of JSON. What the provider ran has a block `..._tool_result` with its
id.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from providers.adapters.openai_chat import MOST_CALLS, MOST_OF_ARGUMENTS
from providers.adapters.sdk import as_json, clean, mapping, rows, said
from providers.types import Source, ToolCall

_SEALED = frozenset({"encrypted_content", "encrypted_index", "encrypted_stdout", "caller", "type"})
"""Fields of results that are not for people; the rest is shown."""


@dataclass(slots=True)
class _Open:
    call: ToolCall
    pieces: list[str] = field(default_factory=list)
    length: int = 0


class ToolBlocks:
    """Puts calls together with their inputs and, later, their results."""

    def __init__(self) -> None:
        self._open: dict[object, _Open] = {}
        self._called: dict[str, ToolCall] = {}

    def start(self, index: object, block: dict[str, Any]) -> Iterator[ToolCall]:
        """A block begins; a result is whole at once."""
        kind = said(block.get("type"))
        if kind.endswith("tool_use") and len(self._called) < MOST_CALLS:
            given = block.get("input")
            arguments = as_json(given) if given else ""
            call = ToolCall(said(block.get("id")), said(block.get("name")), arguments)
            self._open[index] = _Open(call)
        elif kind.endswith("_tool_result"):
            call = self._called.get(said(block.get("tool_use_id")), _unknown(block, kind))
            yield replace(call, result=_readable(block.get("content")))

    def add(self, index: object, piece: object) -> None:
        """A piece of a call's input."""
        block = self._open.get(index)
        if block is not None and isinstance(piece, str) and block.length < MOST_OF_ARGUMENTS:
            block.length += len(piece)
            block.pieces.append(piece)

    def stop(self, index: object) -> Iterator[ToolCall]:
        """A block ends; a call is told before it has a result."""
        block = self._open.pop(index, None)
        if block is None:
            return
        arguments = clean("".join(block.pieces)) or block.call.arguments
        call = self._called[block.call.id] = replace(block.call, arguments=arguments)
        yield call


def citations(citation: dict[str, Any]) -> Iterator[Source]:
    """Of pages and search results. Documents of the prompt have no address: they are the user's."""
    address = said(citation.get("url")) or said(citation.get("source"))
    if address:
        yield Source(address, said(citation.get("title")), said(citation.get("cited_text")))


def _unknown(block: dict[str, Any], kind: str) -> ToolCall:
    """A result of a call that was not told."""
    return ToolCall(said(block.get("tool_use_id")), kind.removesuffix("_tool_result"), "")


def _readable(content: object) -> str:
    """A result in words: the pages that were found, what a program printed, or plain JSON."""
    found = rows(content)
    pages = [f"{said(row.get('title'))}\n{said(row.get('url'))}" for row in found if "url" in row]
    if pages:
        return "\n\n".join(pages)
    texts = [said(row.get("text")) for row in found if row.get("type") == "text"]
    if texts:
        return "\n".join(texts)
    shown = {name: value for name, value in mapping(content).items() if name not in _SEALED}
    printed = [said(shown.get(name)) for name in ("stdout", "stderr")]
    if any(printed):
        return "\n".join(filter(None, printed))
    if set(shown) == {"error_code"}:
        return said(shown["error_code"])
    return clean(json.dumps(shown or found, ensure_ascii=False))
