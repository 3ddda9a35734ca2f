"""What the administrator knows better about models, laid over what is known of them.

A row names a kind of provider, or one connection of the site by its slug; the slug's wins, field by
field. A person's own connection is never meant by its slug: it may be another server.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.db.models import Q

from providers.connections import Source
from providers.models import PRICES, ModelOverride
from providers.types import ModelInfo

FIELDS = (
    *("context_window", "max_output"),
    *("accepts_images", "accepts_files", "supports_tools", "reasons"),
    *PRICES,
)


@dataclass(frozen=True, slots=True)
class Overrides:
    """Rows by provider and model."""

    rows: dict[tuple[str, str], ModelOverride] = field(default_factory=dict)

    def applied(self, source: Source, info: ModelInfo) -> ModelInfo:
        """The model as the administrator has it."""
        if not self.rows:
            return info
        for provider in reversed(_names(source)):
            row = self.rows.get((provider, info.id))
            if row is not None:
                info = _laid_over(info, row)
        return info


def overrides_for(sources: Iterable[Source], *, model: str = "") -> Overrides:
    """Those of these connections, or of one of their models only. One query."""
    names = {name for source in sources for name in _names(source)}
    one = Q(model=model) if model else Q()
    rows = ModelOverride.objects.filter(one, provider__in=names)
    return Overrides({(row.provider, row.model): row for row in rows})


def _names(source: Source) -> list[str]:
    """What a row may call this connection, the most exact name first."""
    own = source.key is not None and source.key.user_id is not None
    return [source.kind] if own else [source.slug, source.kind]


def _laid_over(info: ModelInfo, row: ModelOverride) -> ModelInfo:
    given = {name: getattr(row, name) for name in FIELDS if getattr(row, name) is not None}
    if given.keys() & set(PRICES):
        given["priced_up_to"] = None  # The limit belongs to the prices that are replaced.
    return replace(info, **given)
