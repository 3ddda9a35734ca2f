"""Blocks are ours, so they are held against markdown-it-py, which passes CommonMark's own tests."""

import html
import re

import pytest
from markdown_it import MarkdownIt

from chats.rendering import render
from tests.chats.rendering.corpus import SMALL

REFERENCE = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False}).enable(
    ["table", "strikethrough"]
)
TEXTS = (
    *(
        text
        for text in SMALL
        if not set("$\x00") & set(text) and "\\[" not in text and "[x]" not in text
    ),
    "\tfoo\tbaz\n\n  \tx",
    "    a\n    b",
    "  - foo\n\n\tbar",
    "- foo\n\n\t\tbar",
    ">\t\tfoo",
    "-\t\tfoo",
    "   # a\n    # b",
    "#\tFoo",
    " - a\n  - b\n   - c\n    - d",
    "1. a\n\n  2. b\n\n    3. c",
    "123456789. ok\n1234567890. not",
    "-1. no\n\n- a\n-\n- c",
    "a\n- b\n\nc\n2. d\n1. e",
    "> # Foo\n> bar\n> baz",
    ">>> a\n>> b\n> c\nd",
    "> - a\n- b",
    ">     code\n\n>    not",
    "```\n<\n >\n```\n~~~\na\n```\n~~~~",
    "  ```\n   a\n  b\n c\n  ```",
    "``` aa ```\naaa",
    "Foo\nBar\n===\n\n---\nFoo\n---\nBar",
    "- Foo\n---\n- bar\n===",
    "> foo\n-----",
    "*foo**bar**baz* __a__b__ ***c***",
    "[a](<b c> 'd') [e](/f) ![g](https://h.example)",
    "- a\n  > b\n  ```\n  c\n  ```\n- d",
    "- a\n  - b\n\n    c\n- d",
    "10) foo\n\n    bar\n11) x",
    "-\n  foo\n-\n  ```\n  bar\n  ```",
    "1.     code\n\n   para",
    "| a |\n| - |\n| b\nc\n\n| d |",
    "a\n|b|c|\n|-|-|\nd",
    "| a\\|b | `c\\|d` |\n|:-|-:|",
    "|a|b|\n|-|\n|c|d|",
)


def plain(markup: str) -> str:
    """HTML without what we add to it and without the paragraphs of list items."""
    markup = re.sub(
        r'<div class="code">.*?<pre tabindex="0"><code class="hl">', "<pre><code>", markup
    )
    markup = markup.replace("</code></pre></div>", "</code></pre>")
    markup = markup.replace('<div class="table-wrap" tabindex="0">', "").replace(
        "</table></div>", "</table>"
    )
    markup = re.sub(r'<img src="(.*?)" alt="(.*?)">', r'<a href="\1">\2</a>', markup)
    markup = re.sub(r'<a href="(?!https?:)[^>]*>(.*?)</a>', r"\1", markup)
    markup = re.sub(r'(<a href="[^"]*")[^>]*>', r"\1>", markup)
    markup = re.sub(r'<code class="language-.*?">', "<code>", markup)
    markup = re.sub(r"<(t[hd]) [^>]*>", r"<\1>", markup)
    markup = re.sub(r"</?span[^>]*>|<tbody></tbody>|</?p>", "", markup)
    return re.sub(r"\s+", "", html.unescape(markup))


@pytest.mark.parametrize("text", TEXTS)
def test_blocks_are_those_of_the_reference(text: str) -> None:
    assert plain(render(text)) == plain(REFERENCE.render(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n- b", "<ul><li>a\n</li>\n<li>b\n</li>\n</ul>\n"),
        ("- a\n\n- b", "<ul><li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ul>\n"),
        ("- a\n\n  b\n- c", "<ul><li><p>a</p>\n<p>b</p>\n</li>\n<li><p>c</p>\n</li>\n</ul>\n"),
        ("- a\n\nb", "<ul><li>a\n</li>\n</ul>\n<p>b</p>\n"),
        ("- a\n- b\n\n- c", "<ul><li>a\n</li>\n<li><p>b</p>\n</li>\n<li><p>c</p>\n</li>\n</ul>\n"),
        ("3. a", '<ol start="3"><li>a\n</li>\n</ol>\n'),
    ],
)
def test_items_are_tight_or_loose_by_what_is_known(text: str, expected: str) -> None:
    assert render(text) == expected


def test_task_lists() -> None:
    box = '<li class="task"><input class="task" type="checkbox" disabled'
    assert render("- [x] a\n- [ ] b") == (
        f'<ul>{box} checked aria-label="Done"> a\n</li>\n'
        f'{box} aria-label="Not done"> b\n</li>\n</ul>\n'
    )


def test_tables() -> None:
    assert render("|a|b|c|\n|:-|:-:|-:|\n|1|2|3|\n|4") == (
        '<div class="table-wrap" tabindex="0"><table><thead><tr><th class="align-start">a</th>'
        '<th class="align-center">b</th><th class="align-end">c</th></tr>\n</thead><tbody>'
        '<tr><td class="align-start">1</td><td class="align-center">2</td>'
        '<td class="align-end">3</td></tr>\n'
        '<tr><td class="align-start">4</td><td colspan="2"></td></tr>\n'
        "</tbody></table></div>\n"
    )


def test_definitions_work_before_and_after_their_use() -> None:
    link = (
        '<a href="https://a.example" title="t" target="_blank" rel="noopener noreferrer nofollow">'
    )
    definition = '[a]: https://a.example "t"\n'
    assert render(f"{definition}\n[A][]") == f"<p>{link}A</a></p>\n"
    assert render(f"[b][a]\n\n{definition}") == f"<p>{link}b</a></p>\n"
    assert render(f"{definition}[a]: https://other.example\n\n[a]") == f"<p>{link}a</a></p>\n"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("see https://a.example/x_y_z.", "https://a.example/x_y_z"),
        ("(https://a.example/w_(x))", "https://a.example/w_(x)"),
        ("**http://a.example**", "http://a.example"),
        ("<https://a.example?q=1&r=2>", "https://a.example?q=1&amp;r=2"),
        ("[a](mailto:a@b.example)", "mailto:a@b.example"),
    ],
)
def test_links(text: str, target: str) -> None:
    rel = 'target="_blank" rel="noopener noreferrer nofollow"'
    assert f'<a href="{target}" {rel}>' in render(text)


@pytest.mark.parametrize("text", ["`https://a.example`", "xhttps://a.example", "https://", "a://b"])
def test_no_links(text: str) -> None:
    assert "<a" not in render(text)


def test_footnotes_are_text() -> None:
    assert render("a[^1]\n\n[^1]: note here") == "<p>a[^1]</p>\n<p>[^1]: note here</p>\n"


def test_remote_images_are_links() -> None:
    html_of_image = render("![alt *text*](https://images.example/a.png)")
    assert "<img" not in html_of_image
    assert ">alt text</a>" in html_of_image
    assert "<a" not in render("![alt](data:image/png;base64,AAAA)")
    assert render("[![alt](https://i.example)](https://a.example)").count("<a") == 1
