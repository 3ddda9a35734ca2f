"""Syntax highlighting of code that arrives line by line.

A complete line is lexed once, from the lexer's state at its start, so that the cost is linear and
the result does not depend on how the text arrived. Constructs that a lexer can only match as a
whole (block comments in C and its kin) and scripts inside HTML are followed here.
"""

import logging
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.utils.html import escape
from pygments.lexer import ExtendedRegexLexer, Lexer, RegexLexer
from pygments.lexers import get_lexer_by_name
from pygments.token import (
    STANDARD_TYPES,
    Comment,
    Error,
    Literal,
    Whitespace,
    _TokenType,
    is_token_subtype,
)
from pygments.util import ClassNotFound

logger = logging.getLogger(__name__)

MAX_LINE = 500  # characters; longer ones are shown plain: many lexers are quadratic in a line
_MAX_DEPTH = 100  # states of a lexer; hostile nesting beyond it starts afresh

_PAIRS = (("/*", "*/"), ("<!--", "-->"), ("(*", "*)"), ("{-", "-}"), ("--[[", "]]"), ("`", "`"))
_EMBEDS = {"script": "javascript", "style": "css"}
_EMBED_START = re.compile(r"<(script|style)\b[^>]*>(?!.*</\1)", re.IGNORECASE)
# Lexers, by Pygments' first alias, that take well under a millisecond for a real line and some ten
# for the worst of `MAX_LINE`. Among Pygments' 500 others are some that take seconds.
LEXERS = frozenset(
    {
        *("bash", "batch", "c", "clojure", "cmake", "common-lisp", "console", "cpp", "csharp"),
        *("css", "cuda", "d", "dart", "delphi", "diff", "docker", "elixir", "elm", "erlang"),
        *("fish", "fortran", "fsharp", "gdscript", "gherkin", "glsl", "go", "graphql", "groovy"),
        *("haskell", "hlsl", "html", "http", "ini", "java", "javascript", "json", "jsx", "julia"),
        *("kotlin", "less", "lua", "make", "markdown", "matlab", "mysql", "nginx", "nixos", "nasm"),
        *("objective-c", "ocaml", "perl", "php", "postgresql", "powershell", "properties"),
        *("protobuf", "pycon", "pytb", "python", "racket", "restructuredtext", "ruby", "rust"),
        *("sass", "scala", "scheme", "scss", "solidity", "sparql", "splus", "sql"),
        *("sqlite3", "swift", "systemverilog", "tcl", "terraform", "tex", "toml", "tsx"),
        *("typescript", "vb.net", "verilog", "vhdl", "vue", "wast", "xml", "yaml", "zig"),
    }
)
_START_STATES = {"php": ("root", "php")}  # snippets rarely begin with `<?php`

Tokens = list[tuple[_TokenType, str]]
_Pair = tuple[str, str, _TokenType]  # opening, closing, kind


@dataclass(frozen=True, slots=True)
class _State:
    """Where a lexer stands at the start of a line."""

    stack: tuple[str, ...] = ("root",)
    pair: _Pair | None = None  # inside this multi-line construct
    embedded: tuple[str, "_State"] | None = None  # inside <script> or <style>


class Highlighter:
    """Highlights one code block. Unknown languages give escaped text."""

    def __init__(self, language: str) -> None:
        self._lexer = _find_lexer(language.lower())
        self._state = _State(_START_STATES.get(language.lower(), ("root",)))

    def line(self, text: str) -> str:
        """HTML of the next complete line, without its line break. Not sanitised."""
        html, self._state = self._run(text)
        return html

    def preview(self, text: str) -> str:
        """HTML of a line that may still grow. Not sanitised."""
        return self._run(text)[0]

    def _run(self, text: str) -> tuple[str, _State]:
        if self._lexer is None or len(text) > MAX_LINE:
            return escape(text), self._state
        try:
            tokens, state = lex_line(self._lexer, text + "\n", self._state)
        except Exception as error:  # a lexer's bug must not cost the reader the reply
            logger.warning(
                "Highlighting with %s failed: %s", self._lexer.name, type(error).__name__
            )
            self._lexer = None
            return escape(text), self._state
        return _as_html(tokens), state


@lru_cache(maxsize=256)
def _find_lexer(language: str) -> Lexer | None:
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False) if language else None
    except ClassNotFound:
        return None
    return lexer if lexer and lexer.aliases[0] in LEXERS else None


def lex_line(lexer: Lexer, line: str, state: _State) -> tuple[Tokens, _State]:
    """Tokens of a line and the state after it. All code that is lexed passes here."""
    if state.embedded:
        return _lex_embedded(lexer, line, state.embedded, state)
    if state.pair:
        return _lex_in_pair(lexer, line, state.pair, state)
    tokens, stack = _lex_plain(lexer, line, state.stack)
    if embed := _embed_start(lexer, line):
        return tokens, replace(state, embedded=(embed, _State()))
    for opening, closing, kind in _pairs(lexer):
        start = _unclosed(tokens, line, opening, closing)
        if start is not None:
            tokens, stack = _lex_plain(lexer, line[:start], state.stack)
            return [*tokens, (kind, line[start:])], _State(stack, (opening, closing, kind))
    return tokens, _State(stack)


