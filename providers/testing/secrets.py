"""The key goes to the provider, and nowhere else."""

import logging
import traceback

import pytest

from providers import errors
from providers.testing.bare import WIRE, Bare, needs
from providers.testing.protocol import Fault, Say
from providers.testing.server import Answer, LoopbackServer, always


@needs(WIRE)
class Secrets(Bare):
    """In no error, no log, no `repr`, and not at another host."""

    def test_the_key_is_sent(self) -> None:
        """With the request for a reply, in its headers and not in its address or body."""
        with self.playing() as server:
            self.play(server).ended()
            (request,) = self.completions(server)
        assert self.key in " ".join(request.headers.values())
        assert self.key not in request.path
        assert self.key.encode() not in request.body

    def test_redirects_are_not_followed(self) -> None:
        """They would take key and words to another host, or past the guard to an inner one."""
        with LoopbackServer(always(Answer())) as elsewhere:
            for status in (301, 302, 307, 308):
                headers = {"Location": elsewhere.url + self.wire.base_path}
                answer = Answer(status, headers=headers)
                with LoopbackServer(always(answer)) as server:
                    played = self.play(server)
                    assert isinstance(played.error, errors.ProviderError), status
                    with pytest.raises(errors.ProviderError):
                        self.run(self.connect(server).check_key())
            assert elsewhere.requests == []

    @pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
    def test_a_refusal_that_repeats_the_key(self, status: int) -> None:
        """Providers do that: the key is taken out of their words, and of what a log would show."""
        with self.failing(status, f"The key {self.key} is odd: {self.key}") as server:
            error = self.play(server).error
        self.check(error)

    @needs("has_faults")
    def test_an_error_in_the_stream_that_repeats_the_key(self) -> None:
        """The same."""
        with self.playing((Say("Hello"), Fault(f"The key {self.key} is odd"))) as server:
            error = self.play(server).error
        self.check(error)

    def test_a_check_that_repeats_the_key(self) -> None:
        """The same where a person tests a key, and the provider says that it is wrong."""
        with (
            self.failing(401, f"The key {self.key} is odd") as server,
            pytest.raises(errors.AuthenticationError) as caught,
        ):
            self.run(self.connect(server).check_key())
        self.check(caught.value)

    def test_the_key_is_in_no_log(self, caplog: pytest.LogCaptureFixture) -> None:
        """At the level of the site."""
        caplog.set_level(logging.INFO)
        with self.playing() as server:
            self.play(server).ended()
            self.list_from(server)
        with self.failing(401, f"The key {self.key} is odd") as server:
            self.play(server)
        assert self.key not in caplog.text

    def test_the_key_is_in_no_repr(self) -> None:
        """Of the adapter, which ends up in logs of other people's making."""
        with self.playing() as server:
            assert self.key not in repr(self.connect(server))

    def check(self, error: Exception | None) -> None:
        """No trace of the key in an error, nor in what a log would show of it."""
        assert isinstance(error, errors.ProviderError)
        shown = "".join(traceback.format_exception(error))
        assert self.key not in shown + repr(error) + repr(error.as_dict()) + repr(vars(error))
