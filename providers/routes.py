"""Connections of one client: direct, and through the proxies of the environment.

Imported on first use (`httpx2`).
"""

import os
import ssl
from functools import cache

import httpx2
from django.conf import settings
from django.utils.translation import gettext as _

from providers import proxies
from providers.errors import NetworkError

LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)


class Routes:
    """One pool of connections for each way out; made when it is first needed."""

    def __init__(self) -> None:
        self._pools: dict[str, httpx2.AsyncHTTPTransport] = {}

    async def send(self, request: httpx2.Request, *, proxy: str) -> httpx2.Response:
        """Raises httpx2's errors; `NetworkError` for what the proxy said."""
        try:
            return await self._pool(proxy).handle_async_request(request)
        except httpx2.ProxyError as error:
            # Its words, and never its address: that may hold a password.
            said = _("The proxy did not connect: %(words)s") % {"words": str(error)[:100]}
            raise NetworkError(said) from None

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()

    def _pool(self, proxy: str) -> httpx2.AsyncHTTPTransport:
        if proxy not in self._pools:
            self._pools[proxy] = httpx2.AsyncHTTPTransport(
                verify=ssl_context(), limits=LIMITS, proxy=_proxy(proxy)
            )
        return self._pools[proxy]


class OpenTransport(httpx2.AsyncBaseTransport):
    """For connections that the administrator set: names go to the proxy as they are."""

    def __init__(self) -> None:
        self._routes = Routes()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises as `Routes.send` does."""
        url = request.url
        proxy = proxies.proxy_for(url.scheme, [url.host], port_of(url))
        return await self._routes.send(request, proxy=proxy)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._routes.aclose()


def port_of(url: httpx2.URL) -> int:
    """The one given, or the scheme's."""
    return url.port or (443 if url.scheme == "https" else 80)


def ssl_context() -> ssl.SSLContext:
    """One for all clients: making it reads every root certificate.

    The roots of the machine, or of SSL_CERT_FILE or SSL_CERT_DIR, and those of PROVIDER_CA_FILE.
    """
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    return _ssl_context(settings.PROVIDER_CA_FILE, *(os.environ.get(name, "") for name in names))


@cache
def _ssl_context(ca_file: str, *_environment: str) -> ssl.SSLContext:
    context = httpx2.create_ssl_context()
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


def _proxy(address: str) -> httpx2.Proxy | None:
    if not address:
        return None
    secure = address.startswith("https://")
    return httpx2.Proxy(address, ssl_context=ssl_context() if secure else None)
