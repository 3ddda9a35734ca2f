"""Inline Markdown and link reference definitions, by markdown-it-py. Blocks are in `blocks`."""

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from chats.rendering.maths import maths_rule, to_mathml
from chats.rendering.sanitise import clean_inline, is_safe_link

MAX_URL = 2_048
# Characters that cost markdown-it much more than others. Text with more of them than any real
# paragraph has is shown as it stands, or a megabyte of `[` would take a quarter of a minute.
_MAX_BRACKETS = 250
_MAX_DELIMITERS = 1_000
# Links through a definition may add this much to a text: a short label can stand for a long URL.
_MAX_EXPANSION = 200_000

_BARE_URL = re.compile(r"https?://[^\s<>\"`\\^{|}\[\]\u2028\u2029]+", re.IGNORECASE)
_SCHEME = re.compile(r"(?<![a-z0-9.+-])https?$", re.IGNORECASE)
_BALANCED = re.compile(r"\[[^\[\]]*\]")
# What could still open a construct that later text closes.
_OPENERS = re.compile(r"[\[`$]|[*~](?!\s)|(?<![^\W_])_(?!\s)")


class References(MutableMapping[str, dict[str, Any]]):
    """Link reference definitions, in the shape that markdown-it expects in its environment.

    Remembers labels that were looked up in vain: when one of them is defined later (`late`), what
    was rendered before no longer follows CommonMark.
    """

    def __init__(self, known: "References | None" = None) -> None:
        self._defined: dict[str, dict[str, Any]] = {}
        self._known = known
        self._missed: set[str] = set()
        self._spent: int = 0 if known is None else known._spent
        self.late = False

    def settled(self) -> "References":
        """A set that knows these definitions from the start, for rendering all once more."""
        copy = References()
        copy._defined = dict(self._defined)
        return copy

    def get(self, label: str, default: Any = None) -> Any:
        """The definition; the default for unknown ones and when links have grown too long."""
        found = self._defined.get(label)
        if found is None and self._known is not None:
            found = self._known._defined.get(label)
        if found is None:
            self._missed.add(label)
            return default
        self._spent += len(found["href"]) + len(found["title"])
        return found if self._spent <= _MAX_EXPANSION else default

    def __getitem__(self, label: str) -> dict[str, Any]:
        return self._defined[label]

    def __setitem__(self, label: str, definition: dict[str, Any]) -> None:
        self._defined[label] = definition
        self.late = self.late or label in self._missed

    def __delitem__(self, label: str) -> None:
        del self._defined[label]

    def __contains__(self, label: object) -> bool:
        return label in self._defined or (self._known is not None and label in self._known)

    def __iter__(self) -> Iterator[str]:
        return iter(self._defined)

    def __len__(self) -> int:
        return len(self._defined)


def _validate_link(url: str) -> bool:
    """Dangerous links keep their text and lose their target; see `_without_unsafe_links`."""
    return len(url) <= MAX_URL


def _bare_url(state: StateInline, silent: bool) -> bool:
    """Links `https://…` in plain text. Called at the colon, looks back for the scheme."""
    if silent or state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME.search(state.pending[-6:])
    match = scheme and _BARE_URL.match(state.src, state.pos - len(scheme[0]))
    if not scheme or not match:
        return False
    url = _trimmed(match[0])
    rest = url[len(scheme[0]) :]
    if len(rest) <= len("://"):
        return False
    if len(url) > MAX_URL:
        state.pending += rest
    else:
        state.pending = state.pending[: -len(scheme[0])]
        state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(url)}
        state.push("text", "", 0).content = url
        state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True


