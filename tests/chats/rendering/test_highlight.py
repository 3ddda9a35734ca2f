"""Code blocks: markup, languages and constructs over several lines."""

import logging
import re

import pytest
from django.utils import translation
from pygments.lexers import get_all_lexers

from chats.rendering import IncrementalRenderer, render
from chats.rendering.highlight import LEXERS
from tests.chats.rendering.page import shown_after


def code(html: str) -> str:
    """What is inside <code>."""
    return html.split('<code class="hl">')[1].split("</code>", maxsplit=1)[0]


def text_of(html: str) -> str:
    """Without tags."""
    return re.sub(r"<[^>]*>", "", html)


def test_markup_of_a_code_block() -> None:
    assert render("```python\nx\n```") == (
        '<div class="code"><div class="code-head"><span class="code-lang">python</span>'
        '<button type="button" class="code-copy" data-action="copy-code">Copy</button></div>'
        '<pre tabindex="0"><code class="hl">x\n</code></pre></div>\n'
    )


@pytest.mark.parametrize(
    ("info", "label"),
    [
        ("c++", "c++"),
        ("python title='x'", "python"),
        ("js{1,3}", "js"),
        ("x" * 31, ""),
        ("<b>", ""),
        ("", ""),
        ("a/b", ""),
    ],
)
def test_language_labels_are_restricted(info: str, label: str) -> None:
    assert f'<span class="code-lang">{label}</span>' in render(f"```{info}\nx\n```")


def test_the_label_of_the_button_is_translated() -> None:
    with translation.override("en"):
        renderer = IncrementalRenderer()
    renderer.feed("```\n")
    with translation.override("de"):
        renderer.frame()
    assert ">Copy</button>" in renderer.html


@pytest.mark.parametrize(
    ("language", "source", "classes"),
    [
        ("python", "def f():\n    '''doc\n    more'''\n    return 1", ["k", "nf", "s1", "mi"]),
        ("js", "/* a\n   b */\nlet x = `t\n${1}`;", ["cm", "kd", "sb"]),
        ("c", "/* a\n * b\n */ int x;", ["cm", "kt"]),
        ("go", "s := `a\nb`\nreturn", ["s", "k"]),
        (
            "html",
            "<script>\nlet x = 1;\n</script>\n<style>\na { color: red }\n</style>",
            ["kd", "nt"],
        ),
        ("php", "$x = 1; // c", ["nv", "mi", "c1"]),
        ("json", '{"a": 1}', ["nt", "mi"]),
        ("yaml", "a: 1 # c", ["nt", "c1"]),
        ("bash", 'echo "$HOME" # c', ["nb", "c1"]),
        ("diff", "-a\n+b", ["gd", "gi"]),
    ],
)
def test_code_is_highlighted(language: str, source: str, classes: list[str]) -> None:
    html = code(render(f"```{language}\n{source}\n```"))
    for name in classes:
        assert f'class="{name}"' in html, html
    assert "style=" not in html


def test_comments_over_several_lines_stay_comments() -> None:
    html = code(render("```js\n/**\n * let x = 1\n */\nlet y\n```"))
    assert '<span class="cm"> * let x = 1</span>' in html
    assert '<span class="kd">let </span>y' in html


def test_a_comment_mark_in_a_string_begins_none() -> None:
    assert '<span class="kd">let' in code(render('```js\nx = "/*";\nlet y\n```'))


def test_scripts_in_html_end() -> None:
    html = code(render("```html\n<script>\nlet x\n</script>\n<b>let</b>\n```"))
    assert html.count('class="kd"') == 1


@pytest.mark.parametrize("language", ["nonsense", "", "python"])
def test_text_of_code_is_kept(language: str) -> None:
    source = "\n\nif a < b && c:\n\tx = '\"&amp;'   \n\n  y\u00a0z\n"
    html = code(render(f"```{language}\n{source}\n```"))
    expected = source.replace("&", "&amp;").replace("<", "&lt;").replace("\u00a0", "&nbsp;")
    assert text_of(html) == expected + "\n"


def test_long_lines_are_plain_and_appended() -> None:
    html = code(render("```python\n" + "if x: y = 1; " * 1_000 + "\nif z\n```"))
    first, second, _ = html.split("\n")
    assert "<span" not in first
    assert '<span class="k">' in second


def test_an_open_line_is_highlighted_too() -> None:
    assert '<span class="k">return</span>' in shown_after("```python\ndef f():\n    return")


def test_a_failing_lexer_costs_only_the_colours(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret words of the chat")

    monkeypatch.setattr("chats.rendering.highlight._resume", fail)
    with caplog.at_level(logging.WARNING):
        assert code(render("```python\nif x < 1\n```\n\nfailing lexer")) == "if x &lt; 1\n"
    assert "secret" not in caplog.text
    assert "Python" in caplog.text


def test_every_language_on_the_list_exists() -> None:
    aliases = {names[0] for _, names, _, _ in get_all_lexers(plugins=False) if names}
    assert aliases >= LEXERS


def test_lexers_that_take_seconds_are_not_on_the_list() -> None:
    assert code(render("```mcschema\nif [ true ]\n```")) == "if [ true ]\n"
