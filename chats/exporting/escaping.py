"""Texts inside Markdown and YAML that cannot be taken for the document around them.

The document's own headings are of the first two levels and stand at the left. So a message must not
bring such a heading, and must end where it ends: not inside a block of code or HTML.
"""

import json
import re
from functools import cache
from typing import Final

from markdown_it import MarkdownIt

_BREAK: Final = re.compile(r"\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_FENCE: Final = re.compile(r"(`{3,})[^`]*|(~{3,}).*")
_INNER_FENCE: Final = re.compile(r"[ \t>*+\-\d.)]+(?:```|~~~)")
_ANY_FENCE: Final = re.compile(r"[ \t>*+\-\d.)]*(?:(`{3,})[^`]*|(~{3,}).*)")
_HEADING: Final = re.compile(r"( {0,3})(#{1,6})(?=[ \t]|$)")
_UNDERLINE: Final = re.compile(r" {0,3}(=+|-+)[ \t]*")
_INLINE: Final = re.compile(
    r"\\.|(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)|<(?:https?://|mailto:)[^\s<>]+>|(<)(?=[A-Za-z/!?])"
)
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")
_MARKS: Final = re.compile(r"([\\`*_\[\]<>#|~&$])")
_NOT_IN_YAML: Final = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_LONG_LINE: Final = 10_000
"""Characters. Code in a longer line is not looked for: that may cost their square."""
_PARSED: Final = 50_000
"""Characters. A longer text that is not plain is quoted without parsing it."""


def embed(text: str) -> str:
    """A message as part of a document: as it is wherever that is safe, at last as a quotation."""
    lines = _BREAK.sub("\n", text).strip("\n").split("\n")
    if not any(_INNER_FENCE.match(line) for line in lines):
        return _secured(lines, _FENCE)
    # Code inside lists and quotations ends with these, which only a parser can tell.
    for fence in (_ANY_FENCE, _FENCE):
        found = _secured(lines, fence)
        if _is_closed(found):
            return found
    return quote("\n".join(lines))


def quote(text: str) -> str:
    """As a quotation, which nothing in it can end."""
    lines = _BREAK.sub("\n", text).strip("\n").split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines)


def without_tags(text: str) -> str:
    """No HTML, not even in code."""
    return _TAG.sub(r"\\<", text)


def inline(text: str) -> str:
    """Words on one line without any markup."""
    return _MARKS.sub(r"\\\1", " ".join(_BREAK.sub(" ", text).split()))


def code_block(text: str, language: str = "") -> str:
    """A block of code that holds any text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    body = _BREAK.sub("\n", text)
    return f"{fence}{language}\n{body}\n{fence}"


def yaml_text(text: str) -> str:
    """A text as a value in YAML: in lines where it has some, else in quotes."""
    quoted = json.dumps(text, ensure_ascii=False)
    has_plain_lines = "\n" in text and not re.search(r"[^\n\t -~\xa0-\ud7ff\ue000-\ufffd]", text)
    if has_plain_lines and not _NOT_IN_YAML.search(text) and not text.endswith("\n"):
        return "|2-\n" + "\n".join(f"  {line}".rstrip(" ") for line in text.split("\n"))
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _secured(lines: list[str], fences: re.Pattern[str]) -> str:
    """Lines outside of code escaped, and the last code closed."""
    out: list[str] = []
    fence = ""
    for line in lines:
        if fence:
            if len(found := line.strip()) >= len(fence) and set(found) == {fence[0]}:
                fence = ""
            out.append(line)
        elif opened := fences.fullmatch(line):
            fence = opened[1] or opened[2]
            out.append(line)
        else:
            out.append(_escaped(line, follows_text=bool(out and out[-1].strip())))
    return "\n".join([*out, fence] if fence else out)


def _escaped(line: str, *, follows_text: bool) -> str:
    """A line outside of code."""
    if heading := _HEADING.match(line):
        level = min(len(heading[2]) + 2, 6)
        line = heading[1] + "#" * level + line[heading.end() :]
    elif underline := _UNDERLINE.fullmatch(line):
        if len(underline[1]) >= 3 and line.lstrip().startswith("-"):
            return "* * *"
        return f"\\{line.lstrip()}" if follows_text else line
    if "<" not in line:
        return line
    if len(line) > _LONG_LINE:
        return without_tags(line)
    return _INLINE.sub(lambda found: "\\<" if found[2] else found[0], line)


def _is_closed(text: str) -> bool:
    """Whether a heading after it is one, and the first of its level."""
    if len(text) > _PARSED:
        return False
    tokens = [token for token in _parser().parse(f"{text}\n\n## End\n") if token.level == 0]
    heads = [each for each in tokens if each.type == "heading_open" and each.tag in ("h1", "h2")]
    has_html = any(each.type == "html_block" for each in tokens)
    return len(heads) == 1 and tokens[-1].type == "heading_close" and not has_html


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    parser.core.ruler.disable(["inline"])
    return parser
