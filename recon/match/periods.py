"""Days in their fiscal periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.match.given import is_given, table

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted


def with_days_left(lines: pl.LazyFrame, day: str, accepted: Accepted) -> pl.LazyFrame:
    """Add `period_days_left`: days from `day` to the last day of the company's fiscal period, else of the calendar month; 0 on the last day.

    A period without a company holds for every company; the shortest of several that hold the day counts. Rows are kept one to one, in order.
    """
    month_end = (pl.col(day).dt.month_end() - pl.col(day)).dt.total_days()
    if not is_given(accepted, "fiscal_period"):
        return lines.with_columns(period_days_left=month_end)
    periods = table(accepted, "fiscal_period").select("from_date", "to_date", of_company="company_code")
    days = lines.select("company_code", day).unique()
    met = days.join(periods, how="cross").filter(
        pl.col(day).is_between(pl.col("from_date"), pl.col("to_date")) & (pl.col("of_company") == pl.col("company_code")).fill_null(value=True)
    )
    shortest = (pl.col("to_date") - pl.col("from_date")).min()
    ends = met.with_columns(left=(pl.col("to_date") - pl.col(day)).dt.total_days()).group_by("company_code", day)
    left = ends.agg(pl.col("left").filter((pl.col("to_date") - pl.col("from_date")) == shortest).min()).collect()
    joined = lines.join(left.lazy(), on=["company_code", day], how="left", validate="m:1", maintain_order="left")
    return joined.with_columns(period_days_left=pl.coalesce("left", month_end)).drop("left")
