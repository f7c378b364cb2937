"""Suppliers whose bills bear consecutive numbers, as if they billed nobody else. Whole: our companies count as one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import table
from recon.match.party_masters import period_spend
from recon.match.series import PARTS
from recon.match.whole_numbers import over

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_SHARE_DIGITS: Final = 6


def consecutive_bills(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`consecutive_bills`, sorted: one row per supplier and row of its bills with consecutive numbers; one of a single bill where it has none.

    Bills up to the as-of date in the order of their dates (then of their numbers), whether they count or were cancelled, since their numbers are used;
    one number on one day is one bill. A number follows another where its last run of digits is one more and the rest is the same. `step_share`:
    of all steps from one bill of the supplier to its next those that are consecutive; null with one bill.
    """
    steps = _steps(accepted, engagement).with_columns(
        run=(~pl.col("follows")).cast(pl.Int64).cum_sum().over("party_id"), bill_count=pl.len().cast(pl.Int64).over("party_id"),
        followed_count=pl.col("follows").cast(pl.Int64).sum().over("party_id"),
    )  # fmt: skip
    runs = steps.group_by("party_id", "run").agg(
        pl.col("bill_count", "followed_count").first(), run_count=pl.len().cast(pl.Int64), first_date=pl.col("day").min(), last_date=pl.col("day").max(),
        first_number=pl.col("number").first(), last_number=pl.col("number").last(), source_file=pl.col("source_file").first(),
        source_row=pl.col("source_row").first(),
    )  # fmt: skip
    shown = runs.filter((pl.col("run_count") > 1) | ((pl.col("followed_count") == 0) & (pl.col("run") == 1)))
    share = over(pl.col("followed_count").cast(pl.Int128) * 10**_SHARE_DIGITS, (pl.col("bill_count") - 1).cast(pl.Int128))
    spend = period_spend(accepted, engagement).filter(pl.col("cycle") == PROCURE_TO_PAY.name).select("party_id", "spend_amount_base", "has_bills")
    nothing = pl.when(pl.col("has_bills").is_null()).then(pl.lit(0).cast(money.MONEY))
    told = shown.join(spend, on="party_id", how="left", validate="m:1").with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name), document_type=pl.lit(PROCURE_TO_PAY.party_table), document_number="party_id",
        run_days=(pl.col("last_date") - pl.col("first_date")).dt.total_days(),
        step_share=pl.when(pl.col("bill_count") > 1).then(money.from_units(share, _SHARE_DIGITS)),
        spend_amount_base=nothing.otherwise("spend_amount_base"),
    )  # fmt: skip
    made = described(told, "consecutive_bills", accepted)
    return made.select(pl.col(name).cast(kind) for name, kind in schema("consecutive_bills").items()).sort("party_id", "first_date", "first_number")


def _steps(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """party_id, number, day, source of the bills in the order of their dates, and whether each number follows the one before."""
    bills = table(accepted, PROCURE_TO_PAY.invoice_table).filter(
        (pl.col("invoice_kind").fill_null("invoice") == "invoice") & (pl.col("invoice_date") <= engagement.as_of)
    )
    once = bills.group_by(party_id="supplier_id", number="invoice_number", day="invoice_date").agg(
        source_file=pl.col("source_file").min(), source_row=pl.col("source_row").min()
    )
    spelt = pl.col("number").str.normalize("NFKC")
    parted = once.with_columns(
        prefix=spelt.str.extract(PARTS, 1), count=spelt.str.extract(PARTS, 2).cast(pl.Int64), suffix=spelt.str.extract(PARTS, 3)
    ).sort("party_id", "day", "count", "number", nulls_last=True)  # fmt: skip
    before = {name: pl.col(name).shift(1).over("party_id") for name in ("prefix", "count", "suffix")}
    follows = (pl.col("count") - before["count"] == 1) & (pl.col("prefix") == before["prefix"]) & (pl.col("suffix") == before["suffix"])
    return parted.with_columns(follows=follows.fill_null(value=False))
