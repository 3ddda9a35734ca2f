"""Ollama over its own protocol: https://github.com/ollama/ollama/blob/main/docs/api.md.

Without an SDK: requests and lines of JSON, over the same guarded client as everything else.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from providers import errors
from providers.adapters import failures
from providers.adapters.ollama_client import OllamaClient
from providers.adapters.ollama_models import Shown, listed, model_info
from providers.adapters.ollama_request import OPTIONS, request_body
from providers.adapters.sdk import SdkAdapter, as_json, clean, count, mapping, rows, said
from providers.clients import fresh
from providers.contract import DownloadingAdapter, DownloadProgress
from providers.ndjson import LineParser
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    FinishReason,
    ModelInfo,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    Usage,
)

if TYPE_CHECKING:
    import httpx2

CLOUD = "https://ollama.com"
SHOW_LIMIT = 5.0
"""Seconds for asking about all models; what is not known by then stays unknown."""
SHOW_AT_ONCE = 4
MAX_SHOWN = 100
DOWNLOAD_LIMIT = 24 * 3600.0
FINISH_REASONS: dict[str, FinishReason] = {"stop": "stop", "length": "length"}


class DownloadFailedError(errors.ProviderError):
    """The server could not fetch a model."""

    kind = "download_failed"
    message = _("The model could not be downloaded.")


class OllamaAdapter(SdkAdapter[OllamaClient], DownloadingAdapter):
    """An Ollama server, or with a key and no address Ollama's own cloud."""

    kind = "ollama"
    label = _("Ollama")
    needs_key = False
    needs_base_url = True
    default_base_url = CLOUD
    usual_base_url = "http://127.0.0.1:11434"
    key_page = "https://ollama.com/settings/keys"
    options = OPTIONS
    content_types = ("application/x-ndjson", "application/json")
    parser = LineParser

    @property
    def base_url(self) -> str:
        """The server's, also where somebody gave the address of a part of it."""
        address = super().base_url.rstrip("/")
        return address.removesuffix("/v1").removesuffix("/api")

    @property
    def _is_cloud(self) -> bool:
        host = urlsplit(self.base_url).hostname or ""
        return host == "ollama.com" or host.endswith(".ollama.com")

    def make_client(self, *, total_limit: float | None = None) -> OllamaClient:
        """In a thread: the import is slow."""
        from providers.http import http_client

        key = self.connection.api_key
        auth = {"authorization": f"Bearer {key}"} if key else {}
        http = http_client(self.connection, auth=auth, total_limit=total_limit)
        return OllamaClient(http, self.base_url)

    @asynccontextmanager
    async def open(
        self, client: OllamaClient, request: CompletionRequest
    ) -> AsyncGenerator["_Lines", None]:
        """Always streamed."""
        key = self.connection.api_key
        async with client.ask("/api/chat", request_body(request), key=key) as answer:
            yield _Lines(answer)

    def make_decoder(self, request: CompletionRequest) -> "ChatDecoder":
        """For one stream."""
        return ChatDecoder(key=self.connection.api_key)

    async def check_key(self) -> None:
        """The cloud lists its models to everybody, so it is asked whose the key is."""
        key = self.connection.api_key
        async with self.translated(), fresh(self.make_client) as client:
            if self._is_cloud:
                await client.ask_json("/api/me", {}, key=key)
            else:
                await client.ask_json("/api/version", key=key)

    async def list_models(self) -> list[ModelInfo]:
        """Those that can chat. Newer servers tell all in the list; others are asked about each."""
        key = self.connection.api_key
        async with self.translated(), fresh(self.make_client) as client:
            rows = listed(await client.ask_json("/api/tags", key=key))
            unknown = [name for name, row in rows.items() if not row.is_known][:MAX_SHOWN]
            rows |= await self._shown(client, unknown)
        models = (model_info(name, row, cloud=self._is_cloud) for name, row in rows.items())
        return [model for model in models if model is not None]

    async def _shown(self, client: OllamaClient, names: list[str]) -> dict[str, Shown]:
        """What the server tells of each within `SHOW_LIMIT`; a refusal is no reason to fail."""
        found: dict[str, Shown] = {}
        places = asyncio.Semaphore(SHOW_AT_ONCE)

        async def show(name: str) -> None:
            async with places:
                try:
                    async with self.translated():
                        answer = await client.ask_json(
                            "/api/show", {"model": name}, key=self.connection.api_key
                        )
                except errors.ProviderError:
                    return
                found[name] = Shown.of(answer)

        tasks = [asyncio.create_task(show(name)) for name in names]
        if tasks:
            _done, late = await asyncio.wait(tasks, timeout=SHOW_LIMIT)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return found

    async def download(self, model: str) -> AsyncGenerator[DownloadProgress, None]:
        """See `DownloadingAdapter`. Giving up keeps what is there: the next time goes on."""
        key = self.connection.api_key
        progress = _Progress(key=key)
        async with (
            self.translated(),
            fresh(lambda: self.make_client(total_limit=DOWNLOAD_LIMIT)) as client,
            client.ask("/api/pull", {"model": model, "stream": True}, key=key) as answer,
            aclosing(_lines(answer)) as lines,
        ):
            async for line in lines:
                yield progress.feed(line)
        if not progress.finished:
            raise errors.CutStreamError


