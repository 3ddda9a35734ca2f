"""What a person said arrives at the provider."""

import base64

from providers.testing.bare import WIRE, Bare, needs
from providers.testing.protocol import Sent
from providers.testing.streams import TEXT
from providers.types import CompletionRequest, File, Image, Parameters, PromptMessage, Text

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A PNG of one pixel."""
PAPER = File(b"%PDF-1.4 \x00\xff", "application/pdf", "Übersicht “1”.pdf")


@needs(WIRE)
class Requests(Bare):
    """The body of the one upstream request."""

    def sent(self, request: CompletionRequest) -> Sent:
        """What the server read."""
        with self.playing() as server:
            self.play(server, request).ended()
            (received,) = self.completions(server)
        return self.wire.read(received)

    def test_it_asks_for_the_model(self) -> None:
        """By the provider's own name."""
        assert self.sent(self.request()).model == self.model

    def test_the_history_is_sent(self) -> None:
        """All turns, in order, each under its role, and nothing beside them."""
        sent = self.sent(self.request("One", "Two", TEXT))
        assert sent.turns == (("user", "One"), ("assistant", "Two"), ("user", TEXT))
        assert sent.system == ""

    def test_the_system_prompt_is_sent(self) -> None:
        """Apart from the turns."""
        sent = self.sent(self.request("Hello", system="Be “brief”.\u2028"))
        assert (sent.system, sent.turns) == ("Be “brief”.\u2028", (("user", "Hello"),))

    def test_parameters_are_sent(self) -> None:
        """When they are chosen."""
        chosen = Parameters(temperature=0.5, top_p=0.25, max_tokens=77)
        assert self.sent(self.request(parameters=chosen)).parameters == chosen

    def test_parameters_that_are_not_chosen_are_not_sent(self) -> None:
        """The provider's own defaults hold. A protocol may want `max_tokens` always."""
        sent = self.sent(self.request()).parameters
        assert (sent.temperature, sent.top_p) == (None, None)

    @needs("takes_images")
    def test_images_are_sent(self) -> None:
        """Bytes and media type, with the text beside them."""
        parts = (Image(PIXEL, "image/png"), Text("What is it?"))
        turn = PromptMessage("user", parts)
        sent = self.sent(CompletionRequest(self.model, (turn,), options=self.options))
        assert sent.images == (("image/png", PIXEL),)
        assert sent.turns == (("user", "What is it?"),)

    @needs("takes_files")
    def test_files_are_sent(self) -> None:
        """Bytes and name, with the text beside them."""
        turn = PromptMessage("user", (PAPER, Text("What is in it?")))
        sent = self.sent(CompletionRequest(self.model, (turn,), options=self.options))
        assert sent.files == ((PAPER.name, PAPER.data),)
        assert sent.turns == (("user", "What is in it?"),)
