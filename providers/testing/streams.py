"""What a provider says arrives, whole and in order."""

import asyncio
import threading
from typing import Any

import pytest

from providers.contract import Adapter
from providers.testing.bare import HELLO, WIRE, Bare, Played, needs
from providers.testing.basics import check_usage
from providers.testing.protocol import End, Say, Script, Think, Tokens
from providers.types import Finish, ReasoningDelta, TextDelta, Usage

WORDS = (
    "Grüße, 世界! ",
    "👩‍👩‍👧 e\u0301 “quotes” ",
    "one\u2028two\u2029three\x85four\x1ffive\x0csix ",
    'data: {"text": 1}\n\nevent: ping\r\n\r\n[DONE]\r\n ',
    '{}[]\\" <b>&amp;</b> \ufeff\u200b ',
    " ",
    "\n",
    "end\t",
)
"""Line ends that are none, what looks like the protocol's own, and characters of many bytes."""
TEXT = "".join(WORDS)
SCRIPT: Script = (*(Say(word) for word in WORDS), End("stop", Tokens(11, 5)))
NONSENSE: list[Any] = ["many", None, -7, 10**30, 1.5, [], {}, True, "12", float("1e300")]


@needs(WIRE)
class Streams(Bare):
    """Text, reasoning, counts and ends."""

    def test_text_arrives_as_it_was_sent(self) -> None:
        """No character is lost, changed or taken for the end of a line."""
        with self.playing(SCRIPT) as server:
            played = self.play(server).ended()
        assert played.text == TEXT
        assert [event for event in played.of(TextDelta) if not event.text] == []

    def test_text_arrives_one_byte_at_a_time(self) -> None:
        """Wherever the network splits it."""
        whole = b"".join(self.wire.encode(SCRIPT))
        with self.playing() as server:
            answer = self.streamed(bytes([byte]) for byte in whole)
            server.answer_with(lambda request: self.answer_to(request, answer))
            played = self.play(server).ended()
        assert played.text == TEXT
        assert played.events[-1] == Finish("stop")

    def test_text_arrives_in_one_piece(self) -> None:
        """All events at once."""
        with self.playing() as server:
            answer = self.streamed([b"".join(self.wire.encode(SCRIPT))])
            server.answer_with(lambda request: self.answer_to(request, answer))
            assert self.play(server).ended().text == TEXT

    def test_the_end_comes_last_and_once(self) -> None:
        """Counts stand before it."""
        with self.playing(SCRIPT) as server:
            events = self.play(server).ended().events
        assert [event for event in events if isinstance(event, Finish)] == [Finish("stop")]
        assert isinstance(events[-1], Finish)

    def test_deltas_come_when_they_are_sent(self) -> None:
        """The server sends the end once another task has seen the beginning.

        So the adapter holds nothing back, and leaves the event loop to others while it waits.
        """
        gate = threading.Event()

        async def look_on(adapter: Adapter) -> Played:
            played = Played()
            reading = asyncio.create_task(played.collect(adapter.stream(self.request())))
            while not played.events and not reading.done():  # noqa: ASYNC110 - adapters know no events
                await asyncio.sleep(0.01)
            gate.set()
            await reading
            return played

        with self.playing(HELLO, gate=gate) as server:
            played = self.run(look_on(self.connect(server)))
        assert played.text == "Hello, world."

    def test_two_replies_at_once_do_not_mix(self) -> None:
        """Adapters of one connection share clients, and nothing else."""

        async def both(adapter: Adapter, other: Adapter) -> tuple[Played, Played]:
            first, second = Played(), Played()
            stream, other_stream = adapter.stream(self.request()), other.stream(self.request())
            first.events.append(await anext(stream))
            await second.collect(other_stream)
            await first.collect(stream)
            return first, second

        with self.playing() as server:
            pair = self.run(both(self.connect(server), self.connect(server)))
        assert [played.text for played in pair] == ["Hello, world."] * 2

    @pytest.mark.parametrize("odd", ["\0", "\ud83d", "\0\ude00"])
    def test_what_cannot_be_stored_is_left_out_of_the_text(self, odd: str) -> None:
        """NUL and halves of surrogate pairs: no database and no page takes them."""
        with self.playing((Say("before"), Say(odd), Say("after"), End())) as server:
            text = self.play(server).ended().text
        text.encode()
        assert "\0" not in text
        assert text.replace("\ufffd", "") == "beforeafter"

    def test_an_empty_reply_is_one(self) -> None:
        """The provider said nothing, and that it is done."""
        with self.playing((Say(""), End("stop"))) as server:
            played = self.play(server).ended()
        assert (played.text, played.events[-1]) == ("", Finish("stop"))

    @needs("thinks")
    def test_reasoning_is_kept_apart(self) -> None:
        """From the text, and whole."""
        script = (Think("First "), Think(TEXT), Say("Then."), End())
        with self.playing(script) as server:
            played = self.play(server).ended()
        assert (played.reasoning, played.text) == (f"First {TEXT}", "Then.")
        assert isinstance(played.events[0], ReasoningDelta)

    @needs("finish_reasons")
    def test_why_a_reply_ended(self) -> None:
        """By itself, at its limit, or because of what it said."""
        for reason in self.wire.finish_reasons:
            with self.playing((Say("Hello"), End(reason, Tokens(11, 5)))) as server:
                played = self.play(server).ended()
            assert played.of(Finish) == [Finish(reason)]

    @needs("counts")
    def test_tokens_are_counted(self) -> None:
        """The last count is that of the whole call."""
        with self.playing((Say("Hello"), End("stop", Tokens(11, 5)))) as server:
            usages = self.play(server).ended().of(Usage)
        assert (usages[-1].input_tokens, usages[-1].output_tokens) == (11, 5)
        check_usage(usages[-1])

    def test_what_is_not_counted_is_not_made_up(self) -> None:
        """Without a count there is no `Usage`, and not one of zeros."""
        with self.playing((Say("Hello"), End("stop"))) as server:
            assert self.play(server).ended().of(Usage) == []

    @needs("counts")
    @pytest.mark.parametrize("nonsense", NONSENSE, ids=repr)
    def test_nonsense_for_a_count_breaks_nothing(self, nonsense: Any) -> None:
        """The text is worth more than its price."""
        with self.playing((Say("Hello"), End("stop", Tokens(nonsense, nonsense)))) as server:
            played = self.play(server).ended()
        assert played.text == "Hello"
        for usage in played.of(Usage):
            check_usage(usage)
