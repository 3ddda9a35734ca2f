"""What stands around the text of a reply: its reasoning, sources and tool calls."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chats import parts
from chats.models import Message

register = template.Library()


@register.filter
def reply_parts(message: Message) -> parts.Shown:
    """Its sources and tool calls, checked."""
    went_on = message.finish_reason not in ("", "tool_calls")
    return parts.shown(message.parts, went_on=went_on)


@register.filter
def reasoning_label(message: Message) -> str:
    """What its reasoning is called: under way, over after some time, or of a time before that
    was measured. `static/js/reasoning.js` says the same while it streams."""
    if message.is_live and not message.content:
        return _("Thinking…")
    if message.reasoning_ms is None:
        return _("Reasoning")
    if message.reasoning_ms < 1000:
        return _("Thought briefly")
    return _("Thought for %(time)s") % {"time": duration(message.reasoning_ms)}


def duration(milliseconds: int) -> str:
    """In seconds; from a minute on in minutes, too."""
    minutes, seconds = divmod((milliseconds + 500) // 1000, 60)
    if not minutes:
        return _("%(seconds)d s") % {"seconds": seconds}
    return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": seconds}


@register.filter
def calls_label(calls: list[parts.ShownCall]) -> str:
    """How many tools were called, and the names of the first ones; of searches, their words."""
    if calls and all(call.query for call in calls):
        queries = list(dict.fromkeys(call.query for call in calls))
        return _("Searched the web: %(queries)s") % {"queries": _first(queries)}
    names = list(dict.fromkeys(call.name or _("a tool without a name") for call in calls))
    count = len(calls)
    if not any(call.was_run for call in calls):
        label = ngettext("Asked for a tool: %(names)s", "Asked for tools: %(names)s", count)
    else:
        label = ngettext("Used a tool: %(names)s", "Used tools %(count)d times: %(names)s", count)
    return label % {"count": count, "names": _first(names)}


def _first(words: list[str]) -> str:
    return ", ".join(words[:3]) + ("…" if len(words) > 3 else "")
