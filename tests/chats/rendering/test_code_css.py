"""The colours of code can be read, in both themes."""

import re

import pytest
from django.contrib.staticfiles import finders

COLOUR = re.compile(r"--code-(\w+): light-dark\((#\w{6}), (#\w{6})\);")


def sheet() -> str:
    """The style sheet."""
    path = finders.find("css/code.css")
    assert isinstance(path, str)
    with open(path, encoding="utf-8") as file:
        return file.read()


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio as WCAG 2.2 defines it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("theme", "papers"), [(0, ("#f3efe6", "#f3eee4")), (1, ("#1d1b18", "#151310"))]
)
def test_contrast_is_at_least_that_of_wcag_aa(theme: int, papers: tuple[str, str]) -> None:
    colours = {name: pair[theme] for name, *pair in COLOUR.findall(sheet())}
    assert colours.pop("paper") in papers
    assert len(colours) == 10
    for paper in papers:
        assert {name for name, colour in colours.items() if contrast(colour, paper) < 4.5} == set()


def test_size_and_layers() -> None:
    css = sheet()
    assert len(css.encode()) < 4_096
    assert set(re.findall(r"var\(--code-(\w+)\)", css)) <= {row[0] for row in COLOUR.findall(css)}


def test_contrast_of_known_pairs() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
