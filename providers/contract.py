"""The contract of a provider's adapter: one small class.

An adapter knows its protocol and nothing of Django models, users or chats. It imports its SDK
inside its methods, on first use: start-up must not pay for it.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise

from providers.options import Option
from providers.types import AdapterEvent, CompletionRequest, Connection, ModelInfo


class Adapter(ABC):
    """Speaks one provider's protocol over one connection.

    Made for each use and thrown away: what is dear (clients, sockets) is kept by
    `providers.clients`, per connection and event loop.
    """

    kind: ClassVar[str]
    """Name in the registry and, for a connection without a name of its own, in model names."""
    label: ClassVar[str | Promise]
    """Name shown to people."""
    needs_key: ClassVar[bool] = True
    needs_base_url: ClassVar[bool] = False
    needs_refresh: ClassVar[bool] = True
    """False for an adapter whose models are all in `preferred_models` and never change."""
    default_base_url: ClassVar[str] = ""
    """Where the provider is when the connection does not say."""
    usual_base_url: ClassVar[str] = ""
    """Where a server of this kind listens on the same machine by custom. It is looked for there,
    and used by everybody without a key while it answers; a server that is absent is not missed."""
    key_page: ClassVar[str] = ""
    """Where people get a key for `default_base_url`: a page of the provider, with https://."""
    preferred_models: ClassVar[tuple[str, ...]] = ()
    """Models to choose as the default, best first, when the provider offers them."""
    fixed_models: ClassVar[tuple[ModelInfo, ...]] = ()
    """What is known of `preferred_models`, for an adapter without `needs_refresh`."""
    takes_files: ClassVar[bool] = False
    """Has words for `File` parts. Without it no model gets one, whatever is known of the model."""
    options: ClassVar[tuple[Option, ...]] = ()
    """What can be set beyond the parameters that all providers share; pages draw a form from it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @abstractmethod
    def stream(self, request: CompletionRequest) -> AsyncGenerator[AdapterEvent, None]:
        """Make one upstream request and yield its events, ending with `Finish`.

        Raises only `providers.errors.ProviderError`s. A stream that ends without a sign of its
        end raises `CutStreamError`. Closing the iterator closes the connection. Does not retry.
        """

    async def check_key(self) -> None:
        """Raise a `ProviderError` when the provider does not accept the key.

        Asked when a person tests a key. Adapters whose `list_models` works without a key must
        look at the key here.
        """
        await self.list_models()

    @abstractmethod
    async def list_models(self) -> list[ModelInfo]:
        """Ask the provider which models this connection may use. Raises `ProviderError`s."""


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far a server is with fetching a model, in bytes of all files that it knows of by now."""

    step: str
    """In the server's words."""
    completed: int = 0
    total: int = 0


class DownloadingAdapter(Adapter):
    """An adapter whose server fetches models when it is told to."""

    @abstractmethod
    def download(self, model: str) -> AsyncGenerator[DownloadProgress, None]:
        """Let the server fetch a model. Ends when it is there; closing the iterator gives it up.

        Raises `ProviderError`s.
        """
