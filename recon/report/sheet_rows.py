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


def row_xml(frame: pl.DataFrame, heights: Sequence[int], styles: Sequence[str], marks: Marks) -> Iterator[tuple[int, bytes]]:
    """The rows of several sheets that lie under one another in `frame`, as `<row>` elements from row 2 of their sheet on: (sheet, rows) in order.

    `heights`: rows of each sheet; `styles`: the style number of each column, the same in every sheet. Sheets of the same
    columns are written together, for what is asked of the engine takes longer than its answer where a book has hundreds of small ones.
    """
    sheet = pl.select(pl.int_range(len(heights), dtype=pl.UInt32).repeat_by(pl.Series(heights)).explode().alias("\0sheet")).to_series()
    numbered = frame.with_columns(sheet).with_columns((pl.int_range(pl.len()).over("\0sheet") + 2).cast(pl.String).alias("\0row"))
    for start in range(0, frame.height, _ROWS_AT_ONCE):
        part = numbered.slice(start, _ROWS_AT_ONCE)
        seen = _seen(part.select(frame.columns))
        cells = [_cells(part.schema[name], name, f'<c r="{letters(place)}', styles[place], seen) for place, name in enumerate(frame.columns)]
        marks.cut_cells += sum(many for (_, fact), many in seen.items() if fact == "cut")
        marks.numbers_as_text += sum(many for (_, fact), many in seen.items() if fact == "digits")
        row = pl.concat_str(pl.lit('<row r="'), pl.col("\0row"), pl.lit('">'), *cells, pl.lit("</row>"), ignore_nulls=True)
        rows = part.select("\0sheet", row=row).group_by("\0sheet", maintain_order=True).agg(pl.col("row").str.join(""))
        yield from ((number, text.encode()) for number, text in rows.iter_rows())


def _seen(part: pl.DataFrame) -> dict[tuple[str, str], int]:
    """Column and fact -> what must be done to its cells: all columns are asked at once, for a workbook has thousands of them."""
    asked: dict[tuple[str, str], pl.Expr] = {}
    for name, kind in part.schema.items():
        text = pl.col(name)
        if kind == pl.String:
            asked[name, "cut"] = (text.str.len_chars() > CELL_CHARACTERS).sum()
            asked[name, "escape"] = text.str.contains("_x", literal=True).any()
            asked[name, "unwritable"] = text.str.contains(_UNWRITABLE).any()
            asked[name, "markup"] = text.str.contains(r"[&<>]").any()
            asked[name, "space"] = text.str.contains(r"^\s|\s$|\n|  ").any()
        elif kind.is_integer() or isinstance(kind, pl.Decimal):
            asked[name, "digits"] = _has_too_many_digits(_number(name, kind)).sum()
    told = part.select(expression.cast(pl.Int64).alias(str(place)) for place, expression in enumerate(asked.values())).row(0) if asked else ()
    return {key: count or 0 for key, count in zip(asked, told, strict=True)}


def _number(name: str, kind: pl.DataType) -> pl.Expr:
    text = pl.col(name).cast(pl.String)
    if isinstance(kind, pl.Decimal) and kind.scale:
        return text.str.strip_chars_end("0").str.strip_chars_end(".")
    return text


def _has_too_many_digits(text: pl.Expr) -> pl.Expr:
    """Whether a spreadsheet would round the number; most are so short that their digits need not be counted."""
    return (text.str.len_bytes() > _DIGITS) & (text.str.replace_all(r"[-.]", "").str.strip_chars_start("0").str.len_chars() > _DIGITS)


def _cells(kind: pl.DataType, name: str, place: str, style: str, seen: dict[tuple[str, str], int]) -> pl.Expr:
    """One column's cells; an unknown value has no cell, which is a null here."""
    head, column = (pl.lit(place), pl.col("\0row")), pl.col(name)
    if kind == pl.Date:
        days = (column - pl.lit(_DAY_ZERO).str.to_date()).dt.total_days().cast(pl.String)
        return pl.concat_str(*head, pl.lit(f'" s="{style}"><v>'), days, pl.lit("</v></c>"))
    if kind == pl.Boolean:
        return pl.concat_str(*head, pl.lit(f'" s="{style}" t="b"><v>'), column.cast(pl.Int8).cast(pl.String), pl.lit("</v></c>"))
    if kind == pl.Null:
        return pl.lit(None, dtype=pl.String)
    if kind == pl.String:
        text = _text(column, {fact for (of, fact), many in seen.items() if of == name and many})
        keeps = ' xml:space="preserve"' if seen[name, "space"] else ""
        return pl.concat_str(*head, pl.lit(f'" s="{style}" t="inlineStr"><is><t{keeps}>'), text, pl.lit("</t></is></c>"))
    number = _number(name, kind)
    plain = pl.concat_str(*head, pl.lit(f'" s="{style}"><v>'), number, pl.lit("</v></c>"))
    if not seen[name, "digits"]:
        return plain
    inline = pl.concat_str(*head, pl.lit(f'" s="{style}" t="inlineStr"><is><t>'), number, pl.lit("</t></is></c>"))
    return pl.when(_has_too_many_digits(number)).then(inline).otherwise(plain)


def _text(text: pl.Expr, facts: set[str]) -> pl.Expr:
    """A text as a cell's XML has it: cut where no cell can hold it, characters that XML does not know in the notation of ECMA-376."""
    if "cut" in facts:
        text = pl.when(text.str.len_chars() > CELL_CHARACTERS).then(text.str.head(CELL_CHARACTERS - len(CUT_MARK)) + CUT_MARK).otherwise(text)
    if "escape" in facts:
        text = text.str.replace_all(r"_(x[0-9a-fA-F]{4}_)", "_x005F_${1}")
    if "unwritable" in facts:
        text = text.str.replace_many(_CODES)
    if "markup" in facts:
        text = text.str.replace_many({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
    return text
