"""Creep: what small differences add up to that the limits let pass, per party. A single one is nobody's business; their sum is.

Counted are invoice lines whose status is within tolerance. Over and under are added up on their own, kind of difference by kind, so that
a price too high on one line does not hide behind one too low on the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain.money import MONEY
from recon.report.bridge_words import VARIANCES

if TYPE_CHECKING:
    from recon.domain.workpapers import Workpapers

KEY: Final = ("cycle", "company_code", "party_id")
COLUMNS: Final = (*KEY, "line_count", "over_amount_base", "under_amount_base", "creep_amount_base", *VARIANCES, "unknown_count")
_PARTIES_MOST: Final = 10
_NOTHING: Final = pl.lit(0, dtype=MONEY)


def creep(lines: pl.LazyFrame) -> pl.LazyFrame:
    """One row per cycle, company and party with a tolerated difference, in the columns of COLUMNS, company currency.

    `lines`: invoice lines with their status. creep is over less under, and the sum of the kinds of difference; unknown_count: lines
    some of whose differences are not known, which the sums leave out. Above zero the invoices say more than the orders.
    """
    tolerated = lines.filter(pl.col("match_status") == "within_tolerance")
    over = pl.sum_horizontal(pl.max_horizontal(pl.col(name).fill_null(_NOTHING), _NOTHING) for name in VARIANCES)
    under = pl.sum_horizontal(pl.max_horizontal(-pl.col(name).fill_null(_NOTHING), _NOTHING) for name in VARIANCES)
    summed = tolerated.with_columns(over=over, under=under).group_by(KEY).agg(
        pl.len().cast(pl.Int64).alias("line_count"), pl.col("over").sum().alias("over_amount_base"), pl.col("under").sum().alias("under_amount_base"),
        *(pl.col(name).sum() for name in VARIANCES),
        pl.any_horizontal(pl.col(name).is_null() for name in VARIANCES).sum().cast(pl.Int64).alias("unknown_count"),
    )  # fmt: skip
    told = summed.with_columns(creep_amount_base=pl.col("over_amount_base") - pl.col("under_amount_base"))
    return told.filter((pl.col("over_amount_base") != 0) | (pl.col("under_amount_base") != 0) | (pl.col("unknown_count") > 0)).select(COLUMNS)


def crept(workpapers: Workpapers, cycles: tuple[str, ...]) -> dict[str, Any]:
    """The parties with the largest creep, and how many there are."""
    lines = workpapers.outcomes.invoice_lines
    rows = creep(lines.filter(pl.col("cycle").is_in(cycles)) if cycles else lines).collect()
    names = {} if workpapers.parties is None else {row[:2]: row[2] for row in workpapers.parties.select("cycle", "party_id", "party_name").rows()}
    top = rows.sort(pl.col("creep_amount_base").abs(), *KEY, descending=[True, False, False, False], nulls_last=True).head(_PARTIES_MOST)
    return {
        "creep": [row | {"party_name": names.get((row["cycle"], row["party_id"]))} for row in top.to_dicts()],
        "creep_count": rows.height,
    }
