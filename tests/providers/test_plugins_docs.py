"""docs/plugins.md names all that an author may rely on, and nothing that is not there."""

import re
from importlib import import_module

import pytest

from providers import testing
from providers.contract import Adapter
from providers.testing import AdapterConformance, Protocol
from tests.server import ROOT

PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`]+`|```.*?```", PAGE, re.DOTALL))))


def public(*owners: type) -> set[str]:
    """What they define themselves, without what begins with a line."""
    names = {name for owner in owners for name in (*vars(owner), *owner.__annotations__)}
    return {name for name in names if not name.startswith("_")}


def test_every_part_of_the_contract_is_told() -> None:
    assert public(Adapter) - WORDS == set()


def test_every_part_of_a_protocol_is_told() -> None:
    assert public(Protocol) - WORDS == set()


def test_everything_that_the_suite_offers_is_told() -> None:
    assert set(testing.__all__) - WORDS - {"Received", "Script", "Step"} == set()
    settings = {"adapter_class", "protocol", "connection", "model", "key", "options", "time_limit"}
    assert settings <= WORDS
    assert all(hasattr(AdapterConformance, name) for name in settings - {"adapter_class"})


@pytest.mark.parametrize("path", sorted(set(re.findall(r"providers\.[\w.]+", PAGE))))
def test_what_is_told_is_there(path: str) -> None:
    if path == "providers.testing":
        return
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            found = getattr(found, name)
        return
    raise AssertionError(path)
