"""WCAG AA: every pair of colours that text is written in, in both themes."""

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = (Path(settings.BASE_DIR) / "static/css/base.css").read_text(encoding="utf-8")
TOKENS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", CSS
    )
}
SURFACES = ("paper", "paper-sunk", "paper-raised")
TEXT = [
    *((ink, surface) for ink in ("ink", "ink-soft", "ink-faint") for surface in SURFACES),
    *((ink, surface) for ink in ("ink", "ink-soft") for surface in ("paper-hover", "paper-user")),
    *((ink, surface) for ink in ("accent", "danger", "accent-hover") for surface in SURFACES),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-hover"),
    ("accent-hover", "accent-wash"),
    ("ink", "accent-wash"),
    ("danger", "danger-wash"),
    ("ink", "danger-wash"),
]
EDGES = [("line-strong", surface) for surface in SURFACES] + [("accent", s) for s in SURFACES]


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, as WCAG defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Ratio from 1 to 21."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "surface"), TEXT)
def test_text_can_be_read(ink: str, surface: str, theme: str) -> None:
    assert contrast(TOKENS[ink][theme], TOKENS[surface][theme]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "surface"), EDGES)
def test_edges_of_controls_can_be_seen(edge: str, surface: str, theme: str) -> None:
    assert contrast(TOKENS[edge][theme], TOKENS[surface][theme]) >= 3
