"""The HTTP client that the SDKs send their requests with. Imported on first use (`httpx2`)."""

import ssl
from collections.abc import Mapping
from functools import cache

import httpx2
from django.conf import settings

from providers.guarded_transport import GuardedTransport
from providers.types import Connection

CONNECT_LIMIT = 10.0
WRITE_LIMIT = 60.0
# At least; always over what the runner allows for a first token and between two: it must be the
# one that ends a reply, but no read may wait for ever.
READ_LIMIT = 900.0
LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
# All that an address set by a user gets to see. What the environment adds for the site's own
# connections (organisation, custom headers) and the SDKs' notes about this machine stay here.
SENT_TO_ANYONE = frozenset(
    {
        "accept",
        "anthropic-version",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "user-agent",
        "x-stainless-raw-response",  # The SDKs look at it again when the answer comes.
    }
)


def http_client(
    connection: Connection, *, auth: dict[str, str], headers: Mapping[str, str] | None = None
) -> httpx2.AsyncClient:
    """A client for one connection; guarded unless the connection is trusted.

    `auth` are the headers that carry the key; the SDK's own, which may come from the environment,
    are replaced by them. `headers` are what the adapter adds of its own: it decides to which hosts.
    Follows no redirects: one would take the key to another host.
    """

    async def set_headers(request: httpx2.Request) -> None:
        for name in list(request.headers):
            if not _may_send(name, trusted=connection.trusted):
                del request.headers[name]
        # Compressing would hold back small pieces of a stream.
        request.headers.update({"accept-encoding": "identity", **(headers or {}), **auth})

    patience = max(settings.REPLY_FIRST_TOKEN_TIMEOUT, settings.REPLY_IDLE_TIMEOUT)
    read = max(READ_LIMIT, patience + 30)
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(read, connect=CONNECT_LIMIT, write=WRITE_LIMIT),
        limits=LIMITS,
        follow_redirects=False,
        trust_env=connection.trusted,
        verify=_ssl_context(),
        transport=None if connection.trusted else guarded_transport(),
        event_hooks={"request": [set_headers]},
    )


def guarded_transport() -> GuardedTransport:
    """Knows no proxies: they would do the resolving."""
    inner = httpx2.AsyncHTTPTransport(verify=_ssl_context(), limits=LIMITS)
    return GuardedTransport(inner)


@cache
def _ssl_context() -> ssl.SSLContext:
    """One for all clients: making it reads every root certificate."""
    return httpx2.create_ssl_context()


def _may_send(name: str, *, trusted: bool) -> bool:
    name = name.lower()
    about_us = name.startswith("x-stainless-") or name in ("authorization", "x-api-key")
    return name in SENT_TO_ANYONE or (trusted and not about_us)
