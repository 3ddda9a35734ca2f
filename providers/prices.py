"""What a call costs, and how prices, sizes and waiting times are written.

Prices are in US dollars per million tokens, which is millionths of a dollar (micros) per token.
Unknown stays `None` all the way: it is never taken for nothing.
"""

from decimal import ROUND_HALF_UP, Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from providers.types import ModelInfo, Usage

MICROS = 1_000_000


def cost_micros(info: ModelInfo, usage: Usage) -> int | None:
    """What the call cost in millionths of a dollar, halves rounded up; None when that is unknown.

    What the provider says it charged wins. Tokens read from its cache or written to it cost what
    other input costs unless their own price is known. A prompt longer than the prices hold for
    makes the cost unknown, and so does a missing price of anything that was used.
    """
    if usage.cost_micros is not None:
        return usage.cost_micros
    if info.priced_up_to is not None and usage.input_tokens > info.priced_up_to:
        return None
    cached = min(usage.cached_tokens, usage.input_tokens)
    written = min(usage.cache_write_tokens, usage.input_tokens - cached)
    parts = (
        (usage.input_tokens - cached - written, info.input_price),
        (cached, _known(info.cached_input_price, info.input_price)),
        (written, _known(info.cache_write_price, info.input_price)),
        (usage.output_tokens, info.output_price),
    )
    cost = Decimal(0)
    for tokens, price in parts:
        if tokens <= 0:
            continue
        if price is None:
            return None
        cost += tokens * price
    return int(cost.quantize(Decimal(1), ROUND_HALF_UP))


def price_label(price: Decimal | None) -> str:
    """`$2.50`, `$0.075`, `free`; empty for an unknown one. Of a million tokens."""
    if price is None:
        return ""
    return _("free") if price == 0 else f"${_digits(price)}"


def price_per_million(price: Decimal | None) -> str:
    """`$2.50 / 1M`; empty for an unknown one."""
    label = price_label(price)
    return f"{label} / 1M" if label and price else label


def cost_label(micros: int | None) -> str:
    """`$0.42`, `$0.0031`, `under $0.0001`; empty for an unknown cost."""
    if micros is None:
        return ""
    if 0 < micros < 100:
        return _("under %(cost)s") % {"cost": f"${number_format(Decimal('0.0001'))}"}
    places = Decimal("0.01") if micros == 0 or micros >= 10_000 else Decimal("0.0001")
    cost = (Decimal(micros) / MICROS).quantize(places, ROUND_HALF_UP)
    return f"${number_format(cost)}"


def context_label(tokens: int | None) -> str:
    """`8k`, `128k`, `1M`; in powers of two where it is one: 131,072 are `128k`. Empty: unknown."""
    if tokens is None:
        return ""
    if tokens < 1000:
        return str(tokens)
    thousand = 1024 if tokens % 1024 == 0 and tokens % 1000 else 1000
    million = thousand * thousand
    if tokens >= 999_500:
        size = (Decimal(tokens) / million).quantize(Decimal("0.1"), ROUND_HALF_UP)
        return f"{number_format(_short(size))}M"
    return f"{round(tokens / thousand)}k"


def seconds_label(milliseconds: int | None) -> str:
    """`0.8 s`, `12 s`, `under 0.1 s`. Empty: unknown."""
    if milliseconds is None:
        return ""
    if milliseconds < 100:
        return _("under %(time)s s") % {"time": number_format(Decimal("0.1"))}
    seconds = Decimal(milliseconds) / 1000
    places = Decimal("0.1") if milliseconds < 9950 else Decimal(1)
    time = number_format(seconds.quantize(places, ROUND_HALF_UP))
    return _("%(time)s s") % {"time": time}


def _known(price: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if price is None else price


def _digits(price: Decimal) -> str:
    """At least two decimal places, and as many more as the price has."""
    short = _short(price)
    exponent = short.as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return number_format(short, decimal_pos=places)


def _short(number: Decimal) -> Decimal:
    """Without zeros at its end and without an exponent."""
    return Decimal(format(number.normalize(), "f"))
