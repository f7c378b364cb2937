"""At what time of the day, and on what kind of day, approvals were given. Bucket-local: made of the decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.measures import schema
from recon.match.calendars import in_hours

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.match.approvals import Approvals
    from recon.match.calendars import Calendar

_EVENT: Final = ["company_code", "document_number", "actor_id", "step", "action_at"]


def approval_hour(approved: Approvals, calendar: Calendar, engagement: Engagement) -> pl.LazyFrame:
    """approval_hour, in the order of the decisions: one row per approving event of a person.

    `local_hours`: since midnight in the engagement's zone; null where the stamp tells the day only. `amount_base`: of the document without tax, else what
    was recorded at the decision, where that is in company currency.
    """
    coarse = approved.events.group_by(_EVENT).agg(is_day=pl.col("action_at_is_date_only").any())
    rows = approved.decision.join(coarse.lazy(), on=_EVENT, how="left", validate="m:1", nulls_equal=True, maintain_order="left")
    local = pl.col("action_at").dt.convert_time_zone(engagement.time_zone)
    is_timed = ~pl.col("is_day").fill_null(value=True)
    day = pl.when(is_timed).then(local.dt.date()).otherwise(pl.col("action_at").dt.date())
    clock = local.dt.time().cast(pl.Duration("us")).dt.total_microseconds()
    said = pl.when(pl.col("currency") == engagement.currency).then("amount_at_decision")
    told = rows.with_columns(
        decided_date=day,
        local_hours=pl.when(is_timed).then(in_hours(clock)),
        local_time=pl.when(is_timed).then(local.dt.strftime("%H:%M:%S")),
        is_working_day=calendar.works(day),
        amount_base=pl.coalesce("amount_net_base", said).abs(),
    )
    return told.select(pl.col(name).cast(kind) for name, kind in schema("approval_hour").items())
