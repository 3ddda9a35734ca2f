"""Which connections a user has: from the environment, from stored keys, and the demo.

The slug of a connection stands before the slash in a model's name. Where two have the same one,
the environment wins over the user's own key, and that over the site's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings

from providers import registry
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
    """The stored key, or none for the environment and the demo."""

    def connect(self) -> Connection:
        """Where and as whom to call. Raises `cipher.DecryptionError`."""
        if self.key is not None:
            return Connection(
                slug=self.slug, api_key=self.key.encrypted_key, base_url=self.key.base_url
            )
        values = environment().get(self.slug, {})
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


def stored_sources(user: AnyUser) -> list[Source]:
    """The user's own keys and the site's, active or not, by name. One query."""
    keys = ApiKey.objects.of_user_and_site(user.pk).select_related("model_list")
    return [_from_key(key) for key in keys if key.provider in registry.kinds()]


def site_sources() -> list[Source]:
    """Stored keys without a user, which everyone may use. One query."""
    keys = ApiKey.objects.filter(user=None, is_active=True)
    return [_from_key(key) for key in keys if key.provider in registry.kinds()]


def demo_source() -> Source:
    """The embedded demo; always there."""
    return Source(slug=DEMO, kind=DEMO, label=str(registry.adapter_class(DEMO).label))


def sources_for(user: AnyUser) -> list[Source]:
    """What the user may choose from, best first, the demo last. One query."""
    found: dict[str, Source] = {}
    for source in _candidates(user):
        found.setdefault(source.slug, source)
    return list(found.values())


def find_source(slug: str, *, user: AnyUser) -> Source | None:
    """The user's connection of that name. One query, none for the environment and the demo."""
    for source in [*environment_sources(), demo_source()]:
        if source.slug == slug:
            return source
    keys = ApiKey.objects.usable_by(user).filter(slug=slug)
    return next((_from_key(key) for key in keys if key.provider in registry.kinds()), None)


def _candidates(user: AnyUser) -> Iterator[Source]:
    yield from environment_sources()
    for key in ApiKey.objects.usable_by(user).select_related("model_list"):
        if key.provider in registry.kinds():  # A plug-in may have been removed.
            yield _from_key(key)
    yield demo_source()


def _from_key(key: ApiKey) -> Source:
    return Source(slug=key.slug, kind=key.provider, label=key.key_name, key=key)
