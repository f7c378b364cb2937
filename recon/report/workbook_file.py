"""Sheets -> the bytes of an .xlsx file: typed cells, frozen headers, filters; no formula, no link; the same bytes for the same sheets.

XlsxWriter makes the workbook: styles, names, headers, widths, filters. The rows below the headers are put in afterwards by
`sheet_rows`, in the place of one empty row whose cells tell the style numbers.
"""

from __future__ import annotations

import collections
import io
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from recon.report.sheet_rows import Marks, letters, row_xml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import polars as pl

#: Rows of a sheet below its header.
SHEET_ROWS: Final = 1_048_575
#: The first sheet is written last: what the others needed is told there.
_FIRST: Final = "xl/worksheets/sheet1.xml"
_BORN: Final = datetime(2000, 1, 1, tzinfo=UTC)
_ZIP_DAY: Final = (1980, 1, 1, 0, 0, 0)
_PACKING: Final = 1  # the fastest; rows repeat themselves so much that the slowest saves a fifth
_FORMATS: Final = {
    "text": {"valign": "top"},
    "wrapped": {"valign": "top", "text_wrap": True},
    "count": {"num_format": "#,##0", "valign": "top"},
    "money": {"num_format": "#,##0.00;[Red]-#,##0.00", "valign": "top"},
    "quantity": {"num_format": "#,##0.######", "valign": "top"},
    "date": {"num_format": "yyyy-mm-dd", "valign": "top"},
}
_EMPTY_ROW: Final = re.compile(rb'<row r="2".*?</row>', re.DOTALL)
_CELL_STYLE: Final = re.compile(rb'<c r="[A-Z]+2" s="(\d+)"')


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its name in the frame, its title, its form (a key of the formats), its width in characters."""

    name: str
    title: str
    form: str
    width: int = 14


@dataclass(frozen=True)
class Sheet:
    """A table that becomes a sheet, or several beyond the row limit."""

    name: str
    frame: pl.DataFrame
    columns: tuple[Column, ...]


def workbook_bytes(
    sheets: Sequence[Sheet],
    marks: Marks,
    title: str,
    rows_per_sheet: int = SHEET_ROWS,
    opening: Callable[[Marks], Sheet] | None = None,
) -> bytes:
    """The workbook. `marks` counts cells that were cut or written as text; sheets that need a second part get `(2)` behind their name.

    `opening` makes the first sheet anew, of as many rows, once the marks of all are known.
    """
    parts = [part for sheet in sheets for part in split(sheet, rows_per_sheet)]
    empty = zipfile.ZipFile(io.BytesIO(_without_rows(parts, title)))
    names = {f"xl/worksheets/sheet{place}.xml": part for place, part in enumerate(parts, 1)}
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=_PACKING) as packed:
        for name in sorted(empty.namelist(), key=lambda name: name == _FIRST):
            content: Iterator[bytes] = _with_rows(empty.read(name), names[name], marks) if name in names else iter([empty.read(name)])
            if name == _FIRST and opening is not None:
                collections.deque(content, maxlen=0)  # counted
                content = _with_rows(empty.read(name), opening(marks), Marks())
            entry = zipfile.ZipInfo(name, _ZIP_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with packed.open(entry, "w") as file:
                for piece in content:
                    file.write(piece)
    return whole.getvalue()


def split(sheet: Sheet, rows_per_sheet: int) -> list[Sheet]:
    """The sheet in parts that a spreadsheet can hold."""
    parts = []
    for place, start in enumerate(range(0, max(sheet.frame.height, 1), rows_per_sheet), 1):
        name = sheet.name if place == 1 else f"{sheet.name} ({place})"
        parts.append(Sheet(name, sheet.frame.slice(start, rows_per_sheet), sheet.columns))
    return parts


def _without_rows(parts: Sequence[Sheet], title: str) -> bytes:
    """The workbook with headers only, and one empty row per sheet that carries the styles."""
    import xlsxwriter

    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, options) as book:
        book.set_properties({"title": title, "author": "recon", "created": _BORN})
        head = book.add_format({"bold": True, "bg_color": "#E8ECF1", "bottom": 1, "text_wrap": True, "valign": "top"})
        forms = {name: book.add_format(facts) for name, facts in _FORMATS.items()}
        for part in parts:
            sheet = book.add_worksheet(part.name)
            for place, column in enumerate(part.columns):
                sheet.write_string(0, place, column.title, head)
                sheet.write_blank(1, place, None, forms[column.form])
                sheet.set_column(place, place, column.width)
            _layout(sheet, part)
    return made.getvalue()


def _layout(sheet: Any, part: Sheet) -> None:  # noqa: ANN401 - XlsxWriter is untyped
    """Header frozen and repeated in print, filter over everything, one page wide."""
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, part.frame.height, len(part.columns) - 1)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&R&P / &N")


def _with_rows(xml: bytes, part: Sheet, marks: Marks) -> Iterator[bytes]:
    found = _EMPTY_ROW.search(xml)
    if found is None:
        raise ValueError(f"the empty row of sheet {part.name} is missing")
    styles = [style.decode() for style in _CELL_STYLE.findall(found[0])]
    size = f'<dimension ref="A1:{letters(len(part.columns) - 1)}{part.frame.height + 1}"/>'.encode()
    yield re.sub(rb'<dimension ref="[^"]*"/>', size, xml[: found.start()])
    yield from row_xml(part.frame.select(column.name for column in part.columns), styles, 2, marks)
    yield xml[found.end() :]
