"""What models a user may choose from, and which one is chosen for them. Reads the database only.

The questions to the providers are in `providers.refresh`; a page never waits for them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from providers import refresh, registry, schedule
from providers.connections import (
    Source,
    sources_for,
)
from providers.containment import checked_models
from providers.contract import Adapter
from providers.health import ConnectionHealth, Health, State, health_of
from providers.models import ModelList
from providers.overrides import Overrides, overrides_for
from providers.querysets import AnyUser
from providers.types import ModelInfo


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model that a user may choose, and how it did when it was last called."""

    name: str
    """`provider/model`."""
    info: ModelInfo
    """With the administrator's overrides."""
    state: State = "unknown"
    reason: str = ""
    """Why it is failing: a sentence and the provider's own words (untrusted text)."""
    first_token_ms: int | None = None
    """Median time to the first token, of the calls of the last hour."""
    checked_at: datetime | None = None

    @property
    def label(self) -> str:
        """What people read."""
        return self.info.name or self.info.id


@dataclass(frozen=True, slots=True)
class ProviderModels:
    """One connection's models, as last told by the provider.

    `error` holds the provider's own words (untrusted text) when the last question failed. Without
    `checked_at` it was never asked, and `models` are those that it is known to have. `total` is how
    many it has; of very many `models` are the first ones.
    """

    slug: str
    label: str
    kind: str
    models: tuple[ModelEntry, ...]
    error: str
    checked_at: datetime | None
    first_token_ms: int | None = None
    """Median over all of its models, of the calls of the last hour."""
    total: int = 0
    is_fixed: bool = False
    """Built in: nobody is asked, and it always works."""
    is_shared: bool = False
    """The site's own: other people use it, too."""
    is_being_asked: bool = False
    unlisted: tuple[ModelEntry, ...] = ()
    """Models that were called within the hour though `models` has none of that name."""

    @property
    def state(self) -> State:
        """Of the connection: what its list of models said last."""
        if self.is_fixed:
            return "ok"
        if self.checked_at is None:
            return "unknown"
        return "failing" if self.error else "ok"


def models_for(user: AnyUser, *, watched: bool = False) -> list[ProviderModels]:
    """All that the user may choose from, best connection first, the demo last. Four queries.

    Starts a question in the background where the answer is missing or old; `watched` is for a page
    that shows how the providers do while somebody looks on.
    """
    sources = sources_for(user)
    lists = _lists(sources)
    schedule.ask_when_due(sources, lists, watched=watched)
    health = health_of(sources)
    overrides = overrides_for(sources)
    return [
        _models_of(
            source, lists.get(source.slug), health.get(source.slug, ConnectionHealth()), overrides
        )
        for source in sources
    ]


def ask_now(user: AnyUser, *, slug: str = "") -> None:
    """Have the models asked for in the background: the user's connections, or one of them.

    Those that have just answered are left alone. Two queries.
    """
    sources = [source for source in sources_for(user) if slug in ("", source.slug)]
    schedule.ask_now(sources, _lists(sources))


def default_model(user: AnyUser) -> str:
    """The `provider/model` for a new chat of a user who chose none. At most two queries.

    DEFAULT_MODEL, else the environment's connections, else the user's own and the site's keys,
    else the demo.
    """
    chosen: str = getattr(settings, "DEFAULT_MODEL", "")
    if chosen:
        return chosen
    sources = sources_for(user)
    lists = _lists(sources)
    names = (_preferred(source, lists.get(source.slug)) for source in sources)
    return next(name for name in names if name)


def _preferred(source: Source, row: ModelList | None) -> str:
    """Its best model that it offers, else its first, else its best known one, else nothing."""
    preferred = registry.adapter_class(source.kind).preferred_models
    offered = [model["id"] for model in row.offered] if row else []
    known = [model for model in preferred if model in offered] or offered or list(preferred)
    return f"{source.slug}/{known[0]}" if known else ""


def _lists(sources: list[Source]) -> dict[str, ModelList]:
    """The stored lists by slug: those of keys came with them, the others in one query."""
    environment = [source.slug for source in sources if source.key is None]
    lists: dict[str, Any] = ModelList.objects.for_environment(environment)
    for source in sources:
        if source.key is not None and hasattr(source.key, "model_list"):
            lists[source.slug] = source.key.model_list
    return lists


def model_info(source: Source, model: str) -> ModelInfo:
    """What is known of one model of a connection, whether it is offered or not. Two queries.

    One for a connection whose models never change.
    """
    known = offered_info(source, model) or ModelInfo(id=model)
    return overrides_for([source], model=model).applied(source, known)


def offered_info(source: Source, model: str) -> ModelInfo | None:
    """What the provider and the list of prices say of a model; None when it is not offered.

    Of a provider that never told its models, what the list of prices says of the preferred ones.
    """
    adapter = registry.adapter_class(source.kind)
    if not adapter.needs_refresh:
        return next((info for info in _fixed(adapter) if info.id == model), None)
    row = _lists([source]).get(source.slug)
    for values in (row.offered or row.presumed) if row else ():
        if values["id"] == model:
            return ModelInfo.from_json(values)
    return None


def _models_of(
    source: Source, row: ModelList | None, health: ConnectionHealth, overrides: Overrides
) -> ProviderModels:
    adapter = registry.adapter_class(source.kind)
    fixed = not adapter.needs_refresh
    if row is not None and (known := row.offered or row.presumed):
        models = [ModelInfo.from_json(values) for values in known]
    else:
        models = _fixed(adapter)
    unknown = Health(state="ok") if fixed else Health()
    names = {model.id for model in models}
    called = [ModelInfo(id=model) for model in health.models if model not in names]
    entries = [
        _entry(source, overrides.applied(source, model), health.models.get(model.id, unknown))
        for model in (*models, *called)
    ]
    return ProviderModels(
        slug=source.slug,
        label=source.label,
        kind=source.kind,
        models=tuple(entries[: len(models)]),
        error=row.error if row else "",
        checked_at=row.fetched_at if row else None,
        first_token_ms=health.first_token_ms,
        total=max(row.total if row else 0, len(models)),
        is_fixed=fixed,
        is_shared=source.key is None or source.key.user_id is None,
        is_being_asked=refresh.is_under_way(source),
        unlisted=tuple(entries[len(models) :]),
    )


def _fixed(adapter: type[Adapter]) -> list[ModelInfo]:
    """The models of an adapter whose list nobody has fetched."""
    known = {info.id: info for info in checked_models(adapter.fixed_models)}
    return [known.get(model, ModelInfo(id=model)) for model in adapter.preferred_models]


def _entry(source: Source, info: ModelInfo, health: Health) -> ModelEntry:
    return ModelEntry(
        name=f"{source.slug}/{info.id}",
        info=info,
        state=health.state,
        reason=health.reason,
        first_token_ms=health.first_token_ms,
        checked_at=health.checked_at,
    )
