"""Tables, a row at a time."""

import re

from markdown_it.rules_block.table import escapedSplit

from chats.rendering.body import Body
from chats.rendering.markdown import Inline

MAX_HEADER = 2_000  # characters of the header row; a longer line is a paragraph
MAX_ROW = 4_000  # characters of any other row; a longer line ends the table
_MAX_COLUMNS = 64
_DELIMITER_ROW = re.compile(r"[|:-][|:\-\s]*")
_DELIMITER_CELL = re.compile(r":?-+:?")


class Table:
    """Rows of a table whose header and delimiter row are known."""

    def __init__(self, body: Body, inline: Inline, header: list[str], aligns: list[str]) -> None:
        self.body = body
        self.row = ""
        self._inline = inline
        self._aligns = aligns
        cells = self._cells("th", [inline.html(cell) for cell in header])
        body.descend(
            f'<div class="table-wrap" tabindex="0"><table><thead>{cells}</thead><tbody>',
            "</tbody></table></div>\n",
        )

    def add(self, text: str) -> None:
        self.row += text

    def end_line(self) -> None:
        cells = split_row(self.row)[: len(self._aligns)]
        self.body.append(self._cells("td", [self._inline.html(cell) for cell in cells]))
        self.row = ""

    def close(self) -> None:
        self.body.ascend()

    def preview(self) -> str:
        if not self.row:
            return ""
        cells = split_row(self.row)[: len(self._aligns)]
        return self._cells("td", [self._inline.preview(cell) for cell in cells])

    def _cells(self, tag: str, contents: list[str]) -> str:
        """A row. Columns that it lacks become one cell, so that short rows cost little."""
        html = []
        for content, align in zip(contents, self._aligns, strict=False):
            attribute = f' class="align-{align}"' if align else ""
            html.append(f"<{tag}{attribute}>{content}</{tag}>")
        missing = len(self._aligns) - len(contents)
        if missing > 0:
            html.append(
                f'<{tag} colspan="{missing}"></{tag}>' if missing > 1 else f"<{tag}></{tag}>"
            )
        return f"<tr>{''.join(html)}</tr>\n"


def split_row(text: str) -> list[str]:
    """Cells of a table row."""
    cells = escapedSplit(text.strip(" \t"))
    if cells and not cells[0]:
        cells.pop(0)
    if cells and not cells[-1]:
        cells.pop()
    return [cell.strip() for cell in cells]


def table_shape(header: str, delimiter: str) -> tuple[list[str], list[str]] | None:
    """Header cells and alignments, if these two lines begin a table."""
    delimiter = delimiter.strip()
    if (
        "|" not in header
        or len(header) > MAX_HEADER
        or len(delimiter) < 2
        or not _DELIMITER_ROW.fullmatch(delimiter)
        or delimiter[:2] in ("- ", "-\t")
    ):
        return None
    columns = [column.strip() for column in delimiter.split("|")]
    columns = columns[not columns[0] : len(columns) - (not columns[-1])]
    cells = split_row(header)
    if len(cells) != len(columns) or not 0 < len(cells) <= _MAX_COLUMNS:
        return None
    if not all(_DELIMITER_CELL.fullmatch(column) for column in columns):
        return None
    return cells, [_alignment(column) for column in columns]


def _alignment(column: str) -> str:
    if column.endswith(":"):
        return "center" if column.startswith(":") else "end"
    return "start" if column.startswith(":") else ""
