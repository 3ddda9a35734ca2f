"""Small pieces of markup that templates of every app share."""

import logging
from functools import cache
from typing import Any
from uuid import uuid4

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.notifications import summarise
from chats import picker
from chats.listing import list_conversations
from chats.rendering import render
from chats.shelves import COOKIE, parse_opened
from chats.variables import Kind, Variable
from providers import registry
from providers.types import ModelInfo

logger = logging.getLogger(__name__)
register = template.Library()

_SETTINGS = {
    "general": (_("General"), "sliders"),
    "data": (_("Data"), "data"),
    "shares": (_("Sharing"), "share"),
    "providers": (_("Providers"), "key"),
    "account": (_("Account"), "shield"),
}
_UNDO = {"undo": "restore", "unarchive": "bring-back"}
_UNDO_TOGETHER = {"deleted": "restore-chats", "archived": "unarchive-chats"}
_IMAGES, _FILES, _TOOLS, _REASONING = _("Images"), _("Files"), _("Tools"), _("Reasoning")


@register.simple_tag
@cache
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


@register.simple_tag
def form_key() -> SafeString:
    """What makes a form one that is taken once, however often it is sent (`chats.sending`)."""
    # Browsers that reload a page would put the former one's key back.
    return format_html('<input type="hidden" name="key" value="{}" autocomplete="off">', uuid4())


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


@register.inclusion_tag("chats/sidebar.html", takes_context=True)
def sidebar(context: template.Context) -> dict[str, Any]:
    """The sidebar of the user whose page this is. Eight queries at most.

    One more while there is an announcement that the user has not read.
    """
    return _sidebar(context)


def _sidebar(context: template.Context) -> dict[str, Any]:
    request = context["request"]
    conversation = context.get("conversation")
    current_id = conversation.id if conversation else None
    opened = parse_opened(request.COOKIES.get(COOKIE, ""))
    listing = list_conversations(user=request.user, opened=opened, current_id=current_id)
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "user": request.user,
        "listing": listing,
        "summary": summarise(request.user),
        "current_id": current_id,
    }


@register.simple_tag(takes_context=True)
def model_names(context: template.Context) -> list[str]:
    """What the user whose page this is may choose from, as `provider/model`; not without bound."""
    return picker.suggested_models(context["request"].user)


@register.simple_tag(takes_context=True)
def model_warning(context: template.Context, name: str) -> str:
    """Why a model that the user whose page this is named may never answer; empty for most."""
    return picker.model_warning(name, user=context["request"].user)


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown as sanitised HTML, the same that streaming put on the page.

    A text that cannot be rendered is shown as it is, with a note: its page goes on without it.
    """
    try:
        return render(text)
    except Exception:
        logger.exception("A text of %d characters could not be rendered", len(text))
        note = _("This message is shown as plain text: it could not be formatted.")
        return format_html(
            '<p class="message-note">{}</p><pre class="unformatted">{}</pre>', note, text
        )


@register.filter
def undo_address(tags: str) -> str:
    """Where what a toast says can be undone, or nothing.

    Tags: `undo:<id>`, `unarchive:<id>`; of many chats `deleted:<moment>`, `archived:<moment>`.
    """
    done, _colon, what = tags.partition(":")
    if done in _UNDO_TOGETHER:
        return f"{reverse(f'chats:{_UNDO_TOGETHER[done]}')}?{urlencode({'at': what})}"
    return reverse(f"chats:{_UNDO[done]}", args=[what]) if done in _UNDO else ""


@register.filter
def model_label(name: str) -> str:
    """`provider/model` without the provider."""
    return name.partition("/")[2] or name


_KINDS = {
    Kind.TEXT: _("One line of text"),
    Kind.LONG: _("Several lines"),
    Kind.CHOICE: _("One of these"),
    Kind.DATE: _("A day"),
}


@register.filter
def kind_label(variable: Variable) -> str:
    """What is entered for a blank of a template."""
    label = str(_KINDS[variable.kind])
    return f"{label}: {', '.join(variable.choices)}" if variable.choices else label


@register.filter
def provider_label(slug: str) -> str:
    """What a provider is called. A connection that somebody named is called by its short name."""
    return str(registry.adapter_class(slug).label) if registry.is_known(slug) else slug


@register.filter
def facts(info: ModelInfo) -> SafeString:
    """What scripts have to know of a model, as attributes; numbers that are unknown are absent."""
    known = {True: "yes", False: "no", None: "unknown"}
    numbers = {"context": info.context_window, "max-output": info.max_output}
    return SafeString(
        f' data-images="{known[info.accepts_images]}" data-files="{known[info.accepts_files]}"'
        + "".join(f' data-{name}="{int(n)}"' for name, n in numbers.items() if n is not None)
    )


@register.filter
def abilities(info: ModelInfo) -> SafeString:
    """Icons of what a model is known to be able to do. For long lists: no template is rendered."""
    known = {
        "images": (info.accepts_images, _IMAGES),
        "files": (info.accepts_files, _FILES),
        "tools": (info.supports_tools, _TOOLS),
        "reasoning": (info.reasons, _REASONING),
    }
    icons = "".join(
        f'<i class="ability ability-{name}" role="img" title="{escape(title)}"></i>'
        for name, (is_able, title) in known.items()
        if is_able
    )
    return SafeString(f'<span class="picker-abilities">{icons}</span>' if icons else "")
