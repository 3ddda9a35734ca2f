"""Which connections a user has: from the environment, from stored keys, found, and the demo.

The slug of a connection stands before the slash in a model's name. Where two have the same one,
the environment wins over the user's own key, that over the site's, and that over a server that was
found on this machine without anybody asking for it.

A kind's name stands for the default key of that kind where no connection has it as its slug: so a
conversation with `openai/gpt-4o` goes on when the key that it began with was replaced. New chats
start with the default key too: among keys of the same owner and provider it comes first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q

from providers import discovered, registry
from providers.models import ApiKey
from providers.querysets import AnyUser
from providers.types import Connection

DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Source:
    """A connection that a user may choose; its key is decrypted only by `connect`."""

    slug: str
    kind: str
    label: str
    key: ApiKey | None = None
    """The stored key, or none for the environment, what was found, and the demo."""

    def connect(self) -> Connection:
        """Where and as whom to call. Raises `cipher.DecryptionError`."""
        if self.key is not None:
            return Connection(
                slug=self.slug, api_key=self.key.encrypted_key, base_url=self.key.base_url
            )
        values = environment().get(self.slug)
        if values is None:
            address = registry.adapter_class(self.kind).usual_base_url
            return Connection(slug=self.slug, base_url=address, trusted=True)
        return Connection(
            slug=self.slug,
            api_key=values.get("api_key", ""),
            base_url=values.get("base_url", ""),
            trusted=True,
        )


def environment() -> Mapping[str, Mapping[str, str]]:
    """What the administrator set outside the pages, by kind: `api_key` and `base_url`."""
    values: Mapping[str, Mapping[str, str]] = settings.PROVIDER_ENVIRONMENT
    return {kind: value for kind, value in values.items() if any(value.values())}


def environment_sources() -> list[Source]:
    """Connections that the environment sets."""
    return [
        Source(slug=kind, kind=kind, label=str(registry.adapter_class(kind).label))
        for kind in environment()
    ]


def usual_addresses() -> dict[str, str]:
    """Where to look for servers, by kind: those that have a usual place and are not set."""
    if not settings.OLLAMA_DISCOVERY:
        return {}
    fixed = environment()
    addresses = {kind: registry.adapter_class(kind).usual_base_url for kind in registry.kinds()}
    return {kind: url for kind, url in addresses.items() if url and kind not in fixed}


def discovered_sources() -> list[Source]:
    """Servers that were found on this machine (`providers.discovery`). Mostly without a query."""
    kinds = usual_addresses()
    found = discovered.found(kinds)
    return [discovered_source(kind) for kind in kinds if kind in found]


def discovered_source(kind: str) -> Source:
    """The server of a kind at its usual address, there or not."""
    return Source(slug=kind, kind=kind, label=str(registry.adapter_class(kind).label))


def site_sources() -> list[Source]:
    """Stored keys without a user, whoever they are shared with. One query."""
    keys = ApiKey.objects.filter(user=None, is_active=True)
    return [source_of_key(key) for key in keys if key.provider in registry.kinds()]


def demo_source() -> Source:
    """The embedded demo; always there."""
    return Source(slug=DEMO, kind=DEMO, label=str(registry.adapter_class(DEMO).label))


def sources_for(user: AnyUser) -> list[Source]:
    """What the user may choose from, best first, what was found and the demo last. One query."""
    found: dict[str, Source] = {}
    for source in _candidates(user):
        found.setdefault(source.slug, source)
    return list(found.values())


def find_source(slug: str, *, user: AnyUser) -> Source | None:
    """The user's connection of that slug, else their default key of that kind.

    One query, none for the environment and the demo.
    """
    for source in [*environment_sources(), demo_source()]:
        if source.slug == slug:
            return source
    keys = list(ApiKey.objects.usable_by(user).filter(Q(slug=slug) | Q(provider=slug)))
    usable = [
        source_of_key(key) for key in _defaults_first(keys) if key.provider in registry.kinds()
    ]
    exact = [source for source in [*usable, *discovered_sources()] if source.slug == slug]
    return next(iter([*exact, *usable]), None)


def _candidates(user: AnyUser) -> Iterator[Source]:
    yield from environment_sources()
    keys = ApiKey.objects.usable_by(user).select_related("model_list")
    for key in _defaults_first(keys):
        if key.provider in registry.kinds():  # A plug-in may have been removed.
            yield source_of_key(key)
    yield from discovered_sources()
    yield demo_source()


def _defaults_first(keys: Iterable[ApiKey]) -> list[ApiKey]:
    """Those of one owner and provider together, where the first of them was, its default first."""
    together: dict[tuple[object, str], list[ApiKey]] = {}
    for key in keys:
        together.setdefault((key.user_id, key.provider), []).append(key)
    return [
        key
        for group in together.values()
        for key in sorted(group, key=lambda key: not key.is_default)
    ]


def source_of_key(key: ApiKey) -> Source:
    """A stored key as a connection."""
    return Source(slug=key.slug, kind=key.provider, label=key.key_name, key=key)
