"""HTTP to addresses that users set: vetted, pinned, bounded. Imported on first use (`httpx2`)."""

import time
from collections.abc import AsyncIterator
from typing import cast

import httpx2

from providers import guard
from providers.errors import AddressRefusedError, MalformedStreamError

MAX_BODY_BYTES = 4 * 1024 * 1024
PINNED_FOR = 60.0


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Connects to the address that was vetted, under the name that was asked for.

    Certificate, SNI and Host are those of the name. An answer that is no event stream is bounded,
    and a compressed one is refused: what it unpacks to could not be bounded.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self._pinned: dict[tuple[str, int], tuple[list[str], float]] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises `providers.errors` for what is refused, httpx2's errors for the rest."""
        url = request.url
        if url.scheme not in ("http", "https") or url.userinfo:
            raise AddressRefusedError
        addresses = await self._addresses(url.host, url.port or _default_port(url.scheme))
        for address in addresses[:-1]:
            try:
                return await self._send(request, url, address)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue  # The next address may answer, as with any client.
        return await self._send(request, url, addresses[-1])

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _addresses(self, host: str, port: int) -> list[str]:
        """Vetted ones; kept for a minute, so that connections can be used again."""
        addresses, until = self._pinned.get((host, port), ([], 0.0))
        if time.monotonic() > until:
            addresses = await guard.vetted_addresses(host, port)
            self._pinned[host, port] = (addresses, time.monotonic() + PINNED_FOR)
        return addresses

    async def _send(
        self, request: httpx2.Request, url: httpx2.URL, address: str
    ) -> httpx2.Response:
        """The Host header was made from the name when the request was."""
        pinned = httpx2.Request(
            request.method,
            url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": url.host},
        )
        return await _bounded(await self._inner.handle_async_request(pinned))


class BoundedStream(httpx2.AsyncByteStream):
    """A body of at most `MAX_BODY_BYTES`."""

    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._inner:
            size += len(part)
            if size > MAX_BODY_BYTES:
                raise MalformedStreamError(f"The answer is larger than {MAX_BODY_BYTES} bytes.")
            yield part

    async def aclose(self) -> None:
        """Close the connection."""
        await self._inner.aclose()


async def _bounded(response: httpx2.Response) -> httpx2.Response:
    stream = cast(httpx2.AsyncByteStream, response.stream)
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        await stream.aclose()
        raise MalformedStreamError("The answer is compressed, which was not asked for.")
    is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
    if response.status_code >= 300 or not is_stream:
        response.stream = BoundedStream(stream)
    return response


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
