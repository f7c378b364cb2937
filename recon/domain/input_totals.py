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
    parts = [_of_column(rows, c.name, c.kind, spanned=c.name not in hidden).with_columns(table=pl.lit(table)) for c in wanted]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *(part.select(SCHEMA.keys()) for part in parts)])


def _of_column(rows: pl.DataFrame, name: str, kind: str, *, spanned: bool) -> pl.DataFrame:
    value = pl.col(name)
    # a sum of nothing but unknown values is unknown, not zero
    total = pl.when(value.is_not_null().any()).then(value.sum()) if kind in _SUMMED else pl.lit(None)
    ends = {"lowest": value.min(), "highest": value.max()}
    found = rows.group_by(SOURCE_FILE).agg(
        row_count=pl.len().cast(pl.Int64), unknown=value.null_count().cast(pl.Int64), total=total.cast(QUANTITY), **(ends if spanned else {})
    )
    said = [_text(end, kind) if spanned else pl.lit(None, dtype=pl.String).alias(end) for end in ends]
    return found.with_columns(*said, column=pl.lit(name), kind=pl.lit(kind))


def _text(end: str, kind: str) -> pl.Expr:
    """An end of a span as its reader writes it: moments in UTC, figures without empty digits."""
    value = pl.col(end)
    if kind == "timestamp":
        return value.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind in ("money", "quantity", "price", "rate"):
        return value.cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
    return value.cast(pl.String)
