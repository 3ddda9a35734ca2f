"""Adapters that other packages bring, through the entry-point group `parley.providers`.

An entry point's name is the kind, its value the adapter's class. Names are read once, without
importing anything; a class is imported when it is first asked for. A plug-in with a fault is left
out, named once in the log, and listed for the administrator; it harms nothing else.
"""

import logging
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from queue import Empty, SimpleQueue

from providers.adapters.failures import own_words
from providers.containment import contain
from providers.contract import Adapter
from providers.description import KIND, faults

GROUP = "parley.providers"
IMPORT_LIMIT = 20.0
"""Seconds. Every page that names providers waits for it, once."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PluginProblem:
    """Why a plug-in is left out: a sentence in English, as in the log."""

    kind: str
    distribution: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point. `label` is empty, and `reason` says why, when it is left out."""

    kind: str
    distribution: str
    version: str
    label: str = ""
    reason: str = ""
    entry_point: metadata.EntryPoint | None = field(default=None, repr=False, compare=False)


class BrokenPluginError(Exception):
    """Says why a plug-in cannot be used."""


class Plugins:
    """The plug-ins of this process. `reserved` kinds are not theirs; `path` stands for `sys.path`.

    Methods may be called from any thread; the first call of most imports code.
    """

    def __init__(self, reserved: Collection[str], path: Sequence[str] | None = None) -> None:
        self._reserved = reserved
        self._path = path
        self._lock = threading.RLock()
        self._found: tuple[Plugin, ...] | None = None
        self._loaded: dict[str, type[Adapter]] = {}
        self._reasons: dict[Plugin, str] = {}

    def kinds(self) -> tuple[str, ...]:
        """Those that work, by name. Imports all that were not asked for yet."""
        return tuple(plugin.kind for plugin in self._all() if self._load(plugin) is not None)

    def adapter_class(self, kind: str) -> type[Adapter]:
        """The adapter, such that its faults are `ProviderError`s. Raises `KeyError`."""
        for plugin in self._all():
            if plugin.kind == kind and (adapter := self._load(plugin)) is not None:
                return adapter
        raise KeyError(kind)

    def problems(self) -> tuple[PluginProblem, ...]:
        """All that are left out. Imports all that were not asked for yet."""
        return tuple(
            PluginProblem(plugin.kind, plugin.distribution, plugin.reason)
            for plugin in self.states()
            if plugin.reason
        )

    def states(self) -> tuple[Plugin, ...]:
        """All, with their labels or why they are left out. Imports as `kinds` does."""
        return tuple(
            replace(plugin, label=str(adapter.label) if adapter else "", reason=reason)
            for plugin in self._all()
            for adapter in [self._load(plugin)]
            for reason in [self._reasons.get(plugin, "")]
        )

    def _all(self) -> tuple[Plugin, ...]:
        with self._lock:
            if self._found is None:
                found = sorted(_installed(self._path), key=lambda p: (p.kind, p.distribution))
                times = Counter(plugin.kind for plugin in found)
                for plugin in found:
                    if reason := plugin.reason or self._misnamed(plugin, times[plugin.kind]):
                        self._leave_out(plugin, reason)
                self._found = tuple(found)
            return self._found

    def _misnamed(self, plugin: Plugin, times: int) -> str:
        if not KIND.fullmatch(plugin.kind):
            return "Its name must be small letters, digits and _, at most 40, a letter first."
        if plugin.kind in self._reserved:
            return "Parley has a provider of this name."
        # Which of them came first is chance, and a stored key must not go to the other one.
        return "Several plug-ins have this name: none of them is used." if times > 1 else ""

    def _load(self, plugin: Plugin) -> type[Adapter] | None:
        with self._lock:
            if plugin not in self._reasons and plugin.kind not in self._loaded:
                try:
                    self._loaded[plugin.kind] = _import_in_time(plugin)
                except BrokenPluginError as error:
                    self._leave_out(plugin, str(error))
            return None if plugin in self._reasons else self._loaded[plugin.kind]

    def _leave_out(self, plugin: Plugin, reason: str) -> None:
        self._reasons[plugin] = reason
        logger.error(
            "The plug-in %s of %s %s is left out: %s",
            *(plugin.kind, plugin.distribution, plugin.version, reason),
        )


def _installed(path: Sequence[str] | None) -> Iterator[Plugin]:
    """What is installed, read from the packages' metadata."""
    seen: set[str] = set()
    for distribution in metadata.distributions(path=list(sys.path if path is None else path)):
        # Read as text first: parsing all that is installed would cost more than finding it.
        if GROUP not in (distribution.read_text("entry_points.txt") or ""):
            continue
        name = _told(distribution.metadata["Name"])
        if name in seen:
            continue  # One further back on the path, hidden by this one.
        seen.add(name)
        version = _told(distribution.metadata["Version"])
        try:
            entry_points = distribution.entry_points.select(group=GROUP)
        except Exception as error:  # Whatever the parser thinks of a broken file.
            reason = f"Its entry points cannot be read: {_words_of(error)}"
            yield Plugin("", name, version, reason=reason)
            continue
        for entry_point in entry_points:
            kind = _told(entry_point.name)
            yield Plugin(kind, name, version, entry_point=entry_point)


def _import_in_time(plugin: Plugin) -> type[Adapter]:
    """The class, checked. Raises `BrokenPluginError` whatever the plug-in does, or does not end."""
    found: SimpleQueue[type[Adapter] | BrokenPluginError] = SimpleQueue()

    def put() -> None:
        try:
            found.put(_import(plugin))
        except BrokenPluginError as error:
            found.put(error)

    threading.Thread(target=put, daemon=True, name=f"plug-in {plugin.kind}").start()
    try:
        answer = found.get(timeout=IMPORT_LIMIT)
    except Empty:
        reason = f"Its import has not ended after {IMPORT_LIMIT:g} seconds."
        raise BrokenPluginError(reason) from None
    if isinstance(answer, BrokenPluginError):
        raise answer
    return answer


def _import(plugin: Plugin) -> type[Adapter]:
    assert plugin.entry_point is not None  # noqa: S101 - tells the type
    try:
        adapter = plugin.entry_point.load()
        found = faults(adapter)
        if not found and adapter.kind != plugin.kind:
            found = [f"Its `kind` is {adapter.kind!r}."]
        contained = None if found else contain(adapter)
    except BaseException as error:  # In a thread of its own: nobody interrupts it.
        raise BrokenPluginError(f"It cannot be imported: {_words_of(error)}") from None
    if contained is None:
        raise BrokenPluginError(" ".join(found))
    return contained


def _words_of(error: BaseException) -> str:
    return own_words(traceback.format_exception_only(error)[-1], key="")[:300]


def _told(value: object) -> str:
    """What a package says of itself, fit to be shown and logged."""
    return own_words(str(value or "?"), key="")[:100]
