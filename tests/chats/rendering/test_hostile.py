"""Texts made to hurt: none raises, none takes much more than others of its length."""

import pytest

from chats.rendering import IncrementalRenderer, markdown, render
from tests.chats.rendering.page import stream

N = 20_000
HOSTILE = (
    *(mark * N for mark in (">", "[", "*", "_", "`", "~", "$", "#", "|", "<", "&", "\\", "!", "(")),
    *(mark * N for mark in ("> ", "- ", "1. ", "> - ", "![", "[a](", "**a ", "*a_", "\\(", "a**b")),
    *(
        mark * (N // 4)
        for mark in ("http://", "<a ", "[a]: b\n", "$$\n", "\\[\n", "```\n", "a\n-\n")
    ),
    *(mark * N for mark in ("\n", "\t", " ", "\r", "\x00", "\ud800", "\u2028", "\u202e", "\x1b")),
    "\n".join(" " * (2 * level) + "- x" for level in range(200)),
    "a|b\n-|-\n" + "|\n" * N,
    "|".join("a" * 64) + "\n" + "|".join("-" * 64) + "\n" + "|\n" * 2_000,
    "|".join("a" * 500) + "\n" + "|".join("-" * 500) + "\n" + "|\n" * 2_000,
    "[a]: http://b.example/" + "x" * 2_000 + "\n\n" + "[a]" * N,
    "```python\n" + "(" * N,
    "```python\n" + "(\n" * N,
    "```js\n" + "/*\n" * N,
    "```html\n" + "<script>\n" * 5_000,
    "```c\n" + '"\\\n' * N,
    "# a" + " " * N + "b",
    "[" + "a" * N + "]",
    "![a](data:image/png;base64," + "A" * N + ")",
    "$" + "{" * 1_900 + "$",
    "$" + "\\frac" * 390 + "$",
    "$" + "\\sqrt{" * 300 + "$",
    "$\\begin{matrix}" + "&" * 1_900 + "\\end{matrix}$",
    "$$\n" + "x^" * 900 + "\n$$",
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:14]))
def test_hostile_text_is_bounded(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    parse_inline = markdown.parse_inline

    def count(source: str, references: markdown.References) -> object:
        parsed.append(len(source))
        return parse_inline(source, references)

    monkeypatch.setattr(markdown, "parse_inline", count)
    renderer = IncrementalRenderer()
    renderer.feed(text)
    renderer.finish()
    assert len(renderer.html) < 60 * len(text) + 1_000_000
    assert sum(parsed) <= 12 * len(text) + 1_000
    assert max(parsed, default=0) <= 5_000
    assert stream(text[:3_000], size=11) == render(text[:3_000])


def test_nesting_has_a_limit() -> None:
    assert render(">" * 100_000).count("<blockquote>") == 40
    assert render("- " * 1_000 + "x").count("<li>") <= 41


def test_a_megabyte_without_a_line_break_is_shown() -> None:
    html = render("x" * 1_000_000)
    assert html.count("x") == 1_000_000
    assert html.startswith("<p>x")


@pytest.mark.parametrize("bracket", ["[", "*"])
def test_too_many_marks_are_shown_as_typed(bracket: str) -> None:
    assert render("a" + bracket * 3_000 + "a").count(bracket) == 3_000


def test_what_no_page_can_show_is_replaced() -> None:
    assert render("a\x00b\ud800c") == "<p>a\ufffdb\ufffdc</p>\n"


def test_only_line_feeds_and_carriage_returns_end_lines() -> None:
    assert render("# a\u2028b\u0085c\x0cd").count("<h1>") == 1
    assert render("a\r\n\r\nb\rc") == "<p>a</p>\n<p>b\nc</p>\n"


def test_long_links_through_definitions_run_out() -> None:
    text = "[a]: http://b.example/" + "x" * 2_000 + "\n\n" + "[a] " * 2_000
    assert len(render(text)) < 300_000
