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

    Believes `Content-Length`, which the server has checked against the body, and answers 411 to
    chunked bodies: no browser sends one, and their length shows too late.
    """

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413, or pass on."""
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"transfer-encoding":
                    await _refuse(send, 411, b"The request must say how long it is.\n")
                    return
                if name == b"content-length" and not self._allows(value):
                    await _refuse(send, 413, b"The request is too large.\n")
                    return
        await self.application(scope, receive, send)

    def _allows(self, length: bytes) -> bool:
        return length.isdigit() and len(length) <= 18 and int(length) <= self.limit


async def _refuse(send: Send, status: int, sentence: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": sentence})
