"""Spreadsheets, by calamine: written in Rust, reads .xlsx, .xls, .xlsb and .ods."""

from typing import IO

from chats.extraction import archives
from chats.extraction.sink import Pages, Text


def read(file: IO[bytes], text: Text, pages: Pages) -> None:
    """Each sheet as lines of tab-separated values, without empty ends."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415  only in its process

    if file.read(4) == b"PK\x03\x04":
        archives.check_true_sizes(file, archives.entries(file))
    file.seek(0)
    workbook = CalamineWorkbook.from_filelike(file)
    pages.begin(len(workbook.sheet_names))
    for name in workbook.sheet_names:
        text.check_time()
        text.write(f"[Sheet {name}]\n")
        for row in workbook.get_sheet_by_name(name).iter_rows():
            text.write("\t".join(map(_shown, row)).rstrip() + "\n")
        text.write("\n")
        pages.turn()


def _shown(value: object) -> str:
    """A cell on one line; whole numbers as such."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())
