"""Days in their fiscal periods: those of the company where the source names them, else calendar months. Bucket-local: masters only."""

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


def with_period(frame: pl.LazyFrame, day: str, name: str, accepted: Accepted) -> pl.LazyFrame:
    """Add `{name}_from`, `{name}_to`, `{name}_closed_at` and `{name}_on_file` of the period that holds the date in column `day`.

    A row of `fiscal_period` without a company holds for all of them. Days that no row covers belong to their calendar month, whose
    closing nobody recorded: they are not on file.
    """
    parts = ("from", "to", "closed_at", "on_file")
    month = {"from": pl.col(day).dt.month_start(), "to": pl.col(day).dt.month_end()}
    if not is_given(accepted, "fiscal_period"):
        nothing = {"closed_at": pl.lit(None, dtype=pl.Datetime("us", "UTC")), "on_file": pl.lit(value=False)}
        return frame.with_columns(**{f"{name}_{part}": found for part, found in (month | nothing).items()})
    held = _held(frame.select("company_code", _day=day).unique().drop_nulls("_day"), accepted)
    told = frame.join(held, left_on=["company_code", day], right_on=["company_code", "_day"], how="left", validate="m:1", nulls_equal=True)
    on_file = pl.col("_from").is_not_null()
    found = {"from": pl.coalesce("_from", month["from"]), "to": pl.coalesce("_to", month["to"]), "closed_at": pl.col("_closed"), "on_file": on_file}
    return told.with_columns(**{f"{name}_{part}": found[part] for part in parts}).drop("_from", "_to", "_closed")


def _held(days: pl.LazyFrame, accepted: Accepted) -> pl.LazyFrame:
    """company_code, _day with _from, _to, _closed of the period on file; the company's own before the one for all."""
    periods = table(accepted, "fiscal_period").select("company_code", _from="from_date", _to="to_date", _closed="closed_at").collect()
    met = days.join(periods.lazy().rename({"company_code": "_company"}), how="cross").filter(
        (pl.col("_company").is_null() | (pl.col("_company") == pl.col("company_code")).fill_null(value=False))
        & (pl.col("_from") <= pl.col("_day"))
        & (pl.col("_day") <= pl.col("_to"))
    )
    return (
        met.sort("company_code", "_day", pl.col("_company").is_null(), "_from", "_to", "_closed")
        .unique(["company_code", "_day"], keep="first", maintain_order=True)
        .drop("_company")
    )
