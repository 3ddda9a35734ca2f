"""Responses: https://platform.openai.com/docs/api-reference/responses. What a request says and what
its stream means."""

from collections.abc import Iterator, Mapping
from typing import Any

from providers.adapters import failures
from providers.adapters.openai_chat import data_url, is_plain, joined_text, url_citations
from providers.adapters.sdk import as_json, clean, count, mapping, rows, said
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    File,
    FinishReason,
    Image,
    OptionValue,
    Part,
    PromptMessage,
    ReasoningDelta,
    Text,
    TextDelta,
    ToolCall,
    Usage,
)

ASKED = ("arguments", "input", "action", "queries", "code", "operation")
"""Where an item of the output says what its tool was asked; the first that is there."""
ANSWERED = ("output", "outputs", "results", "error")
OURS = ("function_call", "custom_tool_call")
"""Tools that the provider does not run."""
INCOMPLETE: dict[object, FinishReason] = {
    "max_output_tokens": "length",
    "content_filter": "content_filter",
}


def response_body(request: CompletionRequest, options: Mapping[str, OptionValue]) -> dict[str, Any]:
    """All but the model and the stream.

    The provider is asked to keep nothing: a conversation is stored here, and all of it is sent each
    time.
    """
    values = request.parameters
    reasoning = {
        "effort": options.get("reasoning_effort"),
        "summary": options.get("reasoning_summary"),
    }
    named: dict[str, Any] = {
        "instructions": request.system or None,
        "max_output_tokens": values.max_tokens,
        "temperature": values.temperature,
        "top_p": values.top_p,
        "service_tier": options.get("service_tier"),
        "reasoning": _known(reasoning) or None,
        "text": _known({"verbosity": options.get("verbosity")}) or None,
        "store": False,
    }
    return {"input": [_item(message) for message in request.messages], **_known(named)}


class ResponseDecoder:
    """Events of a Responses stream."""

    def __init__(self, *, key: str) -> None:
        self.finish_reason: FinishReason | None = None
        self.finished = False
        self._key = key
        self._reasoned = False

    def feed(self, event: dict[str, Any]) -> Iterator[AdapterEvent]:
        """See `sdk.Decoder`. Kinds of event that are not known mean nothing, as the API asks."""
        match event["type"]:
            case "response.output_text.delta" | "response.refusal.delta":
                if text := clean(event["delta"]):
                    yield TextDelta(text)
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                if text := clean(event["delta"]):
                    self._reasoned = True
                    yield ReasoningDelta(text)
            case "response.reasoning_summary_part.added" if self._reasoned:
                yield ReasoningDelta("\n\n")
            case "response.output_text.annotation.added":
                yield from url_citations([event.get("annotation")])
            case "response.output_item.done":
                yield from _tool_call(mapping(event.get("item")))
            case "response.completed":
                yield from self._end(event["response"], "stop")
            case "response.incomplete":
                details = mapping(event["response"].get("incomplete_details"))
                yield from self._end(
                    event["response"], INCOMPLETE.get(details.get("reason"), "other")
                )
            case "response.failed":
                raise failures.from_event({"error": event["response"].get("error")}, key=self._key)
            case "error":
                raise failures.from_event(event, key=self._key)

    def _end(self, response: dict[str, Any], reason: FinishReason) -> Iterator[Usage]:
        self.finish_reason, self.finished = reason, True
        if usage := mapping(response.get("usage")):
            read = mapping(usage.get("input_tokens_details"))
            written = mapping(usage.get("output_tokens_details"))
            yield Usage(
                input_tokens=count(usage.get("input_tokens")),
                output_tokens=count(usage.get("output_tokens")),
                cached_tokens=count(read.get("cached_tokens")),
                reasoning_tokens=count(written.get("reasoning_tokens")),
                cache_write_tokens=count(read.get("cache_write_tokens")),
            )


def _tool_call(item: dict[str, Any]) -> Iterator[ToolCall]:
    """What is no call of a tool is none. Pictures that a tool made are left out: they are large."""
    kind = said(item.get("type"))
    if not kind.endswith("_call"):
        return
    name = said(item.get("name")) or kind.removesuffix("_call")
    asked = next((item[each] for each in ASKED if item.get(each)), "")
    result = None if kind in OURS else _result(item)
    id_ = said(item.get("call_id")) or said(item.get("id"))
    yield ToolCall(id_, name, as_json(asked), result)


def _result(item: dict[str, Any]) -> str:
    """What the tool answered, where the provider tells; else how it went."""
    sources = rows(mapping(item.get("action")).get("sources"))
    if sources:
        return "\n".join(said(source.get("url")) for source in sources)
    answer = next((item[each] for each in ANSWERED if item.get(each)), None)
    logs = [said(each.get("logs")) for each in rows(answer) if each.get("type") == "logs"]
    if logs:
        return "\n".join(logs)
    return as_json(answer) if answer is not None else said(item.get("status"))


def _item(message: PromptMessage) -> dict[str, object]:
    if is_plain(message.parts):
        return {"role": message.role, "content": joined_text(message.parts)}
    return {"role": message.role, "content": [_part(part) for part in message.parts]}


def _part(part: Part) -> dict[str, object]:
    match part:
        case Image():
            return {"type": "input_image", "image_url": data_url(part), "detail": "auto"}
        case File():
            return {"type": "input_file", "filename": part.name, "file_data": data_url(part)}
        case Text():
            return {"type": "input_text", "text": part.text}


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
