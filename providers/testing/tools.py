"""Sources that a reply names and tools that it calls arrive beside its text."""

import json
from dataclasses import asdict

from providers.testing.bare import Bare, Played, needs
from providers.testing.protocol import Call, Cite, End, Say, Script
from providers.types import Finish, Source, ToolCall

TITLE = "Überblick “1” <b>&amp;</b>\u2028"
PAGE = "https://example.org/a?b=c&d=%20#e"
ARGUMENTS = {"query": "Wetter in 世界", "days": [1, 2.5, None], "deep": {"": True}}


class Tools(Bare):
    """What stands beside the text."""

    def parts_of(self, script: Script) -> Played:
        """What comes of it, which must hold nothing that cannot be stored."""
        with self.playing(script) as server:
            played = self.play(server).ended()
        for event in played.of(Source) + played.of(ToolCall):
            for text in filter(None, asdict(event).values()):
                text.encode()
                assert "\0" not in text
        return played

    @needs("cites")
    def test_sources_are_told(self) -> None:
        """With their titles; the text stays what it is."""
        script = (Say("It rains."), Cite(PAGE, TITLE), Say(" Still."), End())
        played = self.parts_of(script)
        (source,) = played.of(Source)
        assert (source.url, source.title) == (PAGE, TITLE)
        assert played.text == "It rains. Still."

    @needs("cites")
    def test_odd_sources_break_nothing(self) -> None:
        """What is dangerous is for pages to leave out; what cannot be stored, for the adapter."""
        script = (Cite("java\0script:x", "\ud83d"), Cite("", ""), Say("It rains."), End())
        assert self.parts_of(script).text == "It rains."

    @needs("calls_tools")
    def test_calls_of_tools_are_told(self) -> None:
        """Each once and whole, with arguments that are JSON, before the end."""
        first, second = json.dumps(ARGUMENTS, ensure_ascii=False), '{"at": "\u2028"}'
        script = (Call("c1", "weather", first), Call("c2", "time", second), End())
        played = self.parts_of(script)
        calls = [(call.name, json.loads(call.arguments)) for call in played.of(ToolCall)]
        assert calls == [("weather", ARGUMENTS), ("time", {"at": "\u2028"})]
        assert len({call.id for call in played.of(ToolCall)}) == 2
        assert isinstance(played.events[-1], Finish)

    @needs("calls_tools")
    def test_odd_calls_break_nothing(self) -> None:
        """Their text is what matters to people."""
        script = (Say("Hello"), Call("\0", "\ud83d", '{"a": "\0"}'), End())
        assert self.parts_of(script).text == "Hello"
