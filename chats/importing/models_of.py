"""Which model a file means, among those that the importing person can use here."""

from typing import Final

from accounts.models import User
from chats.conversations import preferred_model
from chats.importing.facts import line
from chats.importing.neutral import FoundMessage
from chats.models import Message, Transfer
from providers import catalogue
from providers.connections import find_source

_OWN: Final = Transfer.Source.PARLEY
_LABELS: Final = dict(Transfer.Source.choices)


class Names:
    """Looks up names of models; a few queries for all of one import."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._known: dict[str, str] | None = None
        self._has_source: dict[str, bool] = {}
        self._preferred: str | None = None

    def of_reply(self, product: str, message: FoundMessage) -> tuple[str, str, str]:
        """Provider, model and, for what is unknown here, the words to show in their place."""
        if message.role != Message.Role.ASSISTANT:
            return "", "", ""
        name = line(message.model, 251)
        if product == _OWN:
            return (*_split(name), "")
        provider, model = _split(self._here(name))
        if provider:
            return provider, model, ""
        return product, (name or product)[:200], name or str(_LABELS[product])

    def of_chat(self, product: str, name: str) -> tuple[str, str]:
        """Provider and model of the next message: the file's if it can be had, else the user's.

        Parley's own exports say it themselves, as a chat does whose connection is gone.
        """
        if product == _OWN:
            return _split(line(name, 251))
        provider, model = _split(self._here(line(name, 251)))
        if provider and self._can_be_reached(provider):
            return provider, model
        if self._preferred is None:
            self._preferred = preferred_model(self._user)
        return _split(self._preferred)

    def _here(self, name: str) -> str:
        """`provider/model` for what a file calls `name`; empty when nobody here knows it."""
        provider, slash, model = name.partition("/")
        if (
            slash
            and model
            and provider in ("openai", "anthropic", "google", "openrouter", "ollama")
        ):
            return name
        if self._known is None:
            self._known = {}
            for group in catalogue.models_for(self._user):
                for entry in group.models:
                    self._known.setdefault(entry.info.id, f"{group.slug}/{entry.info.id}")
        return self._known.get(name, "")

    def _can_be_reached(self, provider: str) -> bool:
        if provider not in self._has_source:
            self._has_source[provider] = find_source(provider, user=self._user) is not None
        return self._has_source[provider]


def _split(name: str) -> tuple[str, str]:
    provider, slash, model = name.partition("/")
    return (provider[:50], model[:200]) if slash else ("", "")
