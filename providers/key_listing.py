"""The connections of a user as the keys page shows them: by provider, each with how it does."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from providers import downloads, registry
from providers.access import may_download
from providers.connections import discovered_sources, environment, environment_sources
from providers.health import State
from providers.models import ApiKey, ModelList
from providers.querysets import AnyUser


@dataclass(slots=True)
class ListedConnection:
    """One connection."""

    label: str
    slug: str
    error: str
    """What the provider said when it was last asked (untrusted text); empty when all was well."""
    checked_at: datetime | None
    model_count: int
    key: ApiKey | None = None
    """None when the environment set it, or when it was found."""
    is_shared: bool = True
    """Not the user's own."""
    may_change: bool = False
    is_default: bool = False
    """The one that this user's new chats start with, among those of its provider."""
    is_discovered: bool = False
    """Found on this machine; nobody set it."""
    is_overridden: bool = False
    """The environment has one of the same slug, which is used instead."""
    may_download: bool = False
    """Whether this user may have its server fetch models."""
    groups: list[str] = field(default_factory=list)
    """Who a key of the site is for, unless it is for everyone; for administrators only."""

    @property
    def is_active(self) -> bool:
        """Whether it is used at all."""
        return self.key is None or self.key.is_active

    @property
    def state(self) -> State:
        """What the last test said."""
        if self.checked_at is None:
            return "unknown"
        return "failing" if self.error else "ok"


@dataclass(slots=True)
class ListedProvider:
    """All connections of one kind; `is_known` is false when its plug-in is not there any more."""

    kind: str
    label: str
    is_known: bool
    connections: list[ListedConnection] = field(default_factory=list)


def list_connections(*, user: AnyUser) -> list[ListedProvider]:
    """All but the demo, those that are switched off too. At most four queries."""
    found = {kind: ListedProvider(kind, _label(kind), True) for kind in registry.kinds()}
    for kind, connection in _of_site():
        found[kind].connections.append(connection)
    for key in _keys(user):
        known = found.setdefault(key.provider, ListedProvider(key.provider, key.provider, False))
        known.connections.append(_listed(key, user))
    for provider in found.values():
        _mark_default(provider.connections)
        _mark_downloads(provider, user)
    return [provider for provider in found.values() if provider.connections]


def _label(kind: str) -> str:
    return str(registry.adapter_class(kind).label)


def _of_site() -> Iterator[tuple[str, ListedConnection]]:
    """Those of the environment and those found on this machine, by kind."""
    discovered = discovered_sources()
    sources = [*environment_sources(), *discovered]
    slugs = [source.slug for source in sources]
    lists = ModelList.objects.for_environment(slugs) if slugs else {}
    for source in sources:
        row = lists.get(source.slug)
        yield (
            source.kind,
            ListedConnection(
                label=source.label,
                slug=source.slug,
                error=row.error if row else "",
                checked_at=row.fetched_at if row else None,
                model_count=len(row.offered) if row else 0,
                is_discovered=source in discovered,
            ),
        )


def _keys(user: AnyUser) -> list[ApiKey]:
    """The user's own first, oldest first: the order in which one follows another as the default."""
    keys = ApiKey.objects.visible_to(user).with_model_counts().order_by("created_at", "pk")
    if getattr(user, "is_superuser", False):
        keys = keys.prefetch_related("groups")
    return sorted(keys, key=lambda key: key.user_id is None)


def _listed(key: ApiKey, user: AnyUser) -> ListedConnection:
    is_shared = key.user_id is None
    may_change = not is_shared or bool(getattr(user, "is_superuser", False))
    return ListedConnection(
        label=key.key_name,
        slug=key.slug,
        error=key.last_error,
        checked_at=key.last_checked_at,
        model_count=getattr(key, "model_count", None) or 0,
        key=key,
        is_shared=is_shared,
        may_change=may_change,
        is_overridden=key.slug in environment(),
        groups=[group.name for group in key.groups.all()] if is_shared and may_change else [],
    )


def _mark_default(connections: list[ListedConnection]) -> None:
    """The user's own default comes before the site's."""
    defaults = [each for each in connections if each.key is not None and each.key.is_default]
    if defaults:
        defaults[0].is_default = True


def _mark_downloads(provider: ListedProvider, user: AnyUser) -> None:
    """Who may change a connection, and administrators those that nobody stored.

    Of those people, the ones whom OLLAMA_DOWNLOADS lets.
    """
    if downloads.can_download(provider.kind) and may_download(user):
        is_administrator = bool(getattr(user, "is_superuser", False))
        for each in provider.connections:
            each.may_download = each.is_active and (each.may_change or is_administrator)
