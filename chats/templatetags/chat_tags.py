"""Small pieces of markup that templates of every app share."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

register = template.Library()

_SETTINGS = {
    "appearance": (_("Appearance"), "sliders"),
    "providers": (_("Providers"), "key"),
    "account": (_("Account"), "shield"),
}


@register.simple_tag
def icon(name: str, extra_class: str = "") -> SafeString:
    """One icon of the sprite, hidden from screen readers: its button carries the label."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        extra_class,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def mark() -> SafeString:
    """The site's mark."""
    return format_html(
        '<svg class="brand-mark" aria-hidden="true"><use href="{}#mark"></use></svg>',
        static("img/icons.svg"),
    )


@register.simple_tag(takes_context=True)
def settings_link(context: template.Context, page: str, address: str) -> SafeString:
    """An entry of the settings' list, marked when it is the page being shown."""
    label, icon_name = _SETTINGS[page]
    return format_html(
        '<li><a class="menu-item" href="{}"{}>{}{}</a></li>',
        address,
        SafeString(' aria-current="page"' if context.get("settings_page") == page else ""),
        icon(icon_name),
        label,
    )
