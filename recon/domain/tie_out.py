"""The tie-out: at every doorway rows and amounts in = out + set aside, table by table."""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain.money import MONEY

#: Columns of `results/tie_out.csv`. Doorways in order: load, conform, validate, match. Amounts are sums of the table's
#: control total (documents.Table.total) in mixed currencies: a checksum, not a statement about money.
SCHEMA: Final[dict[str, pl.DataType]] = {
    "table": pl.String(),
    "doorway": pl.String(),
    "rows_in": pl.Int64(),
    "rows_out": pl.Int64(),
    "rows_set_aside": pl.Int64(),
    "amount_in": MONEY,
    "amount_out": MONEY,
    "amount_set_aside": MONEY,
    "holds": pl.Boolean(),
}
DOORWAYS: Final = ("load", "conform", "validate", "match")


class TieOutBrokenError(RuntimeError):
    """Rows or amounts went missing between two doors: a defect of ours, never of the data."""


def empty() -> pl.DataFrame:
    """A tie-out without rows."""
    return pl.DataFrame(schema=SCHEMA)


def judged(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `holds` computed; null amounts (a table without a control total) hold."""
    return rows.with_columns(
        holds=(pl.col("rows_in") == pl.col("rows_out") + pl.col("rows_set_aside"))
        & (pl.col("amount_in") == pl.col("amount_out") + pl.col("amount_set_aside")).fill_null(value=True)
    ).select(SCHEMA.keys())


def assured(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `holds` computed, all of them true. Raises TieOutBrokenError where one is not."""
    checked = judged(rows)
    broken = checked.filter(~pl.col("holds").fill_null(value=False))
    if broken.height:
        message = f"rows or amounts do not tie out: {broken.to_dicts()}"
        raise TieOutBrokenError(message)
    return checked
