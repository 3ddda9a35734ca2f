"""OpenAI's Responses: https://platform.openai.com/docs/api-reference/responses-streaming."""

import json
from typing import Any, ClassVar

from tests.upstream_wire import ERROR_TYPES, Part, Prompt, compact


class ResponsesWire:
    """Responses. Every event has a number and says its name twice, as OpenAI's do."""

    completions: ClassVar = ("POST", "/v1/responses")
    catalogue: ClassVar = ("GET", "")
    context_code: ClassVar = "context_length_exceeded"
    done: ClassVar = b""

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt
        self._number = -1
        self._text = ""
        self._open: str | None = None

    def start(self) -> bytes:
        """What comes before the first token."""
        response = self._response("in_progress")
        return self._event("response.created", response=response) + self._event(
            "response.in_progress", response=response
        )

    def text(self, text: str) -> bytes:
        """One text delta."""
        self._text += text
        return self._item("message") + self._event(
            "response.output_text.delta", **_at(0), delta=text
        )

    def reasoning(self, text: str) -> bytes:
        """One delta of a summary."""
        return self._item("reasoning") + self._event(
            "response.reasoning_summary_text.delta", item_id="rs_1", summary_index=0, delta=text
        )

    def source(self, text: str) -> bytes:
        """An annotation."""
        part = Part.of(text)
        cited = {"type": "url_citation", "url": part.url, "title": part.title}
        annotation = {**cited, "start_index": 0, "end_index": 1}
        return self._event("response.output_text.annotation.added", **_at(0), annotation=annotation)

    def tool(self, text: str) -> bytes:
        """A web search, a function of ours, or with a result one of a server of tools."""
        part = Part.of(text)
        arguments = json.dumps(part.arguments, ensure_ascii=False)
        item: dict[str, Any] = {"name": part.name, "arguments": arguments, "status": "completed"}
        if part.name == "web_search":
            action = {"type": "search", **part.arguments}
            action["sources"] = [{"type": "url", "url": part.result}]
            item = {"type": "web_search_call", "id": part.id, "action": action}
        elif part.result:
            item |= {"type": "mcp_call", "id": part.id, "server_label": "x", "output": part.result}
        else:
            item |= {"type": "function_call", "id": "fc_1", "call_id": part.id}
        started = {"type": item["type"], "status": "in_progress"}
        return (
            self._event("response.output_item.added", output_index=0, item=started)
            + self._event("response.web_search_call.in_progress", output_index=0, item_id=part.id)
            + self._event("response.output_item.done", output_index=0, item=item)
        )

    def finish(self, reason: str, tokens: int) -> bytes:
        """What comes after the last token; there is nothing more."""
        done = self._event("response.output_text.done", **_at(0), text=self._text)
        if reason in ("stop", "tools"):
            response = self._response("completed", usage=self.usage(tokens))
            return done + self._event("response.completed", response=response)
        why = {"length": "max_output_tokens", "refuse": "content_filter"}[reason]
        response = self._response(
            "incomplete", usage=self.usage(tokens), incomplete_details={"reason": why}
        )
        return done + self._event("response.incomplete", response=response)

    def usage(self, tokens: int) -> dict[str, Any] | str | None:
        """Fixed input, counted output."""
        odd: dict[str, str | None] = {"usage-none": None, "usage-odd": "lots"}
        if self.prompt.model in odd:
            return odd[self.prompt.model]
        return {
            "input_tokens": 11,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
            "output_tokens": tokens,
            "output_tokens_details": {"reasoning_tokens": 2},
            "total_tokens": 11 + tokens,
        }

    def whole(self, text: str, reason: str, tokens: int) -> dict[str, Any]:
        """The answer to a request that did not ask for a stream."""
        self._text = text
        return self._response("completed", usage=self.usage(tokens))

    def error(self, status: int, message: str, code: str | None = None) -> dict[str, Any]:
        """The body of an error answer."""
        kind = ERROR_TYPES.get(status, "api_error")
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}

    def error_event(self, message: str, code: str = "server_error") -> bytes:
        """A fault in the middle of a stream."""
        error = {"code": code, "message": message}
        return self._event("response.failed", response=self._response("failed", error=error))

    def malformed(self) -> bytes:
        """Not JSON."""
        return b'event: response.output_text.delta\ndata: {"type": "response.output_text.de\n\n'

    def models(self, names: list[str]) -> dict[str, Any]:
        """No page of its own."""
        return {"data": names}

    def _item(self, kind: str) -> bytes:
        """What comes before the first delta of a kind."""
        if self._open == kind:
            return b""
        self._open = kind
        added = self._event("response.output_item.added", output_index=0, item={"type": kind})
        if kind == "message":
            part = {"type": "output_text", "text": "", "annotations": []}
            return added + self._event("response.content_part.added", **_at(0), part=part)
        part = {"type": "summary_text", "text": ""}
        return added + self._event(
            "response.reasoning_summary_part.added", item_id="rs_1", summary_index=0, part=part
        )

    def _response(self, status: str, **values: object) -> dict[str, Any]:
        text = {"type": "output_text", "text": self._text, "annotations": []}
        message = {"type": "message", "role": "assistant", "content": [text]}
        return {
            "id": "resp_1",
            "object": "response",
            "status": status,
            "model": self.prompt.model,
            "error": None,
            "incomplete_details": None,
            "usage": None,
            "output": [message] if self._text else [],
            **values,
        }

    def _event(self, name: str, **values: object) -> bytes:
        self._number += 1
        data = compact({"type": name, "sequence_number": self._number, **values})
        return f"event: {name}\ndata: {data}\n\n".encode()


def _at(index: int) -> dict[str, Any]:
    return {"item_id": "msg_1", "output_index": 0, "content_index": index}
