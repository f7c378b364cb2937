"""The tie-out: at every doorway rows and amounts in = out + set aside, table by table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.money import MONEY

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def added_up(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The tie-out of tables that came in parts, in the order of the first part; an amount that no part states stays null."""
    figures = [name for name in SCHEMA if name.startswith(("rows_", "amount_"))]
    total = [pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).cast(SCHEMA[name]).alias(name) for name in figures]
    return assured(
        pl.concat(parts).group_by("table", "doorway", maintain_order=True).agg(*total, holds=pl.lit(None, dtype=pl.Boolean)).select(SCHEMA.keys())
    )
