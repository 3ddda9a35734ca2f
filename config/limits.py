"""Requests that are too large are refused before the site reads, stores or parses their body."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Scope = Mapping[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[Any]]


class RequestSizeLimit:
    """ASGI application that answers 413 when a body is longer than `limit` bytes.

    Believes `Content-Length` where it is given: the server has checked it against the body.
    """

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413, or pass on."""
        if scope["type"] == "http" and self._too_long(scope):
            await _refuse(send)
            return
        await self.application(scope, receive, send)

    def _too_long(self, scope: Scope) -> bool:
        for name, value in scope["headers"]:
            if name == b"content-length":
                return not value.isdigit() or len(value) > 18 or int(value) > self.limit
            if name == b"transfer-encoding":
                # No browser sends a form of unknown length, and one could not be judged here.
                return True
        return False


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"The request is too large.\n"})
