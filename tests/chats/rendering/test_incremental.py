"""However a text arrives, page and reload show the same."""

import random

import pytest
from django.utils import translation

from chats.rendering import IncrementalRenderer, render
from tests.chats.rendering.corpus import EVERYTHING, SMALL
from tests.chats.rendering.page import shown_after, stream

LONG = (
    "word *em* and `code`. " * 400,
    "line of a long paragraph\n" * 200,
    "**never closed " + "word " * 3_000,
    "- item " + "word " * 2_000 + "\n- next",
    "> " + "[x](https://a.example) text. " * 300,
    "# " + "heading " * 400,
    "x" * 20_000,
    "|" + "cell|" * 2_000,
    "a | b\n-|-\n" + "x" * 5_000 + "\nc",
    "```\n" + "y" * 7_000 + "\nz",
    "```" + "y" * 7_000 + "\nz",
    "*" * 5_000 + "x",
    "$$\n" + "x\n" * 3_000,
    "[a]: https://a.example\n" * 500 + "[a]",
    "[a]: https://a.example\n" * 40 + "text " * 500,
    " " * 5_000 + "x",
)


@pytest.mark.parametrize("text", [*SMALL, EVERYTHING])
@pytest.mark.parametrize(("size", "every"), [(1, 1), (1, 3), (2, 1), (7, 2), (50, 1)])
def test_pieces_do_not_matter(text: str, size: int, every: int) -> None:
    assert stream(text, size, every) == stream(text, size=10**9) == render(text)


@pytest.mark.parametrize("text", LONG, ids=lambda text: repr(text[:12]))
def test_pieces_do_not_matter_in_long_blocks(text: str) -> None:
    whole = render(text)
    assert stream(text, size=1, every=97) == whole
    assert stream(text, size=13, every=5) == whole
    assert stream(text, size=700) == whole


def test_random_texts_and_random_pieces() -> None:
    chance = random.Random(20)
    words = [line + end for line in EVERYTHING.split("\n") for end in ("", "\n")]
    words += ["\n", "\n\n", "  ", "    ", "> ", "- ", "1. ", "```", "|", "**", "`", "[", "$$", "\r"]
    for _ in range(150):
        text = "".join(chance.choices(words, k=chance.randint(1, 12)))
        whole = render(text)
        assert stream(text, size=1) == whole, text
        assert stream(text, size=chance.randint(2, 9), every=chance.randint(1, 4)) == whole, text


def test_snapshot_is_committed_html_with_the_open_elements_marked() -> None:
    renderer = IncrementalRenderer()
    renderer.feed("> - done\n> - ```py\n>   x = 1\n>   y")
    renderer.frame()
    assert renderer.committed.count(" data-open>") == 4
    assert renderer.committed.replace(" data-open", "").replace(
        "</code>", f"{renderer.tail}</code>"
    ) == (renderer.html)
    assert "y" in renderer.tail
    renderer.finish()
    assert "data-open" not in renderer.committed + renderer.html


def test_a_late_viewer_can_go_on_from_a_snapshot() -> None:
    """Committed HTML plus later operations give the same as all operations."""
    for cut in range(0, len(EVERYTHING), 37):
        renderer = IncrementalRenderer()
        renderer.feed(EVERYTHING[:cut])
        renderer.frame()
        opened = renderer.committed.count(" data-open>")
        renderer.feed(EVERYTHING[cut:])
        assert opened <= sum(op[0] == "<" for op in renderer.finish().ops)


def test_finished_text_takes_no_more() -> None:
    renderer = IncrementalRenderer()
    renderer.feed("a")
    renderer.finish()
    assert renderer.finish().ops == []
    assert renderer.frame().ops == []
    with pytest.raises(ValueError, match="finished"):
        renderer.feed("b")


def test_a_late_definition_replaces_the_body_once() -> None:
    renderer = IncrementalRenderer()
    renderer.feed("[a] text\n\n")
    assert renderer.frame().ops == [("+", "<p>[a] text</p>\n")]
    renderer.feed("[a]: https://a.example\n")
    (op,) = renderer.finish().ops
    assert op == ("=", renderer.html)
    assert 'href="https://a.example"' in op[1]
    assert renderer.frame().ops == []


@pytest.mark.parametrize("marker", ["- ", "1. ", "## ", "**", "```py", "> ", "|", "$$", "- [x] "])
def test_markers_do_not_flash_up(marker: str) -> None:
    before = shown_after("text\n\n")
    for part in range(1, len(marker) + 1):
        assert shown_after("text\n\n" + marker[:part]) == before


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("some **bol", "<p>some **bol</p>"),
        ("some `cod", "<p>some `cod</p>"),
        ("a [link](htt", "<p>a [link](htt</p>"),
        ("so $x", "<p>so $x</p>"),
        ("- ite", "<ul><li>ite</li>"),
        ("## Tit", "<h2>Tit</h2>"),
        ("a\n\n```py\n", '<code class="hl"></code>'),
        ("```py\nx", '<span class="code-lang">py</span>'),
        ("| a | b |\n|---|---|\n", "<th>a</th><th>b</th>"),
        ("|a|b|\n|-|-|\n| one | tw", "<td>one</td><td>tw</td>"),
        ("- a\n\nNext", "</ul>\n<p>Next</p>"),
        ("```\na\n```\nNext", "</div>\n<p>Next</p>"),
    ],
)
def test_open_constructs_are_shown_where_they_will_stay(text: str, shown: str) -> None:
    assert shown in shown_after(text)


def test_rendering_is_cached_by_text_and_language(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "```\nrendered once\n```"
    html = render(text)
    monkeypatch.setattr("chats.rendering.IncrementalRenderer", None)
    assert render(text) == html
    for other in (f"{text}\n", text[:-1]):
        with pytest.raises(TypeError):
            render(other)
    with translation.override("de"), pytest.raises(TypeError):
        render(text)


def test_long_texts_are_not_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "word " * 50_000
    assert render(text).startswith("<p>word")
    monkeypatch.setattr("chats.rendering.IncrementalRenderer", None)
    with pytest.raises(TypeError):
        render(text)