def _trimmed(url: str) -> str:
    """Without the punctuation that belongs to the sentence around it."""
    for mark in "*_~":
        url = url.split(mark * 2, 1)[0]
    surplus = url.count(")") - url.count("(")
    while url and (url[-1] in "?!.,:;*_~'\"]" or (url[-1] == ")" and surplus > 0)):
        surplus -= url[-1] == ")"
        url = url[:-1]
    return url


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False})
    parser.enable("strikethrough")
    parser.inline.ruler.before("escape", "maths", maths_rule)
    parser.inline.ruler.before("newline", "bare_url", _bare_url)
    parser.validateLink = _validate_link  # type: ignore[method-assign]
    parser.add_render_rule("maths", _render_maths)
    parser.add_render_rule("image", _render_image)
    return parser


def _render_maths(_renderer: Any, tokens: list[Token], index: int, *_: Any) -> str:
    token = tokens[index]
    return to_mathml(token.content, display=token.meta["display"])


def _render_image(renderer: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    """The alternative text, linked: showing the image would tell its host what was said."""
    token = tokens[index]
    href = str(token.attrs.get("src", ""))
    text = renderer.renderInlineAsText(token.children or [], options, env).strip()
    nested = sum(other.nesting for other in tokens[:index] if other.tag == "a") > 0
    if nested or not is_safe_link(href):
        return escape(text)
    return f'<a href="{escape(href)}">{escape(text or href)}</a>'


PARSER = _make_parser()
_definitions = MarkdownIt("zero").enable("reference")
_definitions.validateLink = _validate_link  # type: ignore[method-assign]


def parse_inline(text: str, references: References) -> list[Token]:
    """Tokens of inline content. All text that is parsed as Markdown passes here."""
    tokens: list[Token] = []
    PARSER.inline.parse(text, PARSER, {"references": references}, tokens)
    return tokens


class Inline:
    """Renders inline content with the link definitions of one text."""

    def __init__(self, references: References) -> None:
        self.references = references

    def html(self, text: str) -> str:
        """Sanitised HTML of finished content."""
        return self._render(text, self.references)

    def preview(self, text: str) -> str:
        """The same for content that may still grow; leaves no trace in the definitions."""
        return self._render(text, References(self.references))

    def without_definitions(self, text: str, *, preview: bool = False) -> str:
        """Take the link reference definitions off the start of a paragraph."""
        if not text.startswith("["):
            return text
        references = References(self.references) if preview else self.references
        tokens: list[Token] = []
        _definitions.block.parse(text, _definitions, {"references": references}, tokens)
        return next((token.content for token in tokens if token.type == "inline"), "")

    def html_if_settled(self, text: str) -> str | None:
        """HTML of a paragraph's beginning, or None if later text could change how it reads."""
        if _too_costly(text):
            return None
        tokens = parse_inline(text, References(self.references))
        literal = []
        for token in tokens:
            if token.type == "text":
                literal.append(token.content)
            elif token.type == "text_special" and token.markup in ("\\(", "\\["):
                return None
            else:
                literal.append(" " if token.type.endswith("break") else "\ufffc")
        plain, count = "".join(literal), 1
        while count:
            plain, count = _BALANCED.subn("", plain)
        return None if _OPENERS.search(plain) else self.html(text)

    def _render(self, text: str, references: References) -> str:
        if _too_costly(text):
            return clean_inline(escape(text))
        tokens = _without_unsafe_links(parse_inline(text, references))
        env = {"references": references}
        return clean_inline(PARSER.renderer.render(tokens, PARSER.options, env))


def _too_costly(text: str) -> bool:
    return (
        text.count("[") > _MAX_BRACKETS
        or text.count("*") + text.count("_") + text.count("~") > _MAX_DELIMITERS
    )


def _without_unsafe_links(tokens: list[Token]) -> list[Token]:
    """Without links that lead nowhere a reply may lead; their text stays."""
    kept, dropping = [], False
    for token in tokens:
        if token.type == "text_special":
            token.type = "text"
        if token.type == "link_open" and not is_safe_link(str(token.attrs.get("href", ""))):
            dropping = True
        elif token.type == "link_close" and dropping:
            dropping = False
        else:
            kept.append(token)
    return kept
