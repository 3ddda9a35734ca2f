"""Whatever goes wrong comes out as one of `providers.errors`, and nothing is left open."""

import asyncio
import socket
import time
from email.utils import formatdate
from typing import Any

import pytest

from providers import errors
from providers.contract import Adapter
from providers.testing.bare import WIRE, Bare, Played, needs
from providers.testing.protocol import End, Fault, Say
from providers.testing.server import PATIENCE, Answer, LoopbackServer, always

HUGE = 8 * 1024 * 1024
"""Bytes in one event: more than an adapter may keep."""
NOTICED_WITHIN = 2.0
"""Seconds in which a server must see that its client has gone."""
STATUSES = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    402: errors.QuotaExhaustedError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    429: errors.RateLimitedError,
    500: errors.OverloadedError,
    503: errors.OverloadedError,
}


@needs(WIRE)
class Faults(Bare):
    """Refusals, broken connections and nonsense."""

    @pytest.mark.parametrize("status", STATUSES)
    def test_a_refusal_is_told_by_its_status(self, status: int) -> None:
        """With the provider's own words."""
        with self.failing(status, "Not on a Sunday.") as server:
            error = self.play(server).failed_with(STATUSES[status])
        assert "Not on a Sunday." in error.detail

    def test_a_refusal_says_for_how_long(self) -> None:
        """In seconds, or as a date."""
        for value in ("7", formatdate(time.time() + 7, usegmt=True)):
            with self.failing(429, Retry_After=value) as server:
                error = self.play(server).failed_with(errors.RateLimitedError)
            assert error.retry_after is not None
            assert 4 < error.retry_after <= 8, value

    @pytest.mark.parametrize("value", ["soon", "nan", "inf", "-1", "1e400", "", "9" * 400])
    def test_nonsense_for_how_long_breaks_nothing(self, value: str) -> None:
        """It is a number that can be stored, or unknown."""
        with self.failing(429, Retry_After=value) as server:
            error = self.play(server).failed_with(errors.RateLimitedError)
        assert error.retry_after is None or 0 <= error.retry_after <= 86400 * 366

    @pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"[[1]]", b"null", b"\xff"])
    def test_a_refusal_in_any_words(self, body: bytes) -> None:
        """A proxy in between knows nothing of the protocol."""
        for content_type in ("text/html", "application/json"):
            answer = Answer(502, content_type, [body])
            with LoopbackServer(always(answer)) as server:
                error = self.play(server).failed_with(errors.OverloadedError)
            assert "<" not in error.detail

    @needs("has_faults")
    def test_an_error_inside_the_stream(self) -> None:
        """After what was said before it, with the provider's own words."""
        with self.playing((Say("Hello"), Fault("Fell over."))) as server:
            played = self.play(server)
        assert played.text == "Hello"
        assert isinstance(played.error, errors.ProviderError)
        assert "Fell over." in played.error.detail

    def test_nobody_listens(self) -> None:
        """The connection is refused."""
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{closed.getsockname()[1]}{self.wire.base_path}"
            stream = self.connect_to(address).stream(self.request())
            with pytest.raises(errors.NetworkError) as caught:
                self.run(Played().collect(stream))
            assert caught.value.kind == errors.NetworkError.kind, "No reply was cut off."
            with pytest.raises(errors.NetworkError):
                self.run(self.connect_to(address).check_key())

    def test_the_connection_breaks_before_the_answer(self) -> None:
        """Without a byte."""
        with LoopbackServer(always(None)) as server:
            played = self.play(server)
        assert isinstance(played.error, errors.NetworkError)
        assert played.events == []

    def test_the_connection_breaks_in_the_middle(self) -> None:
        """What came before it is kept."""
        with self.playing((Say("Hello"), Say(", wor")), ending="cut") as server:
            played = self.play(server)
        played.failed_with(errors.CutStreamError)
        assert played.text == "Hello, wor"

    @pytest.mark.parametrize("script", [(), (Say("Hello"),)], ids=["nothing", "text"])
    def test_an_end_without_a_sign_of_it(self, script: Any) -> None:
        """A body that ends well is no reply that ended."""
        with self.playing(script) as server:
            self.play(server).failed_with(errors.CutStreamError)

    def test_half_an_event_at_the_end(self) -> None:
        """It is no event."""
        first, last = self.wire.encode((Say("Hello"), Say("lost")))
        with self.playing() as server:
            answer = self.streamed([first, last[: len(last) // 2]])
            server.answer_with(lambda request: self.answer_to(request, answer))
            played = self.play(server)
        assert isinstance(played.error, errors.CutStreamError | errors.MalformedStreamError)
        assert played.text == "Hello"

    def test_what_is_no_event(self) -> None:
        """After a good one."""
        with self.playing() as server:
            answer = self.streamed([*self.wire.encode((Say("Hello"),)), self.wire.malformed])
            server.answer_with(lambda request: self.answer_to(request, answer))
            played = self.play(server)
        played.failed_with(errors.MalformedStreamError)
        assert played.text == "Hello"

    def test_a_web_page_in_place_of_a_stream(self) -> None:
        """The address is that of something else."""
        answer = Answer(200, "text/html", [b"<html><body>Welcome!</body></html>\n"])
        with LoopbackServer(always(answer)) as server:
            self.play(server).failed_with(errors.MalformedStreamError)

    def test_an_event_of_any_size_is_not_kept(self) -> None:
        """Memory is bounded: over 8 MB in one event are too many."""
        whole = b"".join(self.wire.encode((Say("x" * HUGE), End())))
        with self.playing() as server:
            pieces = [whole[at : at + 65536] for at in range(0, len(whole), 65536)]
            answer = self.streamed(pieces)
            server.answer_with(lambda request: self.answer_to(request, answer))
            self.play(server).failed_with(errors.MalformedStreamError)

    def test_closing_the_iterator_closes_the_connection(self) -> None:
        """At once: the provider goes on counting until it notices."""

        async def give_up(adapter: Adapter) -> None:
            stream = adapter.stream(self.request())
            await anext(stream)
            await stream.aclose()

        with self.playing((Say("Hello"),), ending="hold") as server:
            self.run(self._noticed(give_up(self.connect(server)), server))

    def test_stopping_a_silent_stream_closes_the_connection(self) -> None:
        """Also before the first word."""

        async def stop(adapter: Adapter) -> None:
            waiting = asyncio.ensure_future(anext(adapter.stream(self.request())))
            async with asyncio.timeout(PATIENCE):
                while not self.completions(server):  # noqa: ASYNC110 - set by another thread
                    await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

        with self.playing((), ending="hold") as server:
            self.run(self._noticed(stop(self.connect(server)), server))

    async def _noticed(self, giving_up: Any, server: LoopbackServer) -> None:
        """The server sees it while the client's loop runs on: not for want of a process."""
        await giving_up
        assert await asyncio.to_thread(server.left.wait, NOTICED_WITHIN), (
            "The connection stayed open."
        )