class ChatDecoder:
    """Events of the lines of `/api/chat`."""

    def __init__(self, *, key: str) -> None:
        self.finish_reason: FinishReason | None = None
        self.finished = False
        self._key = key
        self._calls = 0

    def feed(self, event: dict[str, Any]) -> Iterator[AdapterEvent]:
        """See `sdk.Decoder`."""
        if "error" in event:
            raise failures.from_event(event, key=self._key)
        message = event.get("message") or {}
        if text := clean(message.get("thinking") or ""):
            yield ReasoningDelta(text)
        if text := clean(message.get("content") or ""):
            yield TextDelta(text)
        for call in rows(message.get("tool_calls")):
            self._calls += 1
            function = mapping(call.get("function"))
            name = said(call.get("id")) or f"call_{self._calls}"
            arguments = as_json(function.get("arguments") or "")
            yield ToolCall(name, said(function.get("name")), arguments)
        if event.get("done") is True:
            if "prompt_eval_count" in event or "eval_count" in event:
                yield Usage(
                    input_tokens=count(event.get("prompt_eval_count")),
                    output_tokens=count(event.get("eval_count")),
                )
            # Old servers give no reason.
            self.finish_reason = FINISH_REASONS.get(event.get("done_reason") or "stop", "other")
            self.finished = True


class _Progress:
    """Adds up the files that a model consists of; each line tells of one."""

    def __init__(self, *, key: str) -> None:
        self.finished = False
        self._key = key
        self._files: dict[str, tuple[int, int]] = {}

    def feed(self, line: bytes) -> DownloadProgress:
        """Raises `DownloadFailedError` in the server's words."""
        try:
            event = json.loads(line)
            if "error" in event:
                raise DownloadFailedError(failures.own_words(str(event["error"]), key=self._key))
            step = clean(str(event["status"]))[:200]
            if event.get("total"):
                done = _size(event.get("completed"))
                self._files[str(event.get("digest"))] = done, _size(event["total"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise errors.MalformedStreamError(line[:80].decode(errors="replace")) from error
        self.finished = step == "success"
        return DownloadProgress(
            step=step,
            completed=sum(done for done, _total in self._files.values()),
            total=sum(total for _done, total in self._files.values()),
        )


class _Lines:
    """An answer as `SdkAdapter.stream` reads it."""

    def __init__(self, answer: "httpx2.Response") -> None:
        self._answer = answer

    @property
    def headers(self) -> Any:
        """Of the answer."""
        return self._answer.headers

    async def iter_bytes(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives."""
        async for chunk in self._answer.aiter_bytes():
            yield chunk


async def _lines(answer: "httpx2.Response") -> AsyncGenerator[bytes, None]:
    parser = LineParser()
    async for chunk in answer.aiter_bytes():
        for line in parser.feed(chunk):
            yield line
    for line in parser.end():
        yield line


def _size(value: object) -> int:
    """Bytes, bounded so that they can be stored and added up."""
    return max(0, min(value, 10**15)) if isinstance(value, int) else 0
