"""How much came in, run by run: rows and control total of every input table, carried from run to run so that what is usual is known."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from recon.domain.money import MONEY

#: Columns of `results/volumes.csv`.
SCHEMA: Final[dict[str, pl.DataType]] = {"as_of": pl.Date(), "table": pl.String(), "row_count": pl.Int64(), "amount": MONEY}
#: Weeks that are remembered: a year of the same day of the week.
REMEMBERED_WEEKS: Final = 53


def volumes(tie_out: pl.DataFrame, as_of: date, earlier: pl.DataFrame | None) -> pl.DataFrame:
    """Rows and control total per table of the run whose tie-out this is, and of the runs before it that `earlier` remembers; sorted.

    Of several runs about one day the last counts.
    """
    mine = tie_out.filter(pl.col("doorway") == "validate").select(
        "table", as_of=pl.lit(as_of, dtype=pl.Date), row_count="rows_in", amount="amount_in"
    )
    since = as_of - timedelta(weeks=REMEMBERED_WEEKS)
    before = [] if earlier is None else [earlier.filter(pl.col("as_of").is_between(since, as_of, closed="left"))]
    rows = [frame.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()) for frame in (mine, *before)]
    return pl.concat(rows).sort("as_of", "table")
