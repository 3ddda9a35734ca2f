"""LaTeX to MathML, and the inline rule that finds `$…$`, `$$…$$`, `\\(…\\)` and `\\[…\\]`."""

import logging
import re
from functools import lru_cache

from django.utils.html import escape
from markdown_it.rules_inline import StateInline

logger = logging.getLogger(__name__)

MAX_SOURCE = 2_000  # characters; longer formulas are shown as source

# As in Pandoc: the opening `$` touches its content, the closing one too and no digit follows it.
_DOLLARS = re.compile(r"\$\$((?:[^$\\]|\\.)+)\$\$", re.DOTALL)
_DOLLAR = re.compile(r"\$(?![\s$])((?:[^$\\]|\\.)+)(?<!\s)\$(?![\d$])", re.DOTALL)
_PRICE = re.compile(r"\d[\d.,]*\s+[^\W\d_]{2,}")
_CLOSERS = {"\\(": "\\)", "\\[": "\\]"}


@lru_cache(maxsize=1024)
def to_mathml(source: str, *, display: bool) -> str:
    """A `<math>` element, or the source in `<code>` where it cannot be converted. Not sanitised."""
    source = source.strip()
    if len(source) <= MAX_SOURCE:
        from latex2mathml.converter import convert  # noqa: PLC0415 - 60 ms, most replies need none

        try:
            return convert(source, display="block" if display else "inline")
        except Exception as error:  # the converter raises whatever its parser trips over
            logger.debug("A formula is shown as its source: %s", type(error).__name__)
    return f"<code>{escape(source)}</code>"


def maths_rule(state: StateInline, silent: bool) -> bool:
    """The markdown-it rule for maths inside a line."""
    found = _find(state.src, state.pos)
    if found is None or found[1] > state.posMax:
        return False
    source, end, display = found
    if not silent:
        token = state.push("maths", "", 0)
        token.content = source
        token.meta = {"display": display}
    state.pos = end
    return True


def _find(text: str, start: int) -> tuple[str, int, bool] | None:
    opening = text[start : start + 2]
    if opening in _CLOSERS:
        end = text.find(_CLOSERS[opening], start + 2, start + 4 + MAX_SOURCE)
        source = text[start + 2 : end]
        return (source, end + 2, opening == "\\[") if end > 0 and _has_term(source) else None
    if not opening.startswith("$"):
        return None
    if opening == "$$":
        match = _DOLLARS.match(text, start)
        return (match[1], match.end(), True) if match and _has_term(match[1]) else None
    if start and (text[start - 1].isalnum() or text[start - 1] == "$"):
        return None
    match = _DOLLAR.match(text, start)
    if match is None or _PRICE.match(match[1]):
        return None
    return match[1], match.end(), False


def _has_term(source: str) -> bool:
    return any(char.isalnum() for char in source)
