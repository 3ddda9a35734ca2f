"""HTTP to addresses that users set: vetted and pinned. Imported on first use (`httpx2`)."""

import time

import httpx2
from django.utils.translation import gettext as _

from providers import guard, proxies, registry
from providers.errors import AddressRefusedError, NetworkError
from providers.routes import Routes, port_of

PINNED_FOR = 60.0


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Connects to the address that was vetted, under the name that was asked for.

    Certificate, SNI and Host are those of the name. A proxy of the environment gets the address,
    never the name, or its answer to the name would be the one that counts; only the providers' own
    hosts, which no user chose, are named to it. See docs/decisions/0009-proxies-get-addresses.md.
    """

    def __init__(self) -> None:
        self._routes = Routes()
        self._pinned: dict[tuple[str, int], tuple[list[str], float]] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises `providers.errors` for what is refused, httpx2's errors for the rest."""
        url = request.url
        if url.scheme not in ("http", "https") or url.userinfo:
            raise AddressRefusedError
        proxy = proxies.proxy_for(url.scheme, [url.host], port_of(url))
        if proxy and _is_a_providers_own(url):
            return await self._routes.send(request, proxy=proxy)
        addresses = await self._addresses(url.host, port_of(url))
        for address in addresses[:-1]:
            try:
                return await self._send(request, address)
            except (httpx2.ConnectError, httpx2.ConnectTimeout, NetworkError):
                continue  # The next address may answer, as with any client.
        return await self._send(request, addresses[-1])

    async def aclose(self) -> None:
        """Close the connections."""
        await self._routes.aclose()

    async def _addresses(self, host: str, port: int) -> list[str]:
        """Vetted ones; kept for a minute, so that connections can be used again."""
        addresses, until = self._pinned.get((host, port), ([], 0.0))
        if time.monotonic() > until:
            addresses = await guard.vetted_addresses(host, port)
            self._pinned[host, port] = (addresses, time.monotonic() + PINNED_FOR)
        return addresses

    async def _send(self, request: httpx2.Request, address: str) -> httpx2.Response:
        """The Host header was made from the name when the request was."""
        url = request.url
        proxy = proxies.proxy_for(url.scheme, [url.host, address], port_of(url))
        pinned = httpx2.Request(
            request.method,
            url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": url.host.rstrip(".")},
        )
        if proxy:
            _fit_for_proxy(pinned)
        return await self._routes.send(pinned, proxy=proxy)


def _fit_for_proxy(request: httpx2.Request) -> None:
    url = request.url
    if ":" in url.host:
        # httpcore2 writes them without brackets into CONNECT, where they would mean another one.
        raise NetworkError(_("A proxy is used, which is asked for IPv4 addresses only."))
    if url.scheme == "http":
        # It reads the Host itself, and might call that instead of the address.
        request.headers["host"] = url.netloc.decode("ascii")


def _is_a_providers_own(url: httpx2.URL) -> bool:
    """Whether an adapter names the host itself, over TLS."""
    wanted = ("https", url.host, port_of(url))
    own = (registry.adapter_class(kind).default_base_url for kind in registry.kinds())
    return url.scheme == "https" and any(guard.host_of(each) == wanted for each in own if each)
