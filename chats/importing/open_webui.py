"""Open WebUI: chats as its page exports them (a list), as its API does (lines), or one alone."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chats.importing.calls import Calls
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

_OPENING: Final = re.compile(r"<details\b([^<>]*+)>")
_CLOSING: Final = "</details>"
_KIND: Final = re.compile(r'\btype="(reasoning|tool_calls|code_interpreter)"')
_QUOTED: Final = re.compile(r"^> ?", re.M)
_ATTRIBUTE: Final = re.compile(r'\b(id|name|arguments|result)="([^"]*)"')


def is_one(item: Mapping[str, Any]) -> bool:
    """Whether it is one of its chats, or the inside of one."""
    chat = mapping(item.get("chat")) or item
    history = mapping(chat.get("history"))
    if isinstance(history.get("messages"), dict):
        return True
    said = items(chat.get("messages"))
    is_chat = "chat" in item or "models" in item
    return is_chat and (not said or "role" in mapping(said[0]))


def read(item: Mapping[str, Any], files: Files) -> FoundConversation:
    """One conversation, not arranged yet."""
    chat = mapping(item.get("chat")) or item
    history = mapping(chat.get("history"))
    parameters = mapping(chat.get("params"))
    models = [text(each) for each in items(chat.get("models")) if text(each)]
    found = FoundConversation(
        id=identity(item.get("id")) or identity(chat.get("id")),
        title=text(item.get("title")) or text(chat.get("title")),
        created_at=moment(item.get("created_at")) or moment(chat.get("timestamp")),
        updated_at=moment(item.get("updated_at")),
        model=models[0] if models else "",
        system_prompt=text(parameters.get("system")) or text(chat.get("system")),
        is_pinned=item.get("pinned") is True,
        is_archived=item.get("archived") is True,
        tags=[[tag, ""] for tag in _tags(item, chat)],
        leaf=identity(history.get("currentId")) or None,
    )
    found.facts = {
        name: parameters[name]
        for name in ("temperature", "top_p", "max_tokens")
        if isinstance(parameters.get(name), int | float)
    }
    for message, said in _messages(chat, history):
        _fill(message, said, files)
        found.messages.append(message)
    if identity(item.get("folder_id")):
        found.note("folder")
    return found


def _tags(item: Mapping[str, Any], chat: Mapping[str, Any]) -> Iterator[str]:
    named = items(mapping(item.get("meta")).get("tags")) or items(chat.get("tags"))
    for tag in named:
        name = text(tag) or text(mapping(tag).get("name"))
        if name:
            yield name


def _messages(
    chat: Mapping[str, Any], history: Mapping[str, Any]
) -> Iterator[tuple[FoundMessage, Mapping[str, Any]]]:
    """By the tree of parents where there is one, else one after the other."""
    nodes = mapping(history.get("messages"))
    for key, value in nodes.items():
        said = mapping(value)
        parent = identity(said.get("parentId")) or None
        yield FoundMessage(id=identity(key) or identity(said.get("id")), parent=parent), said
    before: str | None = None
    for number, value in enumerate(items(chat.get("messages")) if not nodes else ()):
        said = mapping(value)
        id_ = identity(said.get("id")) or f"#{number}"
        parent = identity(said.get("parentId")) if "parentId" in said else before
        yield FoundMessage(id=id_, parent=parent or None), said
        before = id_


def _fill(message: FoundMessage, said: Mapping[str, Any], files: Files) -> None:
    role = text(said.get("role"))
    message.is_kept = role in ("user", "assistant")
    message.role = role if message.is_kept else "assistant"
    message.created_at = moment(said.get("timestamp"))
    output = items(said.get("output"))
    if output:
        _fill_output(message, output)
    if not message.content:
        words = _words(said.get("content"), message, files)
        message.content = words if message.role == "user" else _without_details(message, words)
    if message.role == "assistant":
        message.model = text(said.get("model"))
        message.author = ""
        _fill_status(message, said)
    for value in items(said.get("files")):
        _add_file(message, mapping(value), files)
    for value in items(said.get("sources")) or items(said.get("citations")):
        message.parts += _sources(mapping(value))


def _fill_status(message: FoundMessage, said: Mapping[str, Any]) -> None:
    error = said.get("error")
    if error and error is not True:
        words = (
            text(error)
            or text(mapping(error).get("content"))
            or text(mapping(error).get("message"))
        )
        message.facts["error"] = words
    if error:
        message.status = "interrupted" if message.content else "failed"
    elif said.get("done") is False:
        message.status = "interrupted"


def _fill_output(message: FoundMessage, output: list[Any]) -> None:
    """What newer versions keep beside the text, without its decoration."""
    words: list[str] = []
    thoughts: list[str] = []
    calls = Calls()
    for value in output:
        part = mapping(value)
        match part.get("type"):
            case "reasoning":
                thoughts.append(_pieces(part.get("content")) or _pieces(part.get("summary")))
            case "message":
                words.append(_pieces(part.get("content")))
            case "function_call":
                message.parts.append(
                    {
                        "type": "tool_call",
                        "id": identity(part.get("call_id")) or identity(part.get("id")),
                        "name": text(part.get("name")),
                        "arguments": text(part.get("arguments")),
                    }
                )
                calls.add(message.parts[-1])
            case "function_call_output":
                calls.answer(identity(part.get("call_id")), _pieces(part.get("output")))
    message.content = "\n\n".join(filter(None, words))
    message.reasoning = "\n\n".join(filter(None, thoughts))


def _pieces(value: object) -> str:
    if isinstance(value, str):
        return value
    return "\n".join(filter(None, (text(mapping(each).get("text")) for each in items(value))))


def _words(content: object, message: FoundMessage, files: Files) -> str:
    """A text, or the texts of a list of parts, whose images become files."""
    if isinstance(content, str):
        return content
    for value in items(content):
        address = text(mapping(mapping(value).get("image_url")).get("url"))
        if address and message.has_room():
            message.files.append(files.embedded(address, "") or FoundFile("image"))
    return _pieces(content)


def _without_details(message: FoundMessage, words: str) -> str:
    """The text without the blocks that older versions put thoughts and calls of tools into."""
    if "<details" not in words:
        return words
    thoughts: list[str] = []
    kept: list[str] = []
    at = 0
    for begin, end, kind, attributes, inside in _details(words):
        kept.append(words[at:begin])
        at = end
        if kind == "tool_calls":
            values = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
            call = {"type": "tool_call", "id": values.get("id", ""), "name": values.get("name", "")}
            call["arguments"] = values.get("arguments", "")
            if "result" in values:
                call["result"] = values["result"]
            message.parts.append(call)
        else:
            said = _without_summary(inside).strip()
            thoughts.append(_QUOTED.sub("", html.unescape(said)))
    message.reasoning = "\n\n".join(filter(None, (message.reasoning, *thoughts)))
    return "".join((*kept, words[at:]))


def _details(words: str) -> Iterator[tuple[int, int, str, str, str]]:
    """Where each block begins and what follows it, its kind, attributes and inside.

    Looks at each letter a few times at most, whatever the text is.
    """
    at = 0
    while opening := _OPENING.search(words, at):
        at = opening.end()
        kind = _KIND.search(opening[1])
        if kind is None:
            continue
        end = words.find(_CLOSING, at)
        if end < 0:
            return
        inside = words[at:end]
        at = end + len(_CLOSING)
        while words[at : at + 1].isspace():
            at += 1
        yield opening.start(), at, kind[1], opening[1], inside


def _without_summary(inside: str) -> str:
    """What is folded, without the line that stays to be seen."""
    head, begins, rest = inside.partition("<summary>")
    _summary, ends, body = rest.partition("</summary>")
    return head + body if begins and ends else inside


def _add_file(message: FoundMessage, value: Mapping[str, Any], files: Files) -> None:
    if not message.has_room():
        return
    inner = mapping(value.get("file"))
    name = text(value.get("name")) or text(inner.get("filename"))
    address = text(value.get("url"))
    kept = text(mapping(inner.get("data")).get("content"))
    embedded = files.embedded(address, name)
    if embedded is not None:
        message.files.append(embedded)
    elif kept:
        message.files.append(files.written(name if name.endswith(".txt") else f"{name}.txt", kept))
    else:
        message.files.append(FoundFile(name or text(value.get("type")) or "file"))


def _sources(value: Mapping[str, Any]) -> list[dict[str, str]]:
    source = mapping(value.get("source"))
    documents = [text(each) for each in items(value.get("document"))]
    found: list[dict[str, str]] = []
    for number, each in enumerate(items(value.get("metadata")) or [source]):
        about = mapping(each)
        address = text(about.get("source")) or text(source.get("url"))
        if address:
            found.append(
                {
                    "type": "source",
                    "url": address,
                    "title": text(about.get("name")) or text(source.get("name")),
                    "quote": documents[number] if number < len(documents) else "",
                }
            )
    return found
