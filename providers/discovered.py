"""Which servers were found where their kind usually listens on this machine.

`providers.discovery` looks for them and keeps what it finds as model lists; here that is read, from
a copy in memory, so that no page pays a query for it.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from providers.models import ModelList

KEPT_FOR = 30.0
"""Seconds. The process that looks forgets its copy at once; others see a change after these."""


@dataclass(frozen=True, slots=True)
class _Copy:
    asked: frozenset[str]
    found: frozenset[str]
    until: float


_copy = _Copy(frozenset(), frozenset(), 0.0)


def found(kinds: Iterable[str]) -> frozenset[str]:
    """Those of the kinds that answered when they were last looked for.

    One query every `KEPT_FOR` seconds, none where there is nothing to look for.
    """
    global _copy  # noqa: PLW0603 - one small value, replaced as a whole
    asked = frozenset(kinds)
    if not asked:
        return asked
    copy = _copy
    if copy.asked != asked or copy.until < time.monotonic():
        # A list that was never there, only its error, comes from a question asked too late.
        rows = ModelList.objects.filter(environment__in=asked).exclude(offered=[], error__gt="")
        names = frozenset(name for name in rows.values_list("environment", flat=True) if name)
        copy = _copy = _Copy(asked, names, time.monotonic() + KEPT_FOR)
    return copy.found


def forget_copy() -> None:
    """Read again next time: something has changed."""
    global _copy  # noqa: PLW0603
    _copy = _Copy(frozenset(), frozenset(), 0.0)
