"""Requests that are too large, or do not say how large they are, never reach the site."""

from typing import Any

import pytest

from config.limits import RequestSizeLimit


async def answer(headers: list[tuple[bytes, bytes]], kind: str = "http") -> int | None:
    """The status that a request gets; None when it reached the application behind the limit."""
    sent: list[dict[str, Any]] = []
    reached: list[str] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["type"])

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        raise AssertionError("The body must not be read.")

    await RequestSizeLimit(behind, 1000)({"type": kind, "headers": headers}, receive, send)
    assert bool(reached) != bool(sent)
    return sent[0]["status"] if sent else None


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
