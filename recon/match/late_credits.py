"""Credit notes around the end of the reported period, beside what is usual. Whole: what is usual is a matter of the company."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.allowances import with_limits
from recon.domain.cycles import ORDER_TO_CASH
from recon.domain.measures import schema
from recon.domain.money import MONEY
from recon.match import whole_numbers as whole
from recon.match.described import described
from recon.match.given import table, with_fx_rate

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_TABLE: Final = ORDER_TO_CASH.invoice_table
_LIMITS: Final = ("credit_search_days", "cluster_days", "baseline_days")
_CREDITS: Final = ("credit", "value_credit")
_GROUP: Final = ["company_code", "window", "period_end"]
_MONTHS: Final = 12
_WEEK: Final = 7
_WITHOUT_END: Final = 100_000


def late_credit(accepted: Accepted, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """(`late_credit`, live customer credit notes looked at), sorted: those after an end of the period, and those of its last days.

    `window` says which: after the end, for an invoice of the period that ended; origin unknown, after the end without naming an invoice
    on file; last days. What is usual is what the same window held at the ends of earlier periods within `baseline_days` that the
    extract covers (mean, and the standard deviation of all of them, rounded down to the last digit of money). Needs two of those.
    """
    lines = _live(accepted, engagement)
    notes = _notes(lines, accepted, engagement).collect()
    by_company = with_limits(notes.lazy().select("company_code").unique(), engagement, *_LIMITS)
    limits = by_company.with_columns(_days(name) for name in _LIMITS)
    windows = pl.LazyFrame(_windows(engagement), schema={"period_end": pl.Date, "end": pl.Date, "start": pl.Date, "turn": pl.Int64}, orient="row")
    placed = (
        notes.lazy().join(limits, on="company_code", how="left", validate="m:1").join(windows, how="cross").with_columns(window=_window(engagement))
    )
    placed = placed.filter(pl.col("window").is_not_null()).collect().lazy()
    summed = placed.group_by(*_GROUP, "end", "turn").agg(total=pl.col("amount_base").sum(), unrated=pl.col("amount_base").null_count())
    now = placed.filter(pl.col("turn") == 0)
    usual = _usual(now.select(_GROUP).unique(), windows, limits, summed, lines)
    told = now.join(usual, on=_GROUP, how="left", validate="m:1").join(
        _sales(lines, accepted, engagement), on=["company_code", "period_end"], how="left"
    )
    size = pl.col("amount_base")
    ranked = told.with_columns(
        window_amount_base=pl.when(size.null_count().over(_GROUP) == 0).then(size.sum().over(_GROUP)),
        is_largest=pl.struct(-size.fill_null(0), "document_number").rank("ordinal").over(_GROUP) == 1,
        days_from_end=(pl.col("posting_date") - pl.col("period_end")).dt.total_days(),
        cycle=pl.lit(ORDER_TO_CASH.name),
        document_type=pl.lit(ORDER_TO_CASH.invoice_type),
    )
    measured = described(ranked, "late_credit", accepted).select(schema("late_credit").keys())
    return measured.sort("company_code", "document_number", "window", "period_end"), notes.height


def _days(name: str) -> pl.Expr:
    """A limit in days; switched off it is none, without end it is longer than any extract."""
    text = pl.col(name)
    number = pl.when(~text.is_in(["not_checked", "unlimited"])).then(text).cast(pl.Decimal(38, 10)).cast(pl.Int64)
    return pl.when(text == "unlimited").then(_WITHOUT_END).when(text == "not_checked").then(0).otherwise(number).alias(name)


def _live(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Lines of customer invoices and credits that count, with the day they were booked."""
    lines = table(accepted, _TABLE).with_columns(posting_date=pl.coalesce("posting_date", "invoice_date"))
    known = (pl.col("posting_date") <= engagement.as_of) & (pl.col("invoice_date") <= engagement.as_of)
    lines = lines.filter(known & ~pl.col("is_cancelled").fill_null(value=False)).rename({ORDER_TO_CASH.party: "party_id"})
    undone = lines.filter(pl.col("invoice_kind") == "reversal").select("company_code", invoice_number="origin_invoice_number").unique()
    kept = lines.filter(pl.col("invoice_kind").fill_null("invoice") != "reversal")
    return kept.join(undone, on=["company_code", "invoice_number"], how="anti")


