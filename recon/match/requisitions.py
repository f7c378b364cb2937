"""Purchase orders beside the requisitions that they answer. Bucket-local: an order line, and the requisition it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.company import company_facts
from recon.match.given import is_given, local_day, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines

_REQUISITION: Final = ["company_code", "requisition_id"]
_APPROVING: Final = ("approve", "auto_approve", "release")
_CONSENTED: Final = ("approved", "partially_fulfilled", "fulfilled", "closed")


def order_requisition(lines: MeasuredLines, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per live purchase order line, sorted by order line; nothing where the source gives no requisitions.

    A requisition is approved on the order date by its own time of approval, else by the first approving event that names it,
    else by its status, which says nothing about the day. Where none of the three is recorded it is `unproven`.
    """
    columns = schema("order_requisition")
    if not is_given(accepted, "purchase_requisition_line"):
        return pl.LazyFrame(schema=columns)
    order = ["cycle", "company_code", "order_number"]
    live = lines.orders.filter(pl.col("is_live") & (pl.col("cycle") == PROCURE_TO_PAY.name))
    told = live.select(name for name in columns if name in schema("order_line_match")).with_columns(
        document_amount_base=pl.when(pl.col("ordered_amount_base").is_not_null().all().over(order)).then(
            pl.col("ordered_amount_base").sum().over(order)
        )
    )
    asked = told.join(_requisitions(accepted, engagement), on=_REQUISITION, how="left", validate="m:1")
    late = pl.col("approved_date") > pl.col("order_date")
    state = (
        pl.when(pl.col("requisition_id").is_null())
        .then(pl.lit("none"))
        .when(pl.col("is_known").is_null())
        .then(pl.lit("missing"))
        .when("is_dead")
        .then(pl.lit("cancelled"))
        .when(late | pl.col("is_refused"))
        .then(pl.lit("not_approved"))
        .when(pl.col("approved_date").is_not_null() | pl.col("is_consented"))
        .then(pl.lit("approved"))
        .when("is_recorded")
        .then(pl.lit("not_approved"))
        .otherwise(pl.lit("unproven"))
    )
    return asked.with_columns(requisition_state=state).select(columns.keys()).sort("company_code", "order_number", "order_line_no")


def _requisitions(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """By requisition: whether all its lines are dead, one was refused or consented to, the day of its first approval."""
    rows = table(accepted, "purchase_requisition_line")
    status = pl.col("doc_status")
    requisitions = (
        rows.with_columns(own_day=local_day("approved_at", engagement))
        .group_by(_REQUISITION)
        .agg(
            is_known=pl.lit(value=True),
            is_dead=(pl.col("is_cancelled").fill_null(value=False) | status.is_in(["cancelled", "reversed"]).fill_null(value=False)).all(),
            is_refused=status.is_in(["rejected", "draft"]).fill_null(value=False).any(),
            is_consented=status.is_in(_CONSENTED).fill_null(value=False).any(),
            is_stated=status.is_not_null().any(),
            own_day=pl.col("own_day").min(),
        )
    )
    events = table(accepted, "approval_event").filter(pl.col("document_type") == "requisition")
    approving = events.filter(pl.col("action").is_in(_APPROVING)).with_columns(day=local_day("action_at", engagement))
    first = approving.group_by("company_code", requisition_id="document_number").agg(event_day=pl.col("day").min())
    any_event = "requisition" in company_facts(accepted, engagement).approved_types["document_type"]
    recorded = is_given(accepted, "purchase_requisition_line", "approved_at") or any_event
    joined = requisitions.join(first, on=_REQUISITION, how="left", validate="1:1")
    return joined.with_columns(approved_date=pl.coalesce("own_day", "event_day"), is_recorded=pl.lit(recorded) | pl.col("is_stated"))
