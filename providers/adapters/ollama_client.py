"""How Ollama is asked: one request, its answer or its complaint."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from providers import errors
from providers.adapters import failures

if TYPE_CHECKING:
    import httpx2

MAX_BYTES = 8 * 1024 * 1024
"""Of an answer that is read whole, also one that calls itself a stream."""


class NotDownloadedError(errors.NotFoundError):
    """The server does not have the model (404)."""

    message = _("The Ollama server does not have this model.")
    hint = _("Download it in Settings, Providers, or with “ollama pull”; or choose another model.")


class OllamaClient:
    """An HTTP client as `providers.clients` keeps them."""

    def __init__(self, http: "httpx2.AsyncClient", base_url: str) -> None:
        self.http = http
        self.base_url = base_url

    async def close(self) -> None:
        """Close all connections."""
        await self.http.aclose()

    @asynccontextmanager
    async def ask(
        self, path: str, body: object = None, *, key: str
    ) -> AsyncGenerator["httpx2.Response", None]:
        """An open answer of status 200 and the like; a POST when there is a body."""
        import httpx2

        content = None if body is None else json.dumps(body).encode()
        request = self.http.build_request(
            "GET" if body is None else "POST",
            self.base_url + path,
            content=content,
            headers={"content-type": "application/json"} if content else {},
        )
        try:
            answer = await self.http.send(request, stream=True)
        except httpx2.TimeoutException:
            raise
        except httpx2.RequestError as error:
            raise errors.NetworkError(failures.network_words(error, key=key)) from None
        try:
            if answer.status_code >= 300:
                raise await _failure(answer, key=key)
            yield answer
        finally:
            await answer.aclose()

    async def ask_json(self, path: str, body: object = None, *, key: str) -> Any:
        """The JSON of a whole answer, an object."""
        chunks, size = [], 0
        async with self.ask(path, body, key=key) as answer:
            async for chunk in answer.aiter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if size > MAX_BYTES:
                    raise errors.MalformedStreamError(f"The answer is over {MAX_BYTES} bytes.")
        data = b"".join(chunks)
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise errors.MalformedStreamError(data[:80].decode(errors="replace"))
        return value


async def _failure(answer: "httpx2.Response", *, key: str) -> errors.ProviderError:
    """The error for an answer of another status."""
    data = await answer.aread()
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = data[:2_000].decode(errors="replace")
    failure = failures.from_answer(answer.status_code, body, answer.headers, key=key)
    if type(failure) is errors.NotFoundError and isinstance(body, dict) and "error" in body:
        return NotDownloadedError(failure.detail)
    return failure
