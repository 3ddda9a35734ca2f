"""Bounds on what a provider may send, and for how long. Imported on first use (`httpx2`)."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import cast

import httpx2
from django.utils.translation import gettext as _

from providers.errors import MalformedStreamError, ProviderTimeoutError

MAX_BODY_BYTES = 8 * 1024 * 1024
STREAMS = ("text/event-stream", "application/x-ndjson")


class BoundedTransport(httpx2.AsyncBaseTransport):
    """Ends every call after `total_limit` seconds, whatever comes until then.

    Other limits begin anew with each byte. An answer that is no stream is bounded in size, and a
    compressed one is refused: what it unpacks to could not be bounded.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport, *, total_limit: float) -> None:
        self._inner = inner
        self._total_limit = total_limit

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises `MalformedStreamError`, `ProviderTimeoutError`, and what the inner one does."""
        until = time.monotonic() + self._total_limit
        limit = asyncio.timeout(self._total_limit)
        try:
            async with limit:
                response = await self._inner.handle_async_request(request)
        except TimeoutError:
            if limit.expired():
                raise _too_long() from None
            raise
        body = cast(httpx2.AsyncByteStream, response.stream)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await body.aclose()
            raise MalformedStreamError("The answer is compressed, which was not asked for.")
        most = None if _is_stream(request, response) else MAX_BODY_BYTES
        response.stream = BoundedBody(body, until=until, most=most)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class BoundedBody(httpx2.AsyncByteStream):
    """A body of at most `most` bytes, none of which comes after `until`."""

    def __init__(self, inner: httpx2.AsyncByteStream, *, until: float, most: int | None) -> None:
        self._inner = inner
        self._until = until
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._inner:
            size += len(part)
            if self._most is not None and size > self._most:
                raise MalformedStreamError(f"The answer is larger than {self._most} bytes.")
            if time.monotonic() > self._until:
                raise _too_long()
            yield part

    async def aclose(self) -> None:
        """Close the connection."""
        await self._inner.aclose()


def _is_stream(request: httpx2.Request, response: httpx2.Response) -> bool:
    """Lists are read whole, whatever they call themselves."""
    kind = response.headers.get("content-type", "")
    return request.method == "POST" and response.status_code < 300 and kind.startswith(STREAMS)


def _too_long() -> ProviderTimeoutError:
    return ProviderTimeoutError(_("The answer took longer than this site allows."))
