"""A provider for Parley: any program of yours that answers at one HTTP address.

The protocol is in README.md. This file is all there is to a plug-in; take it as a template.
"""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, get_args

from django.utils.translation import gettext_lazy as _

from providers import errors
from providers.adapters import failures
from providers.adapters.sdk import clean, count
from providers.contract import Adapter
from providers.ndjson import LineParser
from providers.options import Option
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    Finish,
    FinishReason,
    Image,
    ModelInfo,
    PromptMessage,
    ReasoningDelta,
    Text,
    TextDelta,
    Usage,
)

if TYPE_CHECKING:
    import httpx2

MAX_BODY = 4 * 1024 * 1024
"""Bytes of an answer that is read whole."""


class WebhookAdapter(Adapter):
    """Posts the conversation as JSON and reads lines of JSON as they come."""

    kind = "webhook"
    label = _("Webhook")
    needs_key = False
    needs_base_url = True
    options = (
        Option(
            "extra",
            _("Further fields"),
            "json",
            help=_("A JSON object that your program gets as “extra”."),
        ),
    )

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[AdapterEvent, None]:
        """One request; see `Adapter.stream`."""
        parser = LineParser()
        async with (
            self._answer("POST", request_body(request)) as answer,
            aclosing(answer.aiter_bytes()) as chunks,
        ):
            async for chunk in chunks:
                for line in parser.feed(chunk):
                    for event in self._events(line):
                        yield event
                        if isinstance(event, Finish):
                            return
        # The body ended, and the program did not say that the reply has.
        raise errors.CutStreamError

    async def list_models(self) -> list[ModelInfo]:
        """What the program says when it is asked with GET."""
        async with self._answer("GET") as answer:
            data = await read_whole(answer)
        try:
            rows = json.loads(data)["models"]
            models = [model for row in rows if (model := model_of(row)) is not None]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise errors.MalformedStreamError(excerpt(data)) from None
        return models

    @asynccontextmanager
    async def _answer(
        self, method: str, body: object = None
    ) -> AsyncGenerator["httpx2.Response", None]:
        """An open answer of status 200 and the like. All that goes wrong is a `ProviderError`."""
        key = self.connection.api_key
        try:
            # Making it imports httpx2, which is slow: not on the event loop, and not before.
            client = await asyncio.to_thread(self._make_client)
            async with client:
                request = client.build_request(
                    method,
                    self.connection.base_url,
                    content=None if body is None else json.dumps(body).encode(),
                    headers={"content-type": "application/json"},
                )
                answer = await send(client, request, key=key)
                try:
                    if answer.status_code >= 300:
                        raise await failure_of(answer, key=key)
                    yield answer
                finally:
                    await answer.aclose()
        except errors.ProviderError:
            raise
        except Exception as error:
            failure = failures.from_exception(error, key=key)
            if failure is None:
                raise
            # Its cause holds the request, and the key in it.
            raise failure from None

    def _make_client(self) -> "httpx2.AsyncClient":
        """Parley's own: it asks the guard about the address, and follows no redirects."""
        from providers.http import http_client  # noqa: PLC0415 - on first use

        key = self.connection.api_key
        auth = {"authorization": f"Bearer {key}"} if key else {}
        return http_client(self.connection, auth=auth)

    def _events(self, line: bytes) -> Iterator[AdapterEvent]:
        """What one line says. Nonsense in the counts loses no text."""
        try:
            event: dict[str, Any] = json.loads(line)
            if "error" in event:
                raise failures.from_event(event, key=self.connection.api_key)
            if text := clean(event.get("reasoning", "")):
                yield ReasoningDelta(text)
            if text := clean(event.get("text", "")):
                yield TextDelta(text)
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise errors.MalformedStreamError(excerpt(line)) from None
        if isinstance(usage := event.get("usage"), dict):
            yield Usage(count(usage.get("input_tokens")), count(usage.get("output_tokens")))
        if "done" in event:
            reason = event["done"]
            yield Finish(reason if reason in get_args(FinishReason) else "other")


def request_body(request: CompletionRequest) -> dict[str, Any]:
    """What the program gets."""
    parameters = {
        "temperature": request.parameters.temperature,
        "top_p": request.parameters.top_p,
        "max_tokens": request.parameters.max_tokens,
    }
    return {
        "model": request.model,
        "system": request.system,
        "messages": [message_of(message) for message in request.messages],
        "parameters": {name: value for name, value in parameters.items() if value is not None},
        **request.options,
    }


def message_of(message: PromptMessage) -> dict[str, Any]:
    """Text in one piece, images in base64."""
    images = [
        {"media_type": part.media_type, "data": base64.b64encode(part.data).decode()}
        for part in message.parts
        if isinstance(part, Image)
    ]
    text = "\n\n".join(part.text for part in message.parts if isinstance(part, Text))
    return {"role": message.role, "content": text, **({"images": images} if images else {})}


def model_of(row: Any) -> ModelInfo | None:
    """None for a row that names no model. What is said of it wrongly is not known."""
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        return None
    name = clean(row["id"]).strip()
    if not name or len(name) > 200:
        return None
    label, images = row.get("name"), row.get("accepts_images")
    return ModelInfo(
        id=name,
        name=clean(label)[:200] if isinstance(label, str) else "",
        context_window=count(row.get("context_window")) or None,
        accepts_images=images if isinstance(images, bool) else None,
    )


async def send(
    client: "httpx2.AsyncClient", request: "httpx2.Request", *, key: str
) -> "httpx2.Response":
    """The answer's head. What breaks before it is no broken reply."""
    import httpx2  # noqa: PLC0415 - loaded by now

    try:
        return await client.send(request, stream=True)
    except httpx2.TimeoutException:
        raise
    except httpx2.RequestError as error:
        raise errors.NetworkError(failures.own_words(str(error), key=key)) from None


async def failure_of(answer: "httpx2.Response", *, key: str) -> errors.ProviderError:
    """The error for an answer that is none, in the program's own words."""
    data = await read_whole(answer)
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = data.decode(errors="replace")
    return failures.from_answer(answer.status_code, body, answer.headers, key=key)


async def read_whole(answer: "httpx2.Response") -> bytes:
    """The body, of a size that fits the memory."""
    data = bytearray()
    async for chunk in answer.aiter_bytes():
        data += chunk
        if len(data) > MAX_BODY:
            raise errors.MalformedStreamError(f"The answer is larger than {MAX_BODY} bytes.")
    return bytes(data)


def excerpt(data: bytes) -> str:
    """Enough to see what it is."""
    return data[:80].decode(errors="replace")
