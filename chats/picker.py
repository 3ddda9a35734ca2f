"""What there is to choose from where a model is chosen, in words. Asks no provider.

Names come from providers and are hostile: here they lose what would turn the text around them, and
a name that cannot be seen gets one that can. Templates escape the rest.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from chats.models import Conversation
from providers import catalogue, connections
from providers.catalogue import ModelEntry, ProviderModels
from providers.health import State
from providers.prices import context_label, price_label, seconds_label
from providers.types import ModelInfo

MOST_SHOWN = 1000
"""Models in one answer. Where there are more, a search finds the others."""
RECENT = 5
_MOST_COMPARED = 100
"""Characters of names that are compared: comparing takes the square of it."""

_HIDDEN = {"Cc", "Cf", "Cn", "Co", "Cs"}
_NOTHING = (None, None, None)


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """The model of a chat, whether it can still be reached or not."""

    name: str
    """`provider/model`, or empty."""
    slug: str
    """Of its connection."""
    label: str
    provider: str
    """What its connection is called; the slug where there is none any more."""
    info: ModelInfo


@dataclass(frozen=True, slots=True)
class Row:
    """One model, as the list shows it."""

    name: str
    """`provider/model`."""
    label: str
    detail: str
    """The provider's own id where it is not the label; of a recent one also the connection."""
    provider: str
    state: State
    state_text: str
    reason: str
    facts: str
    info: ModelInfo


@dataclass(frozen=True, slots=True)
class Group:
    """One connection with those of its models that are shown, of `total` that it has."""

    label: str
    state: State
    state_text: str
    error: str
    total: int
    rows: tuple[Row, ...]
    is_recent: bool = False
    """Holds what was used last, of any connection; has no state."""

    @property
    def count(self) -> str:
        """How many models it has, and how many of them are shown where that is less."""
        if len(self.rows) < self.total:
            numbers = {"shown": len(self.rows), "total": self.total}
            return _("%(shown)d of %(total)d models") % numbers
        return ngettext("%d model", "%d models", self.total) % self.total


@dataclass(frozen=True, slots=True)
class Picker:
    """All that can be chosen, or as much of it as one page takes."""

    groups: tuple[Group, ...]
    total: int
    """Models that were found."""

    @property
    def shown(self) -> int:
        """How many of them are in `groups`."""
        return sum(len(group.rows) for group in self.groups if not group.is_recent)

    @property
    def is_cut(self) -> bool:
        """Whether there are more than are shown."""
        return self.shown < self.total


class _Words:
    """What is said of many models alike, put together once for all of them."""

    def __init__(self) -> None:
        self.states: dict[State, str] = {
            "ok": _("Working"),
            "failing": _("Failing"),
            "unknown": _("Not tried yet"),
        }
        self._prices: dict[tuple[Decimal | None, Decimal | None], str] = {}
        self._contexts: dict[int | None, str] = {}

    def facts(self, entry: ModelEntry, *, is_fixed: bool = False) -> str:
        """Context, prices and time to the first token, in one line.

        A context that nobody will ever tell, of a model that never changes, is not spoken of.
        """
        info = entry.info
        if not is_fixed and (info.context_window, info.input_price, info.output_price) == _NOTHING:
            known = [_("context and price unknown")]
        else:
            known = self._known(info, is_fixed=is_fixed)
        if entry.first_token_ms is not None:
            known.append(
                _("%(time)s to the first word") % {"time": seconds_label(entry.first_token_ms)}
            )
        return " · ".join(known)

    def _known(self, info: ModelInfo, *, is_fixed: bool) -> list[str]:
        known = [self._price(info)]
        if info.context_window is not None or not is_fixed:
            known.insert(0, self._context(info.context_window))
        return known

    def _context(self, tokens: int | None) -> str:
        if tokens not in self._contexts:
            self._contexts[tokens] = (
                _("context unknown")
                if tokens is None
                else _("%(size)s context") % {"size": context_label(tokens)}
            )
        return self._contexts[tokens]

    def _price(self, info: ModelInfo) -> str:
        prices = info.input_price, info.output_price
        if prices not in self._prices:
            self._prices[prices] = _price(*prices)
        return self._prices[prices]


def chosen_model(name: str, *, user: User) -> ChosenModel:
    """What is known of `provider/model`. Queries do not grow with the models that there are."""
    slug, _slash, model = name.partition("/")
    source = connections.find_source(slug, user=user) if slug and model else None
    info = catalogue.model_info(source, model) if source else ModelInfo(id=model or name)
    return ChosenModel(
        name=name,
        slug=slug,
        label=_label(info) if name else "",
        provider=visible(source.label) if source else slug,
        info=info,
    )


def load_picker(*, user: User, current: str = "", words: str = "") -> Picker:
    """What `user` may choose, narrowed to what holds all of `words`.

    Recently used ones come first, and `current` among them when no list has it. The number of
    queries depends neither on connections nor on models.
    """
    providers = catalogue.models_for(user)
    wanted = words.casefold().split()
    found = [list(_matching(provider, wanted)) for provider in providers]
    shares = _shares([len(entries) for entries in found], MOST_SHOWN)
    say = _Words()
    groups = [
        Group(
            label=visible(provider.label),
            state=provider.state,
            state_text=say.states[provider.state],
            error=provider.error,
            total=len(provider.models),
            rows=tuple(_row(entry, provider, say) for entry in entries[:share]),
        )
        for provider, entries, share in zip(providers, found, shares, strict=True)
        if entries or not wanted
    ]
    if not wanted and (recent := tuple(_recent(user, current, providers, say))):
        groups.insert(0, Group(_("Recent"), "unknown", "", "", len(recent), recent, is_recent=True))
    return Picker(tuple(groups), sum(len(entries) for entries in found))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A model to offer where one is typed."""

    name: str
    """`provider/model`."""
    model: str
    """The provider's own id."""
    called: str
    """What people call it."""
    provider: str


