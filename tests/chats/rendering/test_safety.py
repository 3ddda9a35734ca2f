"""Nothing that a model or a user writes can run."""

from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from chats.rendering import IncrementalRenderer, markdown, render
from chats.rendering.sanitise import clean_code, clean_inline
from tests.chats.rendering.page import stream

TAGS = {
    "a",
    "blockquote",
    "br",
    "button",
    "code",
    "del",
    "div",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "input",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "span",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
    "math",
    "mi",
    "mn",
    "mo",
    "mrow",
    "msup",
    "mfrac",
    "mtext",
    "mtable",
    "mtr",
    "mtd",
    "mstyle",
    "mspace",
}
ATTRIBUTES = {"href", "title", "target", "rel", "class", "start", "colspan", "display", "stretchy"}
OURS = {
    "button": {"type": "button", "class": "code-copy", "data-action": "copy-code"},
    "input": {"class": "task", "type": "checkbox", "disabled": None},
}
PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<form><button formaction=javascript:alert(1) data-action=stop id=composer>x",
    "<div data-open style='position:fixed' class='code'>x</div>",
    "<input type=checkbox data-open autofocus onfocus=alert(1)>",
    "<!--><script>alert(1)</script>-->",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<style>@import 'https://evil.example'</style>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<object data=data:text/html,x><embed src=//evil.example>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](vbscript:msgbox)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](//evil.example)",
    "[x](/logout)",
    "[x](file:///etc/passwd)",
    '[x](https://a.example "\\" onmouseover=alert(1) x=\\"")',
    "[x](https://a.example/\"onmouseover='alert(1)')",
    "<javascript:alert(1)>",
    '<https://a.example/"onclick=alert(1)>',
    'https://a.example/"onclick="alert(1)',
    "![x](javascript:alert(1))",
    '![x" onerror="alert(1)](https://a.example/"onerror="alert(1))',
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "[a]: javascript:alert(1)\n\n[a]",
    "[a]: data:text/html,x 'y'\n\n![a]",
    '```html"><script>alert(1)</script>\nx\n```',
    '```x" onclick="alert(1)\n</code></pre><script>alert(1)</script>\n```',
    "```python\n<script>alert('</span>')</script>\n```",
    "    </code></pre><img src=x onerror=alert(1)>",
    "`</code><script>alert(1)</script>`",
    "$<script>alert(1)</script>$",
    "$\\text{<img src=x onerror=alert(1)>}$",
    "$\\href{javascript:alert(1)}{x}$",
    '$\\color{red" onclick="alert(1)}x$',
    "$\\style{position:fixed}{x}$ $\\class{code}{x}$ $\\cssId{composer}{x}$",
    "$$\n\\begin{matrix}</math><script>alert(1)</script>\\end{matrix}\n$$",
    "\\[ \\unknown{</code><script>alert(1)</script>} \\]",
    "|<script>|<img src=x onerror=alert(1)>|\n|-|-|\n|</td><script>|`</code><script>`|",
    "- [x] <input onfocus=alert(1) autofocus>",
    "# <img src=x onerror=alert(1)> {#composer onclick=alert(1)}",
    "> <script>\n> alert(1)\n> </script>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62;",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "\u003cscript>\u2028alert(1)</script>\u202e",
    "<x data-open> data-open> <y data-action='stop'>",
)


class Inspector(HTMLParser):
    """Fails on everything that is not on the list."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        if tag in OURS:
            expected = OURS[tag]
            stated = {"checked", "aria-label"}
            assert {name: value for name, value in attrs if name not in stated} == expected
            assert dict(attrs).get("aria-label") in (None, "Done", "Not done")
            return
        scrolls = tag == "pre" or ("class", "table-wrap") in attrs
        for name, value in attrs:
            if scrolls and (name, value) == ("tabindex", "0"):
                continue
            assert name in ATTRIBUTES, (tag, name)
            if name == "href":
                assert value
                assert value.lower().startswith(("https://", "http://", "mailto:")), value

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    handle_pi = handle_comment


def inspect(html: str) -> None:
    """Check a body."""
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("around", ["{}", "text {} text", "- a\n- {}", "> {}\n", "[{}](https://a)"])
def test_payloads_are_harmless_in_every_frame(payload: str, around: str) -> None:
    html = stream(around.format(payload), size=1, watch=lambda renderer: inspect(renderer.html))
    inspect(html)
    assert html == render(around.format(payload))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_only_our_own_markup_is_marked_open(payload: str) -> None:
    renderer = IncrementalRenderer()
    renderer.feed(payload)
    opened = sum((op[0] == ">") - (op[0] == "<") for op in renderer.frame().ops)
    assert Marks.count(renderer.committed) == opened


class Marks(HTMLParser):
    """Counts elements with `data-open`."""

    found = 0

    @classmethod
    def count(cls, html: str) -> int:
        """In a body."""
        marks = cls()
        marks.feed(html)
        return marks.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += ("data-open", None) in attrs or ("data-open", "") in attrs


DANGEROUS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="/logout" id="composer" style="x" onclick="x" data-open data-action="stop">x</a>',
    '<a href="data:text/html,x">x</a>',
    '<math href="javascript:x"><mtext><style><img src=x onerror=alert(1)></style></mtext></math>',
    '<math><mi mathcolor="red" style="x" class="code" onclick="x">x</mi></math>',
    '<math><annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>',
    "<svg><script>alert(1)</script></svg>",
    '<div data-open class="code">x</div><p>x</p><button data-action="stop">x</button>',
    '<span class="code" onclick="x">x</span>',
    "<!-- x -->",
)


@pytest.mark.parametrize("html", DANGEROUS)
@pytest.mark.parametrize("clean", [clean_inline, clean_code])
def test_the_sanitiser_alone_is_enough(html: str, clean: Callable[[str], str]) -> None:
    cleaned = clean(html)
    inspect(cleaned)
    for word in (
        "script>",
        "onerror",
        "onclick",
        "data-",
        "style",
        "id=",
        'class="c',
        "<div",
        "<p",
    ):
        assert word not in cleaned


def test_the_sanitiser_keeps_what_we_make() -> None:
    code = '<span class="k">def</span> <span class="nf">f</span>\n'
    assert clean_code(code) == code
    inline = "<em>a</em><strong>b</strong><s>c</s><code>d</code><br>\n"
    assert clean_inline(inline) == inline


def test_raw_html_is_harmless_even_if_markdown_lets_it_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sanitising is the last step, and the only one that this relies on."""
    monkeypatch.setitem(markdown.PARSER.options, "html", True)
    monkeypatch.setattr(markdown, "is_safe_link", lambda url: True)
    payload = "a <script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1))"
    for around in ("{}", "|{}|\n|-|\n|{}|", "# {}", "- {}"):
        inspect(render_uncached(around.replace("{}", payload)))
    monkeypatch.setattr(markdown, "clean_inline", str)
    with pytest.raises(AssertionError):
        inspect(render_uncached(payload))


def render_uncached(source: str) -> str:
    """HTML, made now."""
    renderer = IncrementalRenderer()
    renderer.feed(source)
    renderer.finish()
    return renderer.html
