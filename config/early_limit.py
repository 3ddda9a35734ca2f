"""Bodies that are too large are refused when their headers are there, before they are received.

Daphne receives a whole body, into a file, before it calls the application, where `RequestSizeLimit`
would refuse it. Importing this module imports Twisted's HTTP server.
"""

from typing import Any, Final

from daphne import http_protocol
from daphne.http_protocol import WebRequest
from twisted.internet import reactor

from config.limits import CHUNKED, Refusal, refusal

_reactor: Any = reactor
_LINGER: Final = 3.0
"""Seconds in which what a browser still sends is thrown away: when the connection is cut in the
middle of an upload, the browser does not show the answer."""


class BoundedRequest(WebRequest):  # type: ignore[misc]  # Daphne has no types
    """Answers by itself, once, when the announced length is none or more than may be."""

    is_refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802  Twisted's name
        """Twisted calls this with the length that the headers tell; None for chunked bodies."""
        refused = CHUNKED if length is None else self._refusal(length)
        if refused is not None:
            self._refuse(refused)
        super().gotLength(0 if self.is_refused else length)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  Twisted's name
        """A piece of the body."""
        if not self.is_refused:
            super().handleContentChunk(data)

    def process(self) -> Any:
        """The body is there."""
        if not self.is_refused:
            return super().process()
        self.channel.loseConnection()
        return None

    def _refusal(self, length: int) -> Refusal | None:
        # The request itself learns of its path only once its body is there.
        path = getattr(self.channel, "_path", b"").partition(b"?")[0]
        cookies = self.requestHeaders.getRawHeaders(b"cookie", [])
        return refusal(
            length=length,
            path=path.decode("latin-1"),
            cookies=b"; ".join(cookies).decode("latin-1"),
        )

    def _refuse(self, refused: Refusal) -> None:
        self.is_refused = True
        # Nobody is to be told to go on and send the body.
        self.requestHeaders.removeHeader(b"expect")
        head = b"HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
        length = b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(refused.sentence)
        head %= (refused.status, refused.reason)
        self.channel.transport.write(head + length + refused.sentence)
        _reactor.callLater(_LINGER, self.channel.loseConnection)


def install() -> None:
    """Have Daphne make requests of this kind. It offers no other way to choose them."""
    http_protocol.WebRequest = BoundedRequest