def suggestions(user: User, *, limit: int = 500) -> list[Suggestion]:
    """Some of every connection, those used lately first."""
    providers = catalogue.models_for(user)
    shares = _shares([len(provider.models) for provider in providers], limit)
    found = [
        Suggestion(entry.name, entry.info.id, _label(entry.info), visible(provider.label))
        for provider, share in zip(providers, shares, strict=True)
        for entry in provider.models[:share]
    ]
    recent = Conversation.objects.for_user(user).recent_models(RECENT)
    return sorted(found, key=lambda each: each.name not in recent)


def suggested_models(user: User) -> list[str]:
    """Names to offer where one is typed."""
    return [suggestion.name for suggestion in suggestions(user)]


def closest_model(typed: str, *, user: User) -> str:
    """The suggestion that somebody may have meant, as `provider/model`; empty when none is like it.

    What is called exactly that comes before what has it in its name, and that before what is
    spelt alike.
    """
    wanted = typed.strip(" /").casefold()[:_MOST_COMPARED]
    meant: dict[str, str] = {}
    for each in suggestions(user):
        for text in (each.name, each.model, each.called):
            meant.setdefault(text.casefold()[:_MOST_COMPARED], each.name)
    holding = [text for text in meant if wanted and wanted in text]
    for text in [wanted, *sorted(holding, key=len), *get_close_matches(wanted, meant, n=1)]:
        if text in meant:
            return meant[text]
    return ""


def model_warning(name: str, *, user: User) -> str:
    """Why `provider/model` may never answer; empty where it is listed, or nobody knows the list.

    Four queries, and as many again for what may have been meant.
    """
    slug, _slash, model = name.strip().partition("/")
    if not (slug and model):
        return ""
    provider = next((p for p in catalogue.models_for(user) if p.slug == slug), None)
    if provider is not None:
        is_whole = provider.state == "ok" and provider.total <= len(provider.models)
        listed = {entry.info.id for entry in (*provider.models, *provider.unlisted)}
        if model in listed or not is_whole:
            return ""
        said = _("%(provider)s lists no such model.") % {"provider": visible(provider.label)}
    else:
        said = _("No connected provider is called “%(provider)s”.") % {"provider": slug}
    if closest := closest_model(name, user=user):
        said += " " + _("Did you mean “%(model)s”?") % {"model": closest}
    return said


def visible(name: str) -> str:
    """A name in one line, without what turns or hides text; empty when nothing can be seen."""
    if not (name.isascii() and name.isprintable()):
        name = "".join(" " if c.isspace() else c for c in name if _can_be_seen(c))
    return " ".join(name.split())


def _label(info: ModelInfo) -> str:
    return visible(info.name) or visible(info.id) or _("(no name)")


def _can_be_seen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) not in _HIDDEN


def _matching(provider: ProviderModels, wanted: Sequence[str]) -> Iterator[ModelEntry]:
    for entry in provider.models:
        text = f"{entry.name} {entry.label} {provider.label}".casefold() if wanted else ""
        if all(word in text for word in wanted):
            yield entry


def _shares(sizes: Sequence[int], limit: int) -> list[int]:
    """How many of each fit into `limit`, so that a long list leaves room for the others."""
    shares, left = [0] * len(sizes), limit
    for rank, index in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        shares[index] = min(sizes[index], left // (len(sizes) - rank))
        left -= shares[index]
    return shares


def _recent(
    user: User, current: str, providers: Sequence[ProviderModels], say: _Words
) -> Iterator[Row]:
    """The models of the latest chats that can still be asked. One query."""
    used = Conversation.objects.for_user(user).recent_models(RECENT)
    listed = {entry.name: entry for provider in providers for entry in provider.models}
    if current and current not in listed and current not in used:
        used = [current, *used[: RECENT - 1]]
    by_slug = {provider.slug: provider for provider in providers}
    called = {entry.name: entry for provider in providers for entry in provider.unlisted}
    for name in used:
        slug, _slash, model = name.partition("/")
        if model and (provider := by_slug.get(slug)):
            entry = listed.get(name) or called.get(name)
            entry = entry or ModelEntry(name=name, info=ModelInfo(id=model))
            yield _row(entry, provider, say, is_recent=True)


def _row(
    entry: ModelEntry, provider: ProviderModels, say: _Words, *, is_recent: bool = False
) -> Row:
    label, own_id, where = _label(entry.info), visible(entry.info.id), visible(provider.label)
    details = [where if is_recent else "", own_id if own_id != label else ""]
    return Row(
        name=entry.name,
        label=label,
        detail=" · ".join(filter(None, details)),
        provider=where,
        state=entry.state,
        state_text=say.states[entry.state],
        reason=entry.reason,
        facts=say.facts(entry, is_fixed=provider.is_fixed),
        info=entry.info,
    )


def _price(read: Decimal | None, written: Decimal | None) -> str:
    """Of input and output. Zero is free, and only zero."""
    if read is None and written is None:
        return _("price unknown")
    if read == written == 0:
        return _("free")
    into = _("%(price)s in") % {"price": price_label(read) or _("unknown")}
    out = _("%(price)s out") % {"price": price_label(written) or _("unknown")}
    return f"{into} · {out}"
