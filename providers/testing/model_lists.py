"""Lists of models: long, hostile and broken ones."""

import json
from typing import Any

import pytest

from providers import errors
from providers.testing.bare import WIRE, Bare, needs
from providers.testing.basics import check_models
from providers.testing.faults import STATUSES
from providers.testing.protocol import Received, Row
from providers.testing.server import Answer, LoopbackServer, always
from providers.types import ModelInfo

MANY = 10_000
HOSTILE = [
    *("<script>alert(1)</script>", "a\0b", "half \ud83d", "x" * 1000, "\u202eevil", "a/b/../c"),
    *(" ", "", "line\nend", "{{ 7 * 7 }}", "'; drop table models; --"),
]
BAD_ROWS: list[Any] = [
    *({}, None, 7, "text", []),
    *({"id": None, "name": 7, "model": 7}, {"id": {}, "name": [], "model": {}}),
]


@needs(WIRE, "lists_models")
class ModelLists(Bare):
    """What `list_models` makes of an answer."""

    def listing(self, rows: list[Row]) -> LoopbackServer:
        """A server that offers these."""
        return self.answering(self.wire.models(rows))

    def answering(self, body: bytes) -> LoopbackServer:
        """A server that answers the question for the models with this."""

        def answer(request: Received) -> Answer:
            other = self.wire.other(request)
            return Answer(pieces=[body if other is None else other])

        return LoopbackServer(answer)

    def listed_or_refused(self, body: bytes) -> list[ModelInfo]:
        """What is listed; none when it is refused as it should be."""
        with self.answering(body) as server:
            try:
                models = self.list_from(server)
            except errors.ProviderError:
                return []
        check_models(models)
        return models

    def test_models_come_in_the_providers_order(self) -> None:
        """By their own names."""
        names = ["model-c", "model-a", "group/model-b"]
        with self.listing([Row(name) for name in names]) as server:
            models = self.list_from(server)
        assert [model.id for model in models] == names

    def test_no_models_are_no_error(self) -> None:
        """A server may have none yet."""
        with self.listing([]) as server:
            assert self.list_from(server) == []

    def test_many_models(self) -> None:
        """Aggregators have them."""
        with self.listing([Row(f"model-{number}") for number in range(MANY)]) as server:
            models = self.list_from(server)
        assert models[0].id == "model-0"
        check_models(models)

    def test_hostile_names(self) -> None:
        """Can be stored, and do no harm to those beside them."""
        rows = [Row("good", "Good"), *(Row(name, name) for name in HOSTILE), Row("better")]
        with self.listing(rows) as server:
            models = self.list_from(server)
        check_models(models)
        assert {"good", "better"} <= {model.id for model in models}

    @pytest.mark.parametrize("body", [b"", b"nonsense", b'{"half": [', b"<html></html>", b"\xff"])
    def test_what_is_no_json(self, body: bytes) -> None:
        """The address is that of something else."""
        with self.answering(body) as server, pytest.raises(errors.MalformedStreamError):
            self.list_from(server)

    @pytest.mark.parametrize(
        "body",
        [
            *(b"null", b"7", b'"text"', b"[]", b"[7]", b"{}", b'{"data": 7, "models": 7}'),
            *(b'{"data": {}, "models": {}}', b'{"data": null, "models": null}', b"[" * 100_000),
        ],
        ids=lambda body: body.decode()[:30],
    )
    def test_json_of_another_shape(self, body: bytes) -> None:
        """Nothing, or a `ProviderError`."""
        assert self.listed_or_refused(body) == []

    def test_rows_that_lack_what_they_should_have(self) -> None:
        """Among good ones."""
        good = json.loads(self.wire.models([Row("good", "Good")]))
        for bad in BAD_ROWS:
            self.listed_or_refused(json.dumps(_with(good, bad)).encode())

    @pytest.mark.parametrize("status", STATUSES)
    def test_a_refusal_is_told_by_its_status(self, status: int) -> None:
        """As that of a reply is."""
        refused = pytest.raises(STATUSES[status], match="Not on a Sunday")
        with self.failing(status, "Not on a Sunday.") as server, refused:
            self.list_from(server)

    def test_the_connection_breaks(self) -> None:
        """Before an answer, or within it."""
        with LoopbackServer(always(None)) as server, pytest.raises(errors.NetworkError):
            self.list_from(server)
        cut = Answer(pieces=[self.wire.models([Row("a")])], streamed=True, ending="cut")
        with LoopbackServer(always(cut)) as server, pytest.raises(errors.NetworkError):
            self.list_from(server)

    def test_a_key_that_is_accepted(self) -> None:
        """Is no error."""
        with self.playing() as server:
            self.run(self.connect(server).check_key())


def _with(value: Any, bad: Any) -> Any:
    """The JSON with `bad` beside the objects in all of its lists."""
    if isinstance(value, dict):
        return {name: _with(each, bad) for name, each in value.items()}
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return [bad, *value, bad]
    return value
