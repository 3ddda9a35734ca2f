"""The conformance suite: what every adapter is held to, for the tests of its author.

    from providers.testing import AdapterConformance, Protocol

    class TestMyAdapter(AdapterConformance):
        adapter_class = MyAdapter
        protocol = MyProtocol()

pytest collects the tests that fit. Each starts a real server on the loopback address that plays a
script in the protocol, and looks at what comes out of the adapter and what the server was asked.
Nothing but Parley, its requirements and pytest is needed, and no database. How to write a
`Protocol`, and what else can be set: docs/plugins.md. The running site never imports this.
"""

import pytest

from providers.testing.site import set_up_django

pytest.register_assert_rewrite(
    *(
        f"providers.testing.{module}"
        for module in (
            "bare",
            "basics",
            "faults",
            "model_lists",
            "requests",
            "secrets",
            "streams",
            "tools",
        )
    )
)
set_up_django()

from providers.testing.conformance import AdapterConformance  # noqa: E402 - needs the settings
from providers.testing.protocol import (  # noqa: E402
    Call,
    Cite,
    End,
    Fault,
    Protocol,
    Received,
    Row,
    Say,
    Script,
    Sent,
    Step,
    Think,
    Tokens,
    as_json,
    as_line,
    as_sse,
)

__all__ = [
    "AdapterConformance",
    "Call",
    "Cite",
    "End",
    "Fault",
    "Protocol",
    "Received",
    "Row",
    "Say",
    "Script",
    "Sent",
    "Step",
    "Think",
    "Tokens",
    "as_json",
    "as_line",
    "as_sse",
]
