"""Requests that are too large are refused before the site reads or parses their body.

`serve` refuses them even before it receives the body: see `config.early_limit`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

Scope = Mapping[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[Any]]

CHUNKED: Final = b"The request must say how long it is.\n"
TOO_LARGE: Final = b"The request is too large.\n"


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
                    await _refuse(send, 411, CHUNKED)
                    return
                if name == b"content-length" and not self._allows(value):
                    await _refuse(send, 413, TOO_LARGE)
                    return
        await self.application(scope, receive, send)

    def _allows(self, length: bytes) -> bool:
        return length.isdigit() and len(length) <= 18 and int(length) <= self.limit


async def _refuse(send: Send, status: int, sentence: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": sentence})
