"""LibreChat: one object a file, its messages as a list or, nested into each other, as a tree."""

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

_ROOT: Final = "00000000-0000-0000-0000-000000000000"
_PROVIDERS: Final = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google",
    "openrouter": "openrouter",
    "ollama": "ollama",
    "azureopenai": "openai",
}


def is_one(item: Mapping[str, Any]) -> bool:
    """Whether it is one of its conversations."""
    return "conversationId" in item and ("messages" in item or "messagesTree" in item)


def read(item: Mapping[str, Any], files: Files) -> FoundConversation:
    """One conversation, not arranged yet."""
    options = mapping(item.get("options"))
    endpoint = text(item.get("endpoint")) or text(options.get("endpoint"))
    found = FoundConversation(
        id=identity(item.get("conversationId")),
        title=text(item.get("title")),
        updated_at=moment(item.get("exportAt")),
        model=_model(endpoint, text(options.get("model"))),
        system_prompt=text(options.get("promptPrefix")) or text(options.get("system")),
        tags=[[text(each), ""] for each in items(options.get("tags")) if text(each)],
    )
    names = {"temperature": "temperature", "top_p": "top_p", "topP": "top_p"}
    names |= {"max_tokens": "max_tokens", "maxOutputTokens": "max_tokens"}
    for name, ours in names.items():
        if isinstance(options.get(name), int | float):
            found.facts[ours] = options[name]
    for number, (said, above) in enumerate(_all(item)):
        parent = identity(said.get("parentMessageId")) or above
        message = FoundMessage(
            id=identity(said.get("messageId")) or f"#{number}",
            parent=parent if parent != _ROOT else None,
            role="user" if said.get("isCreatedByUser") is True else "assistant",
            created_at=moment(said.get("createdAt")),
        )
        _fill(message, said, files)
        if message.role == "assistant":
            model = text(said.get("model")) or text(options.get("model"))
            message.model = _model(text(said.get("endpoint")) or endpoint, model)
            message.model = message.model or text(said.get("sender"))
        found.messages.append(message)
    times = [each.created_at for each in found.messages if each.created_at is not None]
    found.created_at = min(times, default=found.updated_at)
    found.updated_at = max(times, default=found.updated_at)
    return found


def _all(item: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Every message, with the id of the one that it is nested in; parents first."""
    waiting = [(mapping(each), "") for each in reversed(items(item.get("messagesTree")))]
    waiting = waiting or [(mapping(each), "") for each in reversed(items(item.get("messages")))]
    while waiting:
        said, above = waiting.pop()
        yield said, above
        below = identity(said.get("messageId"))
        waiting += [(mapping(each), below) for each in reversed(items(said.get("children")))]


def _model(endpoint: str, model: str) -> str:
    provider = _PROVIDERS.get(endpoint.lower(), "")
    return f"{provider}/{model}" if provider and model else model


def _fill(message: FoundMessage, said: Mapping[str, Any], files: Files) -> None:
    words: list[str] = []
    for value in items(said.get("content")):
        part = mapping(value)
        match part.get("type"):
            case "text":
                words.append(_value(part.get("text")))
            case "think":
                message.reasoning += _value(part.get("think"))
            case "tool_call":
                message.parts.append(_call(mapping(part.get("tool_call"))))
            case "image_file":
                _add_file(message, mapping(part.get("image_file")), files)
            case "error":
                message.facts["error"] = _value(part.get("error"))
    message.content = "\n\n".join(filter(None, words)) or text(said.get("text"))
    for value in items(said.get("files")):
        _add_file(message, mapping(value), files)
    if said.get("error"):
        message.status = "failed"
        message.facts["error"] = message.content or message.facts.get("error", "")
        message.content = ""
    elif said.get("unfinished") is True:
        message.status = "interrupted"


def _value(value: object) -> str:
    return text(value) or text(mapping(value).get("value"))


def _call(call: Mapping[str, Any]) -> dict[str, str]:
    inner = mapping(call.get("function"))
    part = {
        "type": "tool_call",
        "id": identity(call.get("id")),
        "name": text(call.get("name")) or text(inner.get("name")),
        "arguments": text(call.get("args")) or text(inner.get("arguments")),
    }
    result = text(call.get("output")) or text(inner.get("output"))
    return {**part, "result": result} if result else part


def _add_file(message: FoundMessage, value: Mapping[str, Any], files: Files) -> None:
    if not message.has_room():
        return
    path = text(value.get("filepath"))
    name = text(value.get("filename")) or path.rpartition("/")[2] or text(value.get("file_id"))
    message.files.append(
        files.embedded(path, name) or FoundFile(name or "file", path=files.called(path or name))
    )