def _notes(lines: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per credit note: its amount without tax, the invoice it names and the day that one was booked."""
    booked = lines.filter(~pl.col("invoice_kind").is_in(_CREDITS).fill_null(value=False)).group_by("company_code", "invoice_number").agg(
        origin_date=pl.col("posting_date").min()
    )  # fmt: skip
    notes = lines.filter(pl.col("invoice_kind").is_in(_CREDITS)).group_by("company_code", "party_id", "invoice_number").agg(
        pl.col("posting_date", "invoice_date", "currency", "fx_rate", "reason_code", "source_file").first(), pl.col("source_row").min(),
        origin_number=pl.col("origin_invoice_number").drop_nulls().min(), amount=-pl.col("line_amount_net").sum(),
    )  # fmt: skip
    rated = with_fx_rate(notes, "invoice_date", accepted, engagement).with_columns(amount_base=money.amount(pl.col("amount"), pl.col("fx_rate")))
    named = rated.rename({"invoice_number": "document_number", "invoice_date": "document_date"})
    origins = booked.rename({"invoice_number": "origin_number"})
    return named.join(origins, on=["company_code", "origin_number"], how="left", validate="m:1")


def _windows(engagement: Engagement) -> list[tuple[date, date, date, int]]:
    """(end of the period, end, first day, turn): the two ends of the reported period (turn 0), and each a whole number of periods before."""
    first, last = engagement.period.from_, engagement.period.to
    found = []
    for period_end in (first - timedelta(days=1), last):
        end = period_end
        for turn in range(_MONTHS * 3):
            start = _first_day(end, first, last)
            found.append((period_end, end, start, turn))
            end = start - timedelta(days=1)
    return found


def _first_day(end: date, first: date, last: date) -> date:
    """The first day of the period of the reported one's length that ends there; whole months stay whole."""
    if first.day == 1 and (last + timedelta(days=1)).day == 1 and (end + timedelta(days=1)).day == 1:
        months = (last.year - first.year) * _MONTHS + last.month - first.month
        month = end.year * _MONTHS + end.month - 1 - months
        return date(month // _MONTHS, month % _MONTHS + 1, 1)
    return end - (last - first)


def _window(engagement: Engagement) -> pl.Expr:
    """Which window of this end a credit note lies in; null for none."""
    after = (pl.col("posting_date") - pl.col("end")).dt.total_days()
    follows = after.is_between(1, pl.col("credit_search_days"))
    of_period = pl.col("origin_date").is_between(pl.col("start"), pl.col("end"))
    is_last = (pl.col("period_end") == engagement.period.to) & (after <= 0) & (after > -pl.col("cluster_days"))
    return (
        pl.when(follows & of_period)
        .then(pl.lit("after the end"))
        .when(follows & pl.col("origin_date").is_null())
        .then(pl.lit("origin unknown"))
        .when(is_last)
        .then(pl.lit("last days"))
    )


def _usual(groups: pl.LazyFrame, windows: pl.LazyFrame, limits: pl.LazyFrame, summed: pl.LazyFrame, lines: pl.LazyFrame) -> pl.LazyFrame:
    """Per group: baseline_count, baseline_mean_base and baseline_deviation_base over the earlier windows that the extract covers."""
    since = lines.group_by("company_code").agg(since=pl.col("posting_date").min())
    earlier = windows.filter(pl.col("turn") > 0).join(groups, on="period_end", how="inner").join(since, on="company_code", how="left")
    earlier = earlier.join(limits.select("company_code", "baseline_days"), on="company_code", how="left", validate="m:1")
    reached = (pl.col("start") >= pl.col("since")) & ((pl.col("period_end") - pl.col("end")).dt.total_days() <= pl.col("baseline_days"))
    held = earlier.filter(reached).join(summed, on=[*_GROUP, "end", "turn"], how="left", validate="1:1")
    n, total = pl.len().cast(pl.Int128), pl.col("units").sum()
    figures = held.with_columns(units=whole.units(pl.col("total").fill_null(0).cast(MONEY))).group_by(_GROUP).agg(
        baseline_count=pl.len().cast(pl.Int64), unrated=pl.col("unrated").fill_null(0).sum(), sum=total,
        spread=n * (pl.col("units") * pl.col("units")).sum() - total * total,
    ).collect()  # fmt: skip
    root = whole.square_root(figures["spread"])
    known = (pl.col("baseline_count") > 1) & (pl.col("unrated") == 0)
    count = pl.col("baseline_count").cast(pl.Int128)
    return figures.with_columns(root=root).lazy().select(
        *_GROUP, "baseline_count",
        baseline_mean_base=pl.when(known).then(money.from_units(whole.over(pl.col("sum"), count), 6)),
        baseline_deviation_base=pl.when(known).then(money.from_units(pl.col("root") // count, 6)),
    )  # fmt: skip


def _sales(lines: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """last_week_sales_base: what was billed without tax in the last seven days up to each end, per company; null where a rate is not known."""
    ends = pl.LazyFrame({"period_end": [engagement.period.from_ - timedelta(days=1), engagement.period.to]})
    billed = lines.filter(~pl.col("invoice_kind").is_in(_CREDITS).fill_null(value=False)).join(ends, how="cross")
    days = (pl.col("period_end") - pl.col("posting_date")).dt.total_days()
    rated = with_fx_rate(billed.filter((days >= 0) & (days < _WEEK)), "invoice_date", accepted, engagement)
    worth = money.amount(pl.col("line_amount_net"), pl.col("fx_rate"))
    return rated.with_columns(worth=worth).group_by("company_code", "period_end").agg(
        last_week_sales_base=pl.when(pl.col("worth").null_count() == 0).then(pl.col("worth").sum())
    )  # fmt: skip
