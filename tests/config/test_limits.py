"""Requests that are too large, or do not say how large they are, never reach the site."""

from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from pytest_django import Settings

from config.limits import RequestSizeLimit


@pytest.fixture(autouse=True)
def limits(settings: Settings) -> None:
    """Small ones: for anybody, for forms of who has a session, and for files."""
    settings.MAX_ANONYMOUS_SIZE = 1000
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
    settings.MAX_REQUEST_SIZE = 3000


async def answer(
    headers: list[tuple[bytes, bytes]], kind: str = "http", path: str = "/accounts/login/"
) -> int | None:
    """The status that a request gets; None when it reached the application behind the limit."""
    sent: list[dict[str, Any]] = []
    reached: list[str] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["type"])

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        raise AssertionError("The body must not be read.")

    scope = {"type": kind, "headers": headers, "path": path}
    await RequestSizeLimit(behind)(scope, receive, send)
    assert bool(reached) != bool(sent)
    return sent[0]["status"] if sent else None


def sized(length: int, *, cookie: bytes = b"a=b; sessionid=abc") -> list[tuple[bytes, bytes]]:
    """Headers of such a body."""
    return [(b"cookie", cookie), (b"content-length", b"%d" % length)]


UPLOADS = ("upload", "start", "messages")


@pytest.mark.parametrize("name", UPLOADS)
async def test_bodies_as_large_as_files_pass_where_files_are_taken(name: str) -> None:
    path = reverse(f"chats:{name}", args=[uuid4()] if name == "messages" else [])
    assert await answer(sized(3000), path=path) is None
    assert await answer(sized(3001), path=path) == 413
    for cookie in (b"", b"sessionid=", b"xsessionid=abc", b"csrftoken=sessionid"):
        assert await answer(sized(1001, cookie=cookie), path=path) == 401
        assert await answer(sized(1000, cookie=cookie), path=path) is None


@pytest.mark.parametrize("path", ["/accounts/login/", "/c/x/messages/", "/attachments/x", "/c/\n"])
async def test_elsewhere_only_long_texts_pass(path: str) -> None:
    assert await answer(sized(2000), path=path) is None
    assert await answer(sized(2001), path=path) == 413
    assert await answer(sized(1001, cookie=b"a=b"), path=path) == 413


@pytest.mark.parametrize("length", [b"0", b"1000"])
async def test_what_fits_passes(length: bytes) -> None:
    assert await answer([(b"host", b"x"), (b"content-length", length)]) is None
    assert await answer([(b"host", b"x")]) is None


@pytest.mark.parametrize("length", [b"1001", b"9" * 40, b"-1", b"1e3", b"", "٣".encode()])
async def test_what_does_not_fit_or_is_no_length_is_refused(length: bytes) -> None:
    assert await answer([(b"content-length", length)]) == 413


async def test_a_body_of_unknown_length_is_refused() -> None:
    assert await answer([(b"transfer-encoding", b"chunked")]) == 411


async def test_websockets_pass() -> None:
    assert await answer([(b"content-length", b"5000")], kind="websocket") is None
