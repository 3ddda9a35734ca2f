"""A measured value and the bar that it has to meet."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` must not be over `bar`; without a bar it is there to be read."""

    name: str
    value: float
    unit: str = ""
    bar: float | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the bar is met."""
        return self.bar is None or self.value <= self.bar

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Name, value, bar and verdict, as they are shown."""
        bar = "" if self.bar is None else f"≤ {shown(self.bar, self.unit)}"
        verdict = "" if self.bar is None else ("met" if self.met else "NOT MET")
        name = f"{self.name} ({self.note})" if self.note else self.name
        return name, shown(self.value, self.unit), bar, verdict


def shown(value: float, unit: str) -> str:
    """Whole numbers as such, others with about three digits."""
    digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


def percentile(values: Iterable[float], percent: int) -> float:
    """The value that `percent` of 100 do not exceed; inclusive interpolation."""
    found = sorted(values)
    if len(found) == 1:
        return found[0]
    return statistics.quantiles(found, n=100, method="inclusive")[percent - 1]
