"""How times, prices and what models can are written."""

from datetime import datetime
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from providers import prices
from providers.types import ModelInfo

register = template.Library()
register.filter("context_label", prices.context_label)
register.filter("seconds_label", prices.seconds_label)


@register.filter
def ago(when: datetime) -> SafeString:
    """`<time>just now</time>`, `<time>3 minutes ago</time>`, with the exact time in its title."""
    now = timezone.now()
    if (now - when).total_seconds() < 60:
        words = _("just now")
    else:
        words = _("%(time)s ago") % {"time": timesince(when, now, depth=1)}
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        when.isoformat(timespec="seconds"),
        timezone.localtime(when).strftime("%Y-%m-%d %H:%M:%S"),
        words,
    )


@register.filter
def price(amount: Decimal | None) -> str:
    """`$2.50`, of a million tokens; empty when unknown."""
    return prices.price_label(amount)


@register.filter
def abilities(info: ModelInfo) -> str:
    """What it is known to be able to do: `images, tools`. Empty when that is nothing."""
    known = {
        _("images"): info.accepts_images,
        _("files"): info.accepts_files,
        _("tools"): info.supports_tools,
        _("reasoning"): info.reasons,
    }
    return ", ".join(words for words, can in known.items() if can)
