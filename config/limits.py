"""Requests that are too large are refused before the site reads or parses their body.

`serve` refuses them even before it receives the body: see `config.early_limit`.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

Scope = Mapping[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[Any]]

_TAKES_IMPORTS: Final = "/import/"
_FORM: Final = 1_000_000
"""Bytes around an upload, in its form."""
_TAKES_FILES: Final = re.compile(r"/attachments/|/c/|/c/[0-9a-f-]{36}/messages/")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is answered instead of the site."""

    status: int
    reason: bytes
    sentence: bytes


CHUNKED: Final = Refusal(411, b"Length Required", b"The request must say how long it is.\n")
SIGNED_OUT: Final = Refusal(401, b"Unauthorized", b"Sign in to upload files.\n")
TOO_LARGE: Final = Refusal(413, b"Content Too Large", b"The request is too large.\n")


def refusal(*, length: int, path: str, cookies: str) -> Refusal | None:
    """Why a body of `length` bytes is not received; None when it is.

    Bodies as large as files may be only where files are taken, and from browsers with a session.
    Whether that is a valid one shows later, but whoever has none costs little.
    """
    takes_imports = path == _TAKES_IMPORTS
    takes_files = takes_imports or _TAKES_FILES.fullmatch(path) is not None
    limit = settings.MAX_REQUEST_SIZE if takes_files else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if takes_imports:
        limit = settings.IMPORT_MAX_SIZE + _FORM
    if length > limit:
        return TOO_LARGE
    if length <= settings.MAX_ANONYMOUS_SIZE or _has_session(cookies):
        return None
    return SIGNED_OUT if takes_files else TOO_LARGE


class RequestSizeLimit:
    """ASGI application that answers for the site when a body is longer than it may be.

    Believes `Content-Length`, which the server has checked against the body, and answers 411 to
    chunked bodies: no browser sends one, and their length shows too late.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        refused = _refusal_of(scope) if scope["type"] == "http" else None
        if refused is None:
            await self.application(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": refused.status, "headers": headers})
        await send({"type": "http.response.body", "body": refused.sentence})


def _refusal_of(scope: Scope) -> Refusal | None:
    headers = list(scope["headers"])
    if any(name == b"transfer-encoding" for name, _value in headers):
        return CHUNKED
    cookies = b"; ".join(value for name, value in headers if name == b"cookie").decode("latin-1")
    for name, value in headers:
        if name != b"content-length":
            continue
        if not value.isdigit() or len(value) > 18:
            return TOO_LARGE
        refused = refusal(length=int(value), path=scope["path"], cookies=cookies)
        if refused is not None:
            return refused
    return None


def _has_session(cookies: str) -> bool:
    name = f"{settings.SESSION_COOKIE_NAME}="
    return any(
        len(part.strip()) > len(name) and part.strip().startswith(name)
        for part in cookies.split(";")
    )
