"""The adapter against Parley's conformance suite, and what the suite cannot know."""

import base64
from collections.abc import Iterator, Sequence
from typing import Any

from parley_provider_webhook import WebhookAdapter, request_body
from providers.testing import (
    AdapterConformance,
    End,
    Fault,
    Protocol,
    Received,
    Row,
    Say,
    Script,
    Sent,
    Think,
    as_json,
    as_line,
)
from providers.types import CompletionRequest, Parameters, PromptMessage, Text


class WebhookProtocol(Protocol):
    """README.md, from the program's side."""

    content_type = "application/x-ndjson"
    malformed = b'{"text": "half\n'

    def encode(self, script: Script) -> Iterator[bytes]:
        """One line a step."""
        for step in script:
            match step:
                case Say(text):
                    yield as_line({"text": text})
                case Think(text):
                    yield as_line({"reasoning": text})
                case Fault(message):
                    yield as_line({"error": message})
                case End(reason, usage):
                    line = as_line({"done": reason})
                    if usage is not None:
                        counts = {"input_tokens": usage.input, "output_tokens": usage.output}
                        line = as_line({"usage": counts}) + line
                    yield line

    def read(self, request: Received) -> Sent:
        """The posted JSON."""
        body = request.json()
        images = [image for turn in body["messages"] for image in turn.get("images", [])]
        return Sent(
            model=body["model"],
            turns=tuple((turn["role"], turn["content"]) for turn in body["messages"]),
            system=body["system"],
            images=tuple((i["media_type"], base64.b64decode(i["data"])) for i in images),
            parameters=Parameters(**body["parameters"]),
        )

    def models(self, rows: Sequence[Row]) -> bytes:
        """What GET answers."""
        return as_json({"models": [{"id": row.id, "name": row.name} for row in rows]})


class TestWebhook(AdapterConformance):
    """All that holds for every adapter."""

    adapter_class = WebhookAdapter
    protocol = WebhookProtocol()


def test_the_chosen_extra_fields_are_posted() -> None:
    """Under their own name, beside what every request has."""
    message = PromptMessage("user", (Text("Hello"),))
    extra: dict[str, Any] = {"tone": "dry"}
    body = request_body(CompletionRequest("m", (message,), options={"extra": extra}))
    assert body == {
        "model": "m",
        "system": "",
        "messages": [{"role": "user", "content": "Hello"}],
        "parameters": {},
        "extra": {"tone": "dry"},
    }
