"""How fast persons approve: the approvals that followed one another fastest, and the quickest decision after it was asked for. Whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.allowances import for_everybody
from recon.domain.measures import schema
from recon.match.given import table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_SECOND_DIGITS: Final = 6
_MICROSECONDS: Final = 10**_SECOND_DIGITS
_ACTIONS: Final = ("approve", "release")


def approval_burst(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`approval_burst`, one row per person who approved, sorted by person.

    As many approvals in a row as `stamp_count` asks about, within `stamp_window_seconds`: of all such the one whose gaps have the least
    median. Stamps that are only days, or of a person only whole minutes, tell nothing about gaps; `timed_count` says how many tell more.
    """
    count, window = (_limit(engagement, name) for name in ("stamp_count", "stamp_window_seconds"))
    events = table(accepted, "approval_event").filter(
        pl.col("action").is_in(_ACTIONS) & pl.col("actor_id").is_not_null() & (pl.col("action_at").dt.date() <= engagement.as_of)
    )
    stamped = events.select(
        "company_code", "actor_id", "document_type", "document_number", "action_at", "amount_at_action", "currency", "source_file", "source_row",
        is_timed=~pl.col("action_at_is_date_only") & _to_the_second(), at=pl.col("action_at").cast(pl.Int64),
        wait=pl.when(~pl.col("action_at_is_date_only") & ~pl.col("assigned_at_is_date_only")).then((pl.col("action_at") - pl.col("assigned_at")).dt.total_microseconds()),
    ).collect()  # fmt: skip
    everybody = stamped.group_by("actor_id").agg(
        pl.col("company_code").min(), approval_count=pl.len().cast(pl.Int64), timed_count=pl.col("is_timed").sum().cast(pl.Int64), least_wait=pl.col("wait").filter(pl.col("wait") >= 0).min(),
        source_file=pl.col("source_file").min(), source_row=pl.col("source_row").min(),
    )  # fmt: skip
    told = everybody.join(_fastest(stamped.filter("is_timed"), count, window, engagement), on="actor_id", how="left", validate="1:1").with_columns(
        document_type=pl.lit("user"),
        subject_number="actor_id",
        made_by="actor_id",
        currency=pl.lit(engagement.currency),
        burst_gap_seconds=_seconds(pl.col("gap")),
        least_wait_seconds=_seconds(pl.col("least_wait")),
        **{name: pl.lit(None, dtype=pl.String) for name in ("cycle", "party_id")},
    )
    return told.lazy().select(pl.col(name).cast(kind) for name, kind in schema("approval_burst").items()).sort("subject_number")


def _to_the_second() -> pl.Expr:
    """Whether a person's stamps tell seconds: where every one is a whole minute, what wrote them did not."""
    return (pl.col("action_at").dt.truncate("1m") != pl.col("action_at")).any().over("actor_id")


def _fastest(events: pl.DataFrame, count: int, window: int, engagement: Engagement) -> pl.DataFrame:
    """actor_id, gap (median of microseconds), burst_from, burst_count, burst_amount_base, first_number of each person's fastest approvals in a row."""
    ordered = events.sort("actor_id", "at", "document_type", "document_number", "source_file", "source_row", nulls_last=False)
    gap = (pl.col("at") - pl.col("at").shift(1)).over("actor_id")
    paced = ordered.with_columns(gap=gap, from_at=pl.col("at").shift(count - 1).over("actor_id"))
    median = pl.col("gap").rolling_median(window_size=max(count - 1, 1)).over("actor_id")
    fast = paced.with_columns(median=median).filter(pl.col("at") - pl.col("from_at") <= window * _MICROSECONDS)
    least = (
        fast.sort("actor_id", "median", "from_at", nulls_last=True).group_by("actor_id", maintain_order=True).agg(pl.col("median", "from_at").first())
    )
    within = ordered.join(least, on="actor_id", how="inner", validate="m:1").filter(
        pl.col("at").is_between(pl.col("from_at"), pl.col("from_at") + window * _MICROSECONDS)
    )
    in_base = pl.when(pl.col("currency") == engagement.currency).then("amount_at_action").cast(money.MONEY)
    return within.group_by("actor_id", maintain_order=True).agg(
        gap=pl.col("median").first(),
        burst_from=pl.col("action_at").first(),
        burst_count=pl.len().cast(pl.Int64),
        burst_amount_base=in_base.sum(),
        first_number=pl.col("document_number").first(),
    )


def _seconds(microseconds: pl.Expr) -> pl.Expr:
    return money.from_units(microseconds.round(0).cast(pl.Int128), _SECOND_DIGITS)


def _limit(engagement: Engagement, name: str) -> int:
    """A limit of the control; one that is switched off or without end is met by nobody."""
    text = for_everybody(engagement, name)
    return int(text) if text.isdigit() else 10**9
