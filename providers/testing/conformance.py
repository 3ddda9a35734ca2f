"""The suite as one class."""

from typing import Any

from providers.testing.bare import NEEDS
from providers.testing.basics import Basics
from providers.testing.faults import Faults
from providers.testing.model_lists import ModelLists
from providers.testing.requests import Requests
from providers.testing.secrets import Secrets
from providers.testing.streams import Streams
from providers.testing.tools import Tools


class AdapterConformance(Basics, Streams, Tools, Requests, Faults, Secrets, ModelLists):
    """Subclass it as `TestSomething`, with `adapter_class` and `protocol`.

    Tests of what the protocol has no words for are not collected.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in dir(cls):
            if not name.startswith("test_"):
                continue
            wanted: set[str] = getattr(getattr(cls, name), NEEDS, set())
            if wanted and not all(getattr(cls.protocol, feature, False) for feature in wanted):
                setattr(cls, name, None)
