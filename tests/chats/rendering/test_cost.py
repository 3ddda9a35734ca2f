"""The work grows with the length, counted in characters that reach the parser and the lexers."""

from collections.abc import Callable

import pytest

from chats.rendering import IncrementalRenderer, highlight, markdown
from tests.chats.rendering.page import stream

PROSE = "The **quick** brown fox `jumps` over [a dog](https://example.org), and then it sleeps. "
TEXTS: dict[str, Callable[[int], str]] = {
    "paragraphs": lambda n: (PROSE * 3 + "\n\n") * (n // 66),
    "one line": lambda n: PROSE * (n // 22),
    "one paragraph of lines": lambda n: (PROSE + "\n") * (n // 22),
    "unclosed": lambda n: "**" + "word " * n,
    "no spaces": lambda n: "abcd" * n,
    "code": lambda n: "```python\n" + "def f(x):\n    return [x, 1]\n" * (n // 14),
    "one line of code": lambda n: "```python\n" + "f(x)" * n,
    "indented code": lambda n: "    x = 1\n" * (n // 4),
    "table": lambda n: "|a|b|\n|-|-|\n" + "| some **cell** | `code` |\n" * (n // 12),
    "list": lambda n: "- item **one**\n  - nested\n" * (n // 10),
    "loose list": lambda n: "1. item **one**\n\n   more of it\n\n" * (n // 10),
    "quote": lambda n: "> quoted **line**\n" * (n // 6),
    "block maths": lambda n: "$$\n" + "x + y\n" * (n // 4),
    "definitions": lambda n: "[a]: https://a.example\n" * (n // 8),
}


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lengths of all texts that were parsed or lexed."""
    lengths: list[int] = []
    parse_inline, lex_line = markdown.parse_inline, highlight.lex_line

    def parse(text: str, *args: markdown.References) -> object:
        lengths.append(len(text))
        return parse_inline(text, *args)

    def lex(lexer: object, line: str, state: object) -> object:
        lengths.append(len(line))
        return lex_line(lexer, line, state)  # type: ignore[arg-type]

    monkeypatch.setattr(markdown, "parse_inline", parse)
    monkeypatch.setattr(highlight, "lex_line", lex)
    return lengths


@pytest.mark.parametrize("kind", TEXTS)
def test_work_and_what_is_sent_are_linear(kind: str, work: list[int]) -> None:
    parsed, sent = [], []
    for tokens in (2_000, 20_000):
        work.clear()
        text = TEXTS[kind](tokens)
        sent.append(stream_without_checks(text) / len(text))
        parsed.append(sum(work) / len(text))
    assert parsed[1] <= 1.2 * parsed[0] + 0.1, parsed
    assert sent[1] <= 1.2 * sent[0] + 0.1, sent
    assert parsed[1] < 150, "a frame parses one open block, not more"


def stream_without_checks(text: str, size: int = 20) -> int:
    """Characters of all operations; frames come every five tokens or so."""
    renderer, sent = IncrementalRenderer(), 0
    for start in range(0, len(text), size):
        renderer.feed(text[start : start + size])
        sent += sum(len(part) for op in renderer.frame().ops for part in op)
    return sent + sum(len(part) for op in renderer.finish().ops for part in op)


def test_checks_of_this_module_see_work(work: list[int]) -> None:
    stream("a **b**\n\n```py\nx\n```\n", size=100)
    assert sum(work) >= len("a **b**") + len("x\n")
