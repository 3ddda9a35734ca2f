"""What calls cost, and how prices and sizes are written."""

from decimal import Decimal

import pytest

from providers.prices import (
    context_label,
    cost_label,
    cost_micros,
    price_label,
    price_per_million,
    seconds_label,
)
from providers.types import ModelInfo, Usage

PRICED = ModelInfo(
    id="m",
    input_price=Decimal("2.5"),
    output_price=Decimal(10),
    cached_input_price=Decimal("0.25"),
    cache_write_price=Decimal("3.125"),
)
SIMPLE = ModelInfo(id="m", input_price=Decimal(2), output_price=Decimal(10))


@pytest.mark.parametrize(
    ("info", "usage", "cost"),
    [
        (PRICED, Usage(1000, 100), 3500),
        (PRICED, Usage(1000, 100, cached_tokens=600), 400 * 2.5 + 600 * 0.25 + 1000),
        (PRICED, Usage(1000, 0, cache_write_tokens=800), 200 * 2.5 + 800 * 3.125),
        (PRICED, Usage(1000, 0, cached_tokens=100, cache_write_tokens=800), 250 + 25 + 2500),
        (PRICED, Usage(10, 0, cached_tokens=50), 3),
        (PRICED, Usage(0, 0), 0),
        (SIMPLE, Usage(1000, 0, cached_tokens=500, cache_write_tokens=500), 2000),
        (PRICED, Usage(1, 0), 3),
        (PRICED, Usage(3, 0), 8),
        (PRICED, Usage(1, 0, cached_tokens=1), 0),
        (PRICED, Usage(1000, 100, cost_micros=17), 17),
        (PRICED, Usage(1000, 100, cost_micros=0), 0),
        (ModelInfo(id="m"), Usage(1000, 100, cost_micros=17), 17),
        (ModelInfo(id="m"), Usage(1000, 100), None),
        (ModelInfo(id="m"), Usage(0, 0), 0),
        (ModelInfo(id="m", input_price=Decimal(1)), Usage(1000, 100), None),
        (ModelInfo(id="m", input_price=Decimal(1)), Usage(1000, 0), 1000),
        (ModelInfo(id="m", output_price=Decimal(1)), Usage(1000, 100), None),
        (ModelInfo(id="m", input_price=Decimal(0), output_price=Decimal(0)), Usage(9, 9), 0),
    ],
)
def test_costs(info: ModelInfo, usage: Usage, cost: float | None) -> None:
    assert cost_micros(info, usage) == cost


def test_costs_are_exact() -> None:
    info = ModelInfo(id="m", input_price=Decimal("0.1"), output_price=Decimal("0.2"))

    assert cost_micros(info, Usage(10**15 + 5, 10**15)) == 3 * 10**14 + 1


@pytest.mark.parametrize(("tokens", "cost"), [(200_000, 400_000), (200_001, None)])
def test_beyond_the_length_that_prices_hold_for(tokens: int, cost: int | None) -> None:
    info = ModelInfo(id="m", input_price=Decimal(2), priced_up_to=200_000)

    assert cost_micros(info, Usage(tokens, 0)) == cost


def test_prices_survive_being_stored() -> None:
    info = ModelInfo(id="m", input_price=Decimal("0.1"), priced_up_to=200_000)

    assert ModelInfo.from_json(info.as_json()) == info


@pytest.mark.parametrize(
    ("price", "label", "long"),
    [
        (None, "", ""),
        (Decimal(0), "free", "free"),
        (Decimal("2.5"), "$2.50", "$2.50 / 1M"),
        (Decimal("15.000000"), "$15.00", "$15.00 / 1M"),
        (Decimal("0.075"), "$0.075", "$0.075 / 1M"),
        (Decimal("1E+2"), "$100.00", "$100.00 / 1M"),
        (Decimal("0.000001"), "$0.000001", "$0.000001 / 1M"),
    ],
)
def test_labels_of_prices(price: Decimal | None, label: str, long: str) -> None:
    assert (price_label(price), price_per_million(price)) == (label, long)


@pytest.mark.parametrize(
    ("micros", "label"),
    [
        (None, ""),
        (0, "$0.00"),
        (99, "under $0.0001"),
        (100, "$0.0001"),
        (3149, "$0.0031"),
        (420_000, "$0.42"),
        (12_345_678, "$12.35"),
    ],
)
def test_labels_of_costs(micros: int | None, label: str) -> None:
    assert cost_label(micros) == label


@pytest.mark.parametrize(
    ("tokens", "label"),
    [
        (None, ""),
        (512, "512"),
        (8192, "8k"),
        (32_768, "32k"),
        (128_000, "128k"),
        (131_072, "128k"),
        (200_000, "200k"),
        (1_000_000, "1M"),
        (1_048_576, "1M"),
        (1_500_000, "1.5M"),
        (1_047_576, "1M"),
        (2_097_152, "2M"),
        (999_999, "1M"),
    ],
)
def test_labels_of_contexts(tokens: int | None, label: str) -> None:
    assert context_label(tokens) == label


@pytest.mark.parametrize(
    ("milliseconds", "label"),
    [
        (None, ""),
        (0, "under 0.1 s"),
        (99, "under 0.1 s"),
        (840, "0.8 s"),
        (9949, "9.9 s"),
        (9950, "10 s"),
        (61_400, "61 s"),
    ],
)
def test_labels_of_times(milliseconds: int | None, label: str) -> None:
    assert seconds_label(milliseconds) == label
