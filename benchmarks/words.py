"""Made-up words: the n-th is always the same, and its beginning tells nothing of the others."""

from typing import Final

_SYLLABLES: Final = [c + v for c in "bdfghklmnprstvz" for v in "aeiou"]
_SPREAD: Final = 97_003
"""Coprime to the number of all words, so that no two are alike."""


def word(number: int) -> str:
    """Of three syllables; there are 421,875."""
    base = len(_SYLLABLES)
    place = (number + 1) * _SPREAD % base**3
    return "".join(_SYLLABLES[place // base**power % base] for power in range(3))
