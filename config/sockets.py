"""The door for websockets: only pages of this very site get in."""

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

Scope = dict[str, Any]


class SameOriginOnly:
    """Refuses sockets whose Origin is not the host and port they connect to.

    Channels' own validator ignores the port, but cookies are sent to every port of a host: a page
    of another program on the same machine would get in. Origins in ALLOWED_ORIGINS may as well.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> Any:
        """Pass the socket on or close it before it is accepted (403)."""
        inner: Any = self.application if is_same_origin(scope) else WebsocketDenier()
        return await inner(scope, receive, send)


def is_same_origin(scope: Scope) -> bool:
    """Whether a socket was opened by a page of this site."""
    headers = dict(scope.get("headers", []))
    origin = headers.get(b"origin", b"").decode("latin1")
    host = headers.get(b"host", b"").decode("latin1").lower()
    if origin in settings.ALLOWED_ORIGINS:
        return True
    parts = urlsplit(origin)
    domain, _port = split_domain_port(host)
    return (
        parts.scheme in {"http", "https"}
        and bool(host)
        and parts.netloc.lower() == host
        and validate_host(domain, settings.ALLOWED_HOSTS)
    )
