"""What each input file held, column by column: the sums, spans and gaps that a sheet about an input states."""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain.documents import SOURCE_FILE, TABLES
from recon.domain.money import QUANTITY
from recon.domain.sensitive import BANK_ACCOUNTS, PERSONS

#: Columns of `results/input_totals.csv`, a row per canonical table, file and column. `total` adds up every currency and unit: a
#: checksum, not a statement about money. `unknown` counts rows without a value.
SCHEMA: Final[dict[str, pl.DataType]] = {
    "table": pl.String(),
    "source_file": pl.String(),
    "column": pl.String(),
    "kind": pl.String(),
    "row_count": pl.Int64(),
    "unknown": pl.Int64(),
    "total": QUANTITY,
    "lowest": pl.String(),
    "highest": pl.String(),
}
KEY: Final = ("table", "source_file", "column")
_SUMMED: Final = ("money", "quantity")
_SPANNED: Final = ("date", "timestamp")
#: From so many rows per file on, files are looked at one by one.
_LONG_FILE_ROWS: Final = 10_000
#: In tables about any kind of document a number may be a person's login, so its span is not told.
_ABOUT_ANYTHING: Final = "document_type"


def of_table(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The totals of a conformed table's money, quantities, dates and key columns, a row per file and column, in the columns of SCHEMA.

    Only columns that `rows` has are told. No span is told of columns that name persons or bank accounts.
    """
    told = TABLES[table]
    if told.has(SOURCE_FILE):  # control totals speak about files, and are no documents
        return pl.DataFrame(schema=SCHEMA)
    hidden = PERSONS | BANK_ACCOUNTS | ({"document_number"} if told.has(_ABOUT_ANYTHING) else set())
    wanted = [c for c in told.columns if c.name in rows.columns and (c.kind in (*_SUMMED, *_SPANNED) or c.name in told.key)]
    figures = {f"{c.name} {figure}": value for c in wanted for figure, value in _figures(c.name, c.kind, spanned=c.name not in hidden).items()}
    by_file = _by_file(rows, {"row_count": pl.len().cast(pl.Int64), **figures}).lazy()  # one look for all columns
    parts = [by_file.select(table=pl.lit(table), **_said(c.name, c.kind)).select(SCHEMA.keys()) for c in wanted]
    return pl.concat([pl.LazyFrame(schema=SCHEMA), *parts]).collect()


def _by_file(rows: pl.DataFrame, figures: dict[str, pl.Expr]) -> pl.DataFrame:
    """The figures of each file. Long files are slices of the rows, and looking at slices takes a quarter of the time of making groups."""
    files = rows[SOURCE_FILE].rle().struct.unnest()
    if rows.height <= files.height * _LONG_FILE_ROWS or files["value"].is_duplicated().any():
        return rows.group_by(SOURCE_FILE).agg(**figures)
    firsts = files["len"].cum_sum() - files["len"]
    parts = [rows.slice(first, length).select(**figures) for first, length in zip(firsts, files["len"], strict=True)]
    return pl.concat(parts).with_columns(files["value"].alias(SOURCE_FILE))


def _figures(name: str, kind: str, *, spanned: bool) -> dict[str, pl.Expr]:
    """What is counted, added up and spanned of a column; an end that is not told is null."""
    value = pl.col(name)
    # a sum of nothing but unknown values is unknown, not zero
    total = pl.when(value.is_not_null().any()).then(value.sum()) if kind in _SUMMED else pl.lit(None)
    ends = {"lowest": value.min(), "highest": value.max()} if spanned else dict.fromkeys(("lowest", "highest"), pl.lit(None, dtype=pl.String))
    return {"unknown": value.null_count().cast(pl.Int64), "total": total.cast(QUANTITY), **ends}


def _said(name: str, kind: str) -> dict[str, pl.Expr]:
    """The row of a column, of its figures."""
    unknown, total = pl.col(f"{name} unknown"), pl.col(f"{name} total")
    ends = {end: _text(f"{name} {end}", kind) for end in ("lowest", "highest")}
    about = {"source_file": pl.col(SOURCE_FILE), "column": pl.lit(name), "kind": pl.lit(kind), "row_count": pl.col("row_count")}
    return about | {"unknown": unknown, "total": total} | ends


def _text(end: str, kind: str) -> pl.Expr:
    """An end of a span as its reader writes it: moments in UTC, figures without empty digits."""
    value = pl.col(end)
    if kind == "timestamp":
        return value.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind in ("money", "quantity", "price", "rate"):
        return value.cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
    return value.cast(pl.String)
