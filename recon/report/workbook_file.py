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
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from recon.report.sheet_rows import Marks, letters, row_xml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import polars as pl

#: Rows of a sheet below its header.
SHEET_ROWS: Final = 1_048_575
_BORN: Final = datetime(2000, 1, 1, tzinfo=UTC)
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

    `opening` makes the first sheet anew, of as many rows, once the marks of all are known; it is written last.
    """
    parts = [part for sheet in sheets for part in split(sheet, rows_per_sheet)]
    empty = zipfile.ZipFile(io.BytesIO(_without_rows(parts, title)))
    blanks = [_Blank.of(empty.read(f"xl/worksheets/sheet{place}.xml"), part) for place, part in enumerate(parts, 1)]
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=_PACKING) as packed:
        for name in empty.namelist():
            if not name.startswith("xl/worksheets/sheet"):
                _pack(packed, name, [empty.read(name)])
        for first, alike in _alike(parts):
            for place, pieces in groupby(_filled(alike, blanks[first:], marks), key=itemgetter(0)):
                _pack(packed, f"xl/worksheets/sheet{first + place + 1}.xml", (piece for _, piece in pieces))
        if opening is not None:
            collections.deque(row_xml(_cells_of(parts[0]), [parts[0].frame.height], blanks[0].styles, marks), maxlen=0)  # counted
            parts[0], marks = opening(marks), Marks()
        _pack(packed, "xl/worksheets/sheet1.xml", (piece for _, piece in _filled(parts[:1], blanks, marks)))
    return whole.getvalue()


@dataclass(frozen=True)
class _Blank:
    """A sheet's XML before and after its rows, and the style numbers of its columns."""

    before: bytes
    after: bytes
    styles: tuple[str, ...]

    @classmethod
    def of(cls, xml: bytes, part: Sheet) -> _Blank:
        """The sheet as XlsxWriter leaves it, with one empty row that tells the styles."""
        row = _EMPTY_ROW.search(xml)
        if row is None:
            raise ValueError(f"the empty row of sheet {part.name} is missing")
        size = f'<dimension ref="A1:{letters(len(part.columns) - 1)}{part.frame.height + 1}"/>'.encode()
        before = re.sub(rb'<dimension ref="[^"]*"/>', size, xml[: row.start()])
        return cls(before, xml[row.end() :], tuple(style.decode() for style in _CELL_STYLE.findall(row[0])))


def _cells_of(part: Sheet) -> pl.DataFrame:
    return part.frame.select(column.name for column in part.columns)


def _kinds_of(part: Sheet) -> list[pl.DataType]:
    kinds = part.frame.schema
    return [kinds[column.name] for column in part.columns]


def _alike(parts: Sequence[Sheet]) -> Iterator[tuple[int, list[Sheet]]]:
    """Runs of sheets after the first one that have the same columns: the place of the run's first sheet, and the sheets."""
    run: list[Sheet] = []
    for place, part in enumerate(parts[1:], 1):
        if run and (part.columns != run[0].columns or _kinds_of(part) != _kinds_of(run[0])):
            yield place - len(run), run
            run = []
        run.append(part)
    if run:
        yield len(parts) - len(run), run


def _filled(alike: Sequence[Sheet], blanks: Sequence[_Blank], marks: Marks) -> Iterator[tuple[int, bytes]]:
    """Sheets of the same columns with their rows: (place, piece of its XML), in order."""
    import polars as pl

    cells = pl.concat([_cells_of(part) for part in alike])
    by_sheet = groupby(row_xml(cells, [part.frame.height for part in alike], blanks[0].styles, marks), key=itemgetter(0))
    following = next(by_sheet, None)
    for place, blank in enumerate(blanks[: len(alike)]):
        yield place, blank.before
        if following is not None and following[0] == place:
            yield from following[1]
            following = next(by_sheet, None)
        yield place, blank.after


def _pack(packed: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> None:
    # by its name, so that the file's packing and the day of 1980 hold: an entry of one's own would forget how hard to pack
    with packed.open(name, "w") as file:
        for piece in pieces:
            file.write(piece)


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
