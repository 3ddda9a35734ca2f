"""The last step before HTML leaves this package: an allowlist, applied to every piece of it.

Pieces are inline content (of a paragraph, heading, cell) or lines of code. The block markup around
them consists of constants of this package, so nothing that a model or a user wrote can ever become
a block element, an `id`, a `data-` attribute or a form control.
"""

import re

import nh3
from pygments.token import STANDARD_TYPES

_MATHML_TAGS = frozenset(
    {
        "math",
        "menclose",
        "mfenced",
        "mfrac",
        "mi",
        "mmultiscripts",
        "mn",
        "mo",
        "mover",
        "mpadded",
        "mphantom",
        "mroot",
        "mrow",
        "mspace",
        "msqrt",
        "mstyle",
        "msub",
        "msubsup",
        "msup",
        "mtable",
        "mtd",
        "mtext",
        "mtr",
        "munder",
        "munderover",
    }
)
_MATHML_ATTRIBUTES = frozenset(
    {
        "accent",
        "columnalign",
        "columnlines",
        "columnspacing",
        "depth",
        "displaystyle",
        "fence",
        "form",
        "height",
        "linethickness",
        "lspace",
        "mathvariant",
        "maxsize",
        "minsize",
        "movablelimits",
        "notation",
        "rowlines",
        "rowspacing",
        "rspace",
        "scriptlevel",
        "separator",
        "stretchy",
        "symmetric",
        "voffset",
        "width",
    }
)
_MATHML_VALUE = re.compile(r"[\w .+%-]{0,60}", re.ASCII)
_SAFE_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20]", re.IGNORECASE)


def is_safe_link(url: str) -> bool:
    """Whether a reply may link there: http, https and mailto, nothing relative."""
    return _SAFE_LINK.match(url) is not None


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "a" and name == "href":
        return value if is_safe_link(value) else None
    if tag in _MATHML_TAGS:
        return value if _MATHML_VALUE.fullmatch(value) else None
    return value


_inline = nh3.Cleaner(
    tags={"a", "br", "code", "em", "s", "strong"} | _MATHML_TAGS,
    clean_content_tags={"script", "style"},
    attributes={
        "a": {"href", "title"},
        **{tag: set(_MATHML_ATTRIBUTES) for tag in _MATHML_TAGS - {"math"}},
    },
    attribute_filter=_keep_attribute,
    tag_attribute_values={"math": {"display": {"block", "inline"}}},
    set_tag_attribute_values={"a": {"target": "_blank"}},
    link_rel="noopener noreferrer nofollow",
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
)
_code = nh3.Cleaner(
    tags={"span"},
    clean_content_tags={"script", "style"},
    attributes={},
    allowed_classes={"span": {name for name in STANDARD_TYPES.values() if name}},
    url_schemes=set(),
    link_rel=None,
)


def clean_inline(html: str) -> str:
    """Inline content: emphasis, code, line breaks, links, MathML. All else is dropped."""
    return _inline.clean(html)


def clean_code(html: str) -> str:
    """Highlighted code: text and `span`s with a Pygments class."""
    return _code.clean(html)
