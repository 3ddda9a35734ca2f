"""What holds for every adapter, whether it speaks to a server or not."""

import json
import os
import subprocess
import sys
from typing import Any

from providers.contract import Adapter
from providers.description import faults
from providers.options import known_options
from providers.testing.bare import Bare, Played
from providers.testing.server import LoopbackServer
from providers.types import Connection, Finish, ModelInfo, TextDelta, Usage

MOST = 2_000_000_000
"""Fits any database's integer."""
_IMPORT = """
import importlib, json, sys
import providers.testing
before = {name.partition(".")[0] for name in sys.modules}
importlib.import_module(sys.argv[1])
after = {name.partition(".")[0] for name in sys.modules}
print(json.dumps(sorted(after - before - sys.stdlib_module_names)))
"""


class Basics(Bare):
    """Its description, its import, and one reply."""

    def test_its_description_is_in_order(self) -> None:
        """Label, addresses and options are what pages can show."""
        assert faults(self.adapter_class) == []

    def test_its_chosen_options_are_its_own(self) -> None:
        """What the suite sends with every request is what a page could send."""
        kept = known_options(self.adapter_class.options, self.options)
        assert kept == dict(self.options)

    def test_importing_it_loads_no_sdk(self) -> None:
        """The server pays for every import at its start, in seconds and megabytes."""
        module = self.adapter_class.__module__
        done = subprocess.run(
            [sys.executable, "-c", _IMPORT, module],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        own = {module.partition(".")[0], "providers"}
        assert set(json.loads(done.stdout)) <= own

    def test_making_it_needs_no_event_loop_and_no_network(self) -> None:
        """It is made for each use: what is dear belongs into its methods."""
        connection = Connection("conformance", self.key, "http://127.0.0.1:1", trusted=True)
        assert isinstance(self.adapter_class(connection), Adapter)

    def test_one_reply(self) -> None:
        """Deltas that are not empty, counts that can be stored, one `Finish` at the end."""
        with _Server(self) as adapter:
            played = Played()
            self.run(played.collect(adapter.stream(self.request())))
        assert played.text
        assert all(event.text for event in played.of(TextDelta))
        assert len(played.of(Finish)) == 1
        assert isinstance(played.events[-1], Finish)
        for usage in played.of(Usage):
            check_usage(usage)

    def test_a_reply_can_be_given_up(self) -> None:
        """Closing the iterator in the middle is no error."""

        async def give_up(adapter: Adapter) -> None:
            stream = adapter.stream(self.request())
            await anext(stream)
            await stream.aclose()
            assert [event async for event in stream] == []

        with _Server(self) as adapter:
            self.run(give_up(adapter))

    def test_it_lists_models(self) -> None:
        """Those it has, as values that can be stored."""
        with _Server(self) as adapter:
            models = self.run(adapter.list_models())
        assert self.model in [model.id for model in models]
        check_models(models)
        if not self.adapter_class.takes_files:
            assert not [model.id for model in models if model.accepts_files]

    def test_it_takes_files_or_not(self) -> None:
        """What the adapter says of itself is what its protocol is tested for."""
        if self.protocol is not None:
            assert self.adapter_class.takes_files == self.protocol.takes_files


class _Server:
    """An adapter: over a connection to a server that plays a reply, where it speaks to one."""

    def __init__(self, test: Bare) -> None:
        self._test = test
        self._server: LoopbackServer | None = None if test.protocol is None else test.playing()

    def __enter__(self) -> Adapter:
        if self._server is None:
            return self._test.adapter_class(self._test.connection)
        return self._test.connect(self._server.__enter__())

    def __exit__(self, *error: Any) -> None:
        if self._server is not None:
            self._server.__exit__(*error)


def check_usage(usage: Usage) -> None:
    """Numbers of the right type and size."""
    numbers = (
        *(usage.input_tokens, usage.output_tokens, usage.cached_tokens),
        *(usage.reasoning_tokens, usage.cache_write_tokens),
    )
    assert all(type(number) is int and 0 <= number <= MOST for number in numbers), usage
    cost = usage.cost_micros
    assert cost is None or (type(cost) is int and cost >= 0), usage


def check_models(models: list[ModelInfo]) -> None:
    """Names and figures that a database takes and a page shows."""
    assert isinstance(models, list)
    for model in models:
        assert isinstance(model, ModelInfo)
        assert model.id
        assert len(model.id) <= 200
        assert len(model.name) <= 200
        text = json.dumps(model.as_json(), allow_nan=False, ensure_ascii=False)
        text.encode()  # No half of a surrogate pair.
        assert "\\u0000" not in text
        assert ModelInfo.from_json(json.loads(text)) == model
