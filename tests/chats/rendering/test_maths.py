"""Formulas, and what only looks like one."""

import pytest

from chats.rendering import render
from tests.chats.rendering.page import shown_after


@pytest.mark.parametrize("text", ["$x^2$", "\\(x^2\\)", "so $x^2$, yes", "($x^2$)", "**$x^2$**"])
def test_inline(text: str) -> None:
    html = render(text)
    assert '<math display="inline">' in html
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in html


@pytest.mark.parametrize("text", ["about $5.9$ times", "the factors $2$, $3$ and $7$"])
def test_a_number_alone(text: str) -> None:
    html = render(text)
    assert "<mn>" in html
    assert "$" not in html


@pytest.mark.parametrize(
    "text",
    [
        "$$x$$",
        "\\[x\\]",
        "$$\nx\n$$",
        "\\[\nx\n\\]",
        "text\n$$\nx\n$$\ntext",
        "- a\n  $$\n  x\n  $$",
    ],
)
def test_display(text: str) -> None:
    assert '<math display="block">' in render(text)
    assert "$" not in render(text)


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10",
        "from $5-$10",
        "a $ b $ c",
        "US$5 or CA$6",
        "it costs $20 per month, 30$ per year",
        "\\$x\\$",
        "`$x$`",
        "$x",
        "$ x$",
        "$$ $$",
        "\\\\(x\\\\)",
        "echo $HOME and $PATH",
        "```\n$x$\n```",
    ],
)
def test_not_maths(text: str) -> None:
    assert "<math" not in render(text)


def test_lines_of_a_formula_are_no_list() -> None:
    html = render("$$\na\n- b\n+ c\n# d\n$$\n- item")
    assert html.startswith('<math display="block">')
    assert html.count("<li>") == 1


@pytest.mark.parametrize("source", ["\\left(", "x+" * 999 + "xyz"])
def test_what_cannot_be_converted_is_shown_as_source(source: str) -> None:
    assert render(f"${source}$") == f"<p><code>{source}</code></p>\n"


def test_a_formula_that_never_closes_is_a_paragraph() -> None:
    assert render("$$\nx <b>\n\nnext") == "<p>$$\nx &lt;b&gt;</p>\n<p>next</p>\n"


def test_an_open_formula_shows_its_source() -> None:
    assert "<code>$$\nx +</code>" in shown_after("$$\nx +")
