"""The HTTP client that the SDKs send their requests with. Imported on first use (`httpx2`)."""

from collections.abc import Mapping

import httpx2
from django.conf import settings

from providers.bounded_transport import BoundedTransport
from providers.guarded_transport import GuardedTransport
from providers.routes import OpenTransport, ssl_context
from providers.types import Connection

WRITE_LIMIT = 60.0
# At least; always over what the runner allows for a first token and between two: it must be the
# one that ends a reply, but no read may wait for ever.
READ_LIMIT = 900.0
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
    connection: Connection,
    *,
    auth: dict[str, str],
    headers: Mapping[str, str] | None = None,
    total_limit: float | None = None,
) -> httpx2.AsyncClient:
    """A client for one connection; guarded unless the connection is trusted.

    `auth` are the headers that carry the key; the SDK's own, which may come from the environment,
    are replaced by them. `headers` are what the adapter adds of its own: it decides to which hosts.
    Follows no redirects: one would take the key to another host. Every call ends after
    `total_limit` seconds, by default REPLY_TOTAL_TIMEOUT.
    """

    async def set_headers(request: httpx2.Request) -> None:
        for name in list(request.headers):
            if not _may_send(name, trusted=connection.trusted):
                del request.headers[name]
        # Compressing would hold back small pieces of a stream.
        request.headers.update({"accept-encoding": "identity", **(headers or {}), **auth})

    total = total_limit or settings.REPLY_TOTAL_TIMEOUT
    patience = max(settings.REPLY_FIRST_TOKEN_TIMEOUT, settings.REPLY_IDLE_TIMEOUT)
    read = min(max(READ_LIMIT, patience + 30), total)
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(read, connect=settings.PROVIDER_CONNECT_TIMEOUT, write=WRITE_LIMIT),
        follow_redirects=False,
        # The transport asks the environment for proxies itself.
        trust_env=False,
        verify=ssl_context(),
        transport=BoundedTransport(
            OpenTransport() if connection.trusted else GuardedTransport(),
            total_limit=total,
        ),
        event_hooks={"request": [set_headers]},
    )


def _may_send(name: str, *, trusted: bool) -> bool:
    name = name.lower()
    about_us = name.startswith("x-stainless-") or name in ("authorization", "x-api-key")
    return name in SENT_TO_ANYONE or (trusted and not about_us)
