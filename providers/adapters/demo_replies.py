"""What the demo says. Every rule shows one thing that replies can contain."""

import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

GIST_LENGTH = 160


def compose(question: str, *, images: int = 0, files: int = 0) -> str:
    """A Markdown answer to the question: what it asks to be shown, or how to go on."""
    gist = _gist(question)
    paragraphs = [_greeting(gist)]
    if images:
        paragraphs.append(
            ngettext(
                "%(count)d image came with it. A real model could look at it.",
                "%(count)d images came with it. A real model could look at them.",
                images,
            )
            % {"count": images}
        )
    if files:
        paragraphs.append(
            ngettext(
                "%(count)d file came with it. A real model could read it.",
                "%(count)d files came with it. A real model could read them.",
                files,
            )
            % {"count": files}
        )
    lowered = question.lower()
    shown = [show() for words, show in _rules() if re.search(words, lowered)]
    paragraphs += shown or [_abilities()]
    paragraphs.append(_how_to_connect())
    return "\n\n".join(paragraphs)


def _rules() -> list[tuple[str, Callable[[], str]]]:
    """Pattern of the words that ask for something (English and the page's language), and it."""
    return [
        (rf"\btables?\b|{_word(_('table'))}", _table),
        (rf"\b(code|python|program|function|script)\b|{_word(_('code'))}", _code),
        (rf"\b(maths?|formula|equation|latex)\b|{_word(_('formula'))}", _maths),
        (rf"\b(lists?|steps|todo)\b|{_word(_('list'))}", _list),
        (rf"\b(long|essay|story)\b|{_word(_('essay'))}", _essay),
    ]


def _word(word: str) -> str:
    return rf"\b{re.escape(word.lower())}\b"


def _gist(question: str) -> str:
    """One line of the question, safe inside a Markdown quotation."""
    line = " ".join(question.split())
    short = line if len(line) <= GIST_LENGTH else line[:GIST_LENGTH].rstrip() + "…"
    return re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", short)


def _greeting(gist: str) -> str:
    opening = _(
        "I am Parley's **demo**: a few rules in a small program, *not an AI*. "
        "I can show you how replies look, but I understand nothing."
    )
    if not gist:
        return opening
    return opening + "\n\n" + _("You wrote:") + f"\n\n> {gist}"


def _abilities() -> str:
    return "\n".join(
        [
            _("Ask me for one of these to see it on the page:"),
            "",
            "- " + _("a **table**"),
            "- " + _("some **code**"),
            "- " + _("a **formula**"),
            "- " + _("a **list** of steps"),
            "- " + _("an **essay**, to try Stop, reload and a second tab"),
        ]
    )


def _table() -> str:
    rows = [
        (_("Part"), _("What it does"), _("Where")),
        (_("Composer"), _("sends your message"), _("at the bottom")),
        (_("Sidebar"), _("keeps your conversations"), _("at the side")),
        (_("Model picker"), _("chooses who answers"), _("at the top")),
    ]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([_("Here is a table:"), "", lines[0], "| --- | --- | ---: |", *lines[1:]])


def _code() -> str:
    return "\n".join(
        [
            _("Here is some code:"),
            "",
            "```python",
            "def fibonacci(count: int) -> list[int]:",
            '    """The first numbers of the sequence."""',
            "    numbers = [0, 1]",
            "    while len(numbers) < count:",
            "        numbers.append(numbers[-1] + numbers[-2])",
            "    return numbers[:count]",
            "",
            "",
            "print(fibonacci(10))  # [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]",
            "```",
        ]
    )


def _maths() -> str:
    return "\n".join(
        [
            _("A formula in a sentence, such as $e^{i\\pi} + 1 = 0$, and one of its own:"),
            "",
            "$$",
            "\\int_{-\\infty}^{\\infty} e^{-x^2} \\, dx = \\sqrt{\\pi}",
            "$$",
        ]
    )


def _list() -> str:
    return "\n".join(
        [
            _("Here are some steps:"),
            "",
            "1. " + _("Open **Settings**, then **Providers**."),
            "2. " + _("Add the key that your provider gave you."),
            "3. " + _("Choose one of its models at the top of the chat."),
            "",
            "- [x] " + _("Sign up"),
            "- [ ] " + _("Connect a provider"),
        ]
    )


def _essay() -> str:
    paragraph = _(
        "This paragraph is here so that there is something to read while it streams. Reload the "
        "page and it goes on where it was; open it in a second tab and both move together; "
        "press Stop and what is written stays."
    )
    return "\n\n".join(
        [f"### {_('Part %(number)d') % {'number': n}}\n\n{paragraph}" for n in range(1, 6)]
    )


def _how_to_connect() -> str:
    return _(
        "To talk with a real model, add a provider's key under **Settings → Providers**, or ask "
        "whoever runs this site to set `OPENAI_API_KEY` or `ANTHROPIC_API_KEY`."
    )
