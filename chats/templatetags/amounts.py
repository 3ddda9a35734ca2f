"""Numbers as people read them."""

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

register = template.Library()

_CENT = 10_000
_SMALLEST = 100


@register.filter
def grouped(number: int | None) -> str:
    """A large number with its thousands apart; nothing for none."""
    return "" if number is None else number_format(number, force_grouping=True)


@register.filter
def dollars(micros: int) -> str:
    """Millionths of a US dollar as an amount; nothing is free that only is very cheap."""
    if micros <= 0:
        return _("free")
    if micros < _SMALLEST:
        return "< $0.0001"
    digits = 4 if micros < _CENT else 2
    # `number_format` cuts digits off instead of rounding.
    return f"${number_format(round(micros / 1e6, digits), digits, force_grouping=True)}"
