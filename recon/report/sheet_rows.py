"""Rows of a table -> rows of a sheet's XML, a column at a time.

A workbook of 100,000 exceptions has three million cells; written one by one they take longer than the whole reconciliation. Here
every cell is a piece of text that the engine puts together for a column at once. Numbers that a spreadsheet would round are
written as texts, texts that a cell cannot hold are cut and marked; both are counted. Nothing here can become a formula or a link.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: What a cell can hold (ECMA-376, and what Excel keeps).
CELL_CHARACTERS: Final = 32_767
CUT_MARK: Final = " …✂"
#: Digits that a spreadsheet's number keeps.
_DIGITS: Final = 15
_DAY_ZERO: Final = "1899-12-30"
_ROWS_AT_ONCE: Final = 20_000
_UNWRITABLE: Final = r"[\x00-\x08\x0b-\x1f\x{fffe}\x{ffff}]"
_CODES: Final = {chr(code): f"_x{code:04X}_" for code in (*range(9), *range(0x0B, 0x20), 0xFFFE, 0xFFFF)}


@dataclass
class Marks:
    """What a reader must know about cells that do not show a value as it is in `results/`."""

    cut_cells: int = 0
    numbers_as_text: int = 0


def letters(place: int) -> str:
    """A column's name in a sheet: 0 -> A, 26 -> AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def row_xml(frame: pl.DataFrame, styles: Sequence[str], first_row: int, marks: Marks) -> Iterator[bytes]:
    """The rows of `frame` as `<row>` elements from row `first_row` on; `styles` has the style number of each column."""
    for start in range(0, frame.height, _ROWS_AT_ONCE):
        part = frame.slice(start, _ROWS_AT_ONCE)
        number = (pl.int_range(pl.len()) + (first_row + start)).cast(pl.String)
        cells = [_cells(part, place, styles[place], marks) for place in range(part.width)]
        row = pl.concat_str(pl.lit('<row r="'), pl.col("\0row"), pl.lit('">'), *cells, pl.lit("</row>"))
        numbered = part.with_columns(number.alias("\0row"))
        yield "".join(numbered.select(row.alias("xml"))["xml"].to_list()).encode()


def _cells(part: pl.DataFrame, place: int, style: str, marks: Marks) -> pl.Expr:
    """One column's cells of a part; an unknown value has no cell."""
    name = part.columns[place]
    kind = part.schema[name]
    head = pl.concat_str(pl.lit(f'<c r="{letters(place)}'), pl.col("\0row"), pl.lit(f'" s="{style}"'))
    if kind == pl.Date:
        days = (pl.col(name) - pl.lit(_DAY_ZERO).str.to_date()).dt.total_days().cast(pl.String)
        return _known(name, head, ">", "<v>", days, "</v></c>")
    if kind == pl.Boolean:
        return _known(name, head, ' t="b">', "<v>", pl.col(name).cast(pl.Int8).cast(pl.String), "</v></c>")
    if kind.is_integer():
        return _numbers(part, head, pl.col(name).cast(pl.String), marks)
    if isinstance(kind, pl.Decimal):
        text = pl.col(name).cast(pl.String)
        if kind.scale:
            text = text.str.strip_chars_end("0").str.strip_chars_end(".")
        return _numbers(part, head, text, marks)
    return _texts(part, name, head, marks)


def _numbers(part: pl.DataFrame, head: pl.Expr, text: pl.Expr, marks: Marks) -> pl.Expr:
    """Numbers; those with more digits than a spreadsheet keeps are texts, so that no cent is lost."""
    long = text.str.replace_all(r"[-.]", "").str.strip_chars_start("0").str.len_chars() > _DIGITS
    many = int(part.select(long.sum()).item())
    number = pl.concat_str(head, pl.lit("><v>"), text, pl.lit("</v></c>"))
    if many:
        marks.numbers_as_text += many
        inline = pl.concat_str(head, pl.lit(' t="inlineStr"><is><t>'), text, pl.lit("</t></is></c>"))
        number = pl.when(long).then(inline).otherwise(number)
    return number.fill_null("")


def _texts(part: pl.DataFrame, name: str, head: pl.Expr, marks: Marks) -> pl.Expr:
    text = pl.col(name)
    column = part[name]
    if column.dtype == pl.Null or not column.len():
        return pl.lit("")
    long = int((column.str.len_chars() > CELL_CHARACTERS).sum())
    if long:
        marks.cut_cells += long
        text = pl.when(text.str.len_chars() > CELL_CHARACTERS).then(text.str.head(CELL_CHARACTERS - len(CUT_MARK)) + CUT_MARK).otherwise(text)
    if column.str.contains("_x", literal=True).any():
        text = text.str.replace_all(r"_(x[0-9a-fA-F]{4}_)", "_x005F_${1}")
    if column.str.contains(_UNWRITABLE).any():
        text = text.str.replace_many(_CODES)
    if column.str.contains(r"[&<>]").any():
        text = text.str.replace_many({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
    spaced = bool(column.str.contains(r"^\s|\s$|\n|  ").any())
    keeps = ' xml:space="preserve"' if spaced else ""
    return _known(name, head, f' t="inlineStr"><is><t{keeps}>', "", text, "</t></is></c>")


def _known(name: str, head: pl.Expr, *rest: str | pl.Expr) -> pl.Expr:
    pieces = [piece if isinstance(piece, pl.Expr) else pl.lit(piece) for piece in rest]
    return pl.when(pl.col(name).is_not_null()).then(pl.concat_str(head, *pieces)).otherwise(pl.lit(""))
