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
#: In tables about any kind of document a number may be a person's login, so its span is not told.
_ABOUT_ANYTHING: Final = "document_type"


def of_table(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The totals of a conformed table's money, quantities, dates and key columns, a row per file and column, in the columns of SCHEMA.

    Only columns that `rows` has are told. No span is told of columns that name persons or bank accounts.
    """
    told = TABLES[table]
    if told.has(SOURCE_FILE):  # control totals speak about files, and are no documents
        return pl.DataFrame(schema=SCHEMA)
    wanted = [c for c in told.columns if c.name in rows.columns and (c.kind in (*_SUMMED, *_SPANNED) or c.name in told.key)]
    hidden = PERSONS | BANK_ACCOUNTS | ({"document_number"} if told.has(_ABOUT_ANYTHING) else set())
    if not wanted:
        return pl.DataFrame(schema=SCHEMA)
    spanned = {c.name for c in wanted} - hidden
    found = _of_files(rows, [figure for c in wanted for figure in _figures(c.name, c.kind, spanned=c.name in spanned)])
    said = [_said(found, c.name, c.kind, spanned=c.name in spanned).with_columns(table=pl.lit(table)).select(SCHEMA.keys()) for c in wanted]
    return pl.concat(said)


def _figures(name: str, kind: str, *, spanned: bool) -> list[pl.Expr]:
    """A column's figures over some rows, each under its own name; of files as of parts of them."""
    value = pl.col(name)
    summed = [value.sum().cast(QUANTITY).alias(f"{name}.total")] if kind in _SUMMED else []
    ends = [value.min().alias(f"{name}.lowest"), value.max().alias(f"{name}.highest")] if spanned else []
    return [value.null_count().cast(pl.Int64).alias(f"{name}.unknown"), *summed, *ends]


def _of_files(rows: pl.DataFrame, figures: list[pl.Expr]) -> pl.DataFrame:
    """The figures of each file, which is a slice of the rows: looking at slices takes a quarter of the time of making groups."""
    files = rows[SOURCE_FILE].rle().struct.unnest()
    if files["value"].is_duplicated().any():
        return _of_files(rows.sort(SOURCE_FILE, maintain_order=True), figures)
    ends = files["len"].cum_sum()
    parts = [
        rows.slice(end - length, length).select(pl.len().cast(pl.Int64).alias("row_count"), *figures)
        for end, length in zip(ends, files["len"], strict=True)
    ]
    empty = rows.clear().select(pl.len().cast(pl.Int64).alias("row_count"), *figures).clear()
    return pl.concat([empty, *parts]).with_columns(files["value"].alias(SOURCE_FILE))


def _said(found: pl.DataFrame, name: str, kind: str, *, spanned: bool) -> pl.DataFrame:
    unknown = pl.col(f"{name}.unknown")
    # a sum of nothing but unknown values is unknown, not zero
    total = pl.when(unknown < pl.col("row_count")).then(f"{name}.total") if kind in _SUMMED else pl.lit(None)
    ends = [_text(f"{name}.{end}", kind).alias(end) if spanned else pl.lit(None, dtype=pl.String).alias(end) for end in ("lowest", "highest")]
    return found.select(
        SOURCE_FILE, "row_count", unknown.alias("unknown"), total.cast(QUANTITY).alias("total"), *ends, column=pl.lit(name), kind=pl.lit(kind)
    )


def _text(end: str, kind: str) -> pl.Expr:
    """An end of a span as its reader writes it: moments in UTC, figures without empty digits."""
    value = pl.col(end)
    if kind == "timestamp":
        return value.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind in ("money", "quantity", "price", "rate"):
        return value.cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
    return value.cast(pl.String)
