"""What the author of an adapter says of its protocol: a provider-neutral script as bytes.

A server tells a reply as a script, a sequence of steps. The suite writes scripts; a `Protocol`
turns them into what the provider would send, and reads back what the adapter sent.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from providers.types import Parameters


@dataclass(frozen=True, slots=True)
class Say:
    """The model says a piece of text."""

    text: str


@dataclass(frozen=True, slots=True)
class Think:
    """The model shows a piece of its reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Cite:
    """The provider names a page that the reply rests on."""

    url: str
    title: str


@dataclass(frozen=True, slots=True)
class Call:
    """The model asks for a tool. `arguments` is a JSON object."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the provider says it counted: numbers, or nonsense to be put in their place."""

    input: Any
    output: Any


@dataclass(frozen=True, slots=True)
class End:
    """The provider ends the reply and says why, with what it counted if it does count."""

    reason: Literal["stop", "length", "content_filter"] = "stop"
    usage: Tokens | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """The provider breaks the reply off with an error inside the stream."""

    message: str


Step = Say | Think | Cite | Call | End | Fault
Script = Sequence[Step]


@dataclass(frozen=True, slots=True)
class Row:
    """A model in a list of models."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """A request that the server got. Names of headers are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a request says, in Parley's terms. `turns` are roles and texts, without the system's."""

    model: str
    turns: tuple[tuple[str, str], ...]
    system: str = ""
    images: tuple[tuple[str, bytes], ...] = ()
    """Media type and data of each image of all turns."""
    files: tuple[tuple[str, bytes], ...] = ()
    """Name and data of each file of all turns."""
    parameters: Parameters = field(default_factory=Parameters)


class Protocol(ABC):
    """How scripts look on the wire. Stateless: one object serves all tests.

    What the protocol has no words for is said in its class attributes, and not tested.
    """

    base_path: ClassVar[str] = ""
    """What a connection's address has after the host, such as `/v1`."""
    content_type: ClassVar[str] = "text/event-stream"
    thinks: ClassVar[bool] = True
    """Has `Think`."""
    cites: ClassVar[bool] = False
    """Has `Cite`."""
    calls_tools: ClassVar[bool] = False
    """Has `Call`."""
    counts: ClassVar[bool] = True
    """Has `Tokens`."""
    has_faults: ClassVar[bool] = True
    """Has `Fault`."""
    takes_images: ClassVar[bool] = True
    takes_files: ClassVar[bool] = False
    """The adapter says so, too."""
    lists_models: ClassVar[bool] = True
    """The adapter asks the server for its models."""
    finish_reasons: ClassVar[tuple[Literal["stop", "length", "content_filter"], ...]] = (
        "stop",
        "length",
        "content_filter",
    )
    malformed: ClassVar[bytes] = b"data: {half\n\n"
    """What is no event of the protocol: comes after a good one."""

    @abstractmethod
    def encode(self, script: Script) -> Iterator[bytes]:
        """Yield the bytes of each step, one piece a step, in order.

        What begins a stream comes with the first step; what ends one comes with `End` alone.
        """

    @abstractmethod
    def read(self, request: Received) -> Sent:
        """What a request for a reply says."""

    def models(self, rows: Sequence[Row]) -> bytes:
        """The JSON of a list of models."""
        raise NotImplementedError

    def error(self, status: int, message: str) -> bytes:
        """The JSON of an answer with an error status."""
        return as_json({"error": {"message": message}})

    def is_completion(self, request: Received) -> bool:
        """Whether a request asks for a reply, and not for the list of models or anything else."""
        return request.method == "POST"

    def other(self, request: Received) -> bytes | None:
        """The JSON that answers a request which asks for neither a reply nor the models."""
        return None


def as_json(value: object) -> bytes:
    """As most providers send it: raw Unicode and no spaces. Halves of surrogates are escaped."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def as_sse(value: object, event: str = "") -> bytes:
    """One server-sent event whose data is JSON."""
    name = f"event: {event}\n".encode() if event else b""
    return name + b"data: " + as_json(value) + b"\n\n"


def as_line(value: object) -> bytes:
    """One line of newline-delimited JSON."""
    return as_json(value) + b"\n"