def _lex_in_pair(lexer: Lexer, line: str, pair: _Pair, state: _State) -> tuple[Tokens, _State]:
    _, closing, kind = pair
    end = line.find(closing)
    if end < 0:
        return [(kind, line)], state
    end += len(closing)
    tokens, state = lex_line(lexer, line[end:], replace(state, pair=None))
    return [(kind, line[:end]), *tokens], state


def _lex_embedded(
    lexer: Lexer, line: str, embedded: "tuple[str, _State]", state: _State
) -> tuple[Tokens, _State]:
    tag, inner = embedded
    sublexer = _find_lexer(_EMBEDS[tag])
    if sublexer is None or f"</{tag}" in line.lower():
        return lex_line(lexer, line, replace(state, embedded=None))
    tokens, inner = lex_line(sublexer, line, inner)
    return tokens, replace(state, embedded=(tag, inner))


def _embed_start(lexer: Lexer, line: str) -> str | None:
    if "<" not in line or not {"html", "vue", "svelte"} & set(lexer.aliases):
        return None
    match = _EMBED_START.search(line)
    return match[1].lower() if match else None


def _unclosed(tokens: Tokens, line: str, opening: str, closing: str) -> int | None:
    """Where a construct opens that does not end in this line, if it does so outside others."""
    start = line.rfind(opening)
    if start < 0 or closing in line[start + len(opening) :]:
        return None
    if opening == closing and line.count(opening) % 2 == 0:
        return None
    position = 0
    for kind, text in tokens:
        if position + len(text) > start:
            inside = position < start and _is_opaque(kind)
            return None if inside else start
        position += len(text)
    return None


@lru_cache(maxsize=256)
def _pairs(lexer: Lexer) -> tuple[_Pair, ...]:
    """Constructs over several lines that this lexer knows, but not line by line."""
    found = []
    for opening, closing in _PAIRS if isinstance(lexer, RegexLexer) else ():
        first, last = f"{opening} a\n", f"b {closing}\n"
        whole, _ = _lex_plain(lexer, first + last, ("root",))
        kinds = {kind for kind, text in whole if text.strip()}
        kind = next(iter(kinds))
        if len(kinds) != 1 or not _is_opaque(kind):
            continue
        head, stack = _lex_plain(lexer, first, ("root",))
        tail, stack = _lex_plain(lexer, last, stack)
        if {kind for kind, text in head + tail if text.strip()} != kinds:
            found.append((opening, closing, kind))
    return tuple(found)


def _lex_plain(lexer: Lexer, text: str, stack: tuple[str, ...]) -> tuple[Tokens, tuple[str, ...]]:
    if isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer):
        return _resume(lexer, text, stack)
    return [(kind, value) for _, kind, value in lexer.get_tokens_unprocessed(text)], ("root",)


def _resume(lexer: Any, text: str, stack: tuple[str, ...]) -> tuple[Tokens, tuple[str, ...]]:
    """`RegexLexer.get_tokens_unprocessed`, which takes a stack but does not tell the one it ends
    with."""
    definitions = lexer._tokens
    states = list(stack) if len(stack) <= _MAX_DEPTH else ["root"]
    tokens: Tokens = []
    position = 0
    while position < len(text):
        for matches, action, transition in definitions[states[-1]]:
            if not (match := matches(text, position)):
                continue
            if action is not None:
                if type(action) is _TokenType:
                    tokens.append((action, match.group()))
                else:
                    tokens.extend((kind, value) for _, kind, value in action(lexer, match))
            position = match.end()
            if transition is not None:
                _move(states, transition)
            break
        else:
            if text[position] == "\n":
                states = ["root"]
                tokens.append((Whitespace, "\n"))
            else:
                tokens.append((Error, text[position]))
            position += 1
    return tokens, tuple(states)


def _move(states: list[str], transition: Any) -> None:
    if isinstance(transition, int):
        del states[max(1, len(states) + transition) :]
        return
    for state in transition if isinstance(transition, tuple) else (transition,):
        if state == "#pop":
            if len(states) > 1:
                states.pop()
        else:
            states.append(states[-1] if state == "#push" else state)


def _as_html(tokens: Tokens) -> str:
    """Spans for a line's tokens; neighbours of the same class share one."""
    merged: list[tuple[str, list[str]]] = []
    for kind, text in tokens:
        name = "" if text.isspace() and merged else _class_name(kind)
        if merged and (merged[-1][0] == name or text.isspace()):
            merged[-1][1].append(text)
        else:
            merged.append((name, [text]))
    if merged:
        merged[-1][1][-1] = merged[-1][1][-1].removesuffix("\n")
    html = []
    for name, texts in merged:
        text = escape("".join(texts))
        html.append(f'<span class="{name}">{text}</span>' if name and text else text)
    return "".join(html)


def _is_opaque(kind: _TokenType) -> bool:
    return is_token_subtype(kind, Comment) or is_token_subtype(kind, Literal.String)


@lru_cache(maxsize=512)
def _class_name(kind: _TokenType) -> str:
    name = next(
        STANDARD_TYPES[known] for known in reversed(kind.split()) if known in STANDARD_TYPES
    )
    return "" if name in _UNSTYLED else name


# Classes that no style sheet colours: leaving them out halves what goes over the socket.
_UNSTYLED = frozenset({"n", "p", "pm", "w", "esc", "x", "l", "g", "err", "nx", "py"})
