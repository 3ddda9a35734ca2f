"""Plug-in packages for tests, written as pip would install them."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from textwrap import dedent

from providers.types import Connection

PARROT = Connection(slug="parrot", api_key="squawk-1234567890", base_url="https://parrot.test")

_numbers = count(1)

WORKING = """
from providers.contract import Adapter
from providers.errors import RateLimitedError
from providers.options import Option
from providers.types import Finish, ModelInfo, TextDelta, Usage


class Plugin(Adapter):
    kind = "parrot"
    label = "Parrot"
    needs_key = False
    needs_base_url = True

    async def stream(self, request):
        yield TextDelta("Polly says: ")
        yield TextDelta(request.messages[-1].parts[-1].text)
        yield Usage(input_tokens=3, output_tokens=4)
        yield Finish("stop")

    async def list_models(self):
        return [ModelInfo(id="polly", name="Polly")]
"""
"""A module whose `Plugin` is the adapter `parrot`."""


class Package:
    """One installed distribution in `directory`, with a module of a name that no other has.

    `entry_points` gives kinds and the names of their classes.
    """

    def __init__(
        self,
        directory: Path,
        source: str = WORKING,
        *,
        name: str = "parley-provider-parrot",
        entry_points: dict[str, str] | None = None,
    ) -> None:
        self.module = f"plugin_{next(_numbers)}"
        directory.joinpath(f"{self.module}.py").write_text(dedent(source), encoding="utf-8")
        chosen = {"parrot": "Plugin"} if entry_points is None else entry_points
        lines = [f"{kind} = {self.module}:{value}" for kind, value in chosen.items()]
        info = directory / f"{name.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        info.joinpath("entry_points.txt").write_text("\n".join(["[parley.providers]", *lines]))


Install = Callable[..., Package]
"""What the fixture `install` is: makes packages that the registry knows."""


def with_change(old: str, new: str) -> str:
    """The working plug-in, spoilt."""
    assert old in WORKING
    return WORKING.replace(old, new)
