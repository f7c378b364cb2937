"""Emergency orders and how long they went without an approval. Whole, from slim projections: few orders are emergencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import RATE, amount
from recon.match.calendars import hours_of
from recon.match.described import described
from recon.match.given import earliest_moment, is_given, latest_moment, table, with_fx_rate
from recon.match.orders_in_force import all_known, orders_in_force, worth
from recon.match.service_levels import as_of_end

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_ORDER: Final = ["company_code", "order_number"]


def emergency_order(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`emergency_order`, sorted: one row per live emergency order, and per company one that counts the others and those of which nobody says it.

    The wait begins with the order's entry and ends with its first approval, else with the as-of day; an approval before the entry is no
    wait. A stamp without a time means any moment of its day: `hours` is the least, `hours_most` the most that the wait can have been.
    """
    lines = _lines(accepted, engagement)
    said = pl.col("emergency") if is_given(accepted, PROCURE_TO_PAY.order_table, "emergency") else pl.lit(None, dtype=pl.Boolean)
    orders = lines.with_columns(emergency=said).group_by(_ORDER).agg(is_emergency=pl.col("emergency").any(ignore_nulls=False))
    loud = _waits(lines.join(orders.filter(pl.col("is_emergency")), on=_ORDER, how="inner"), accepted, engagement)
    quiet = orders.filter(~pl.col("is_emergency").fill_null(value=False)).group_by("company_code", "is_emergency").agg(
        document_count=pl.len().cast(pl.Int64)
    )  # fmt: skip
    rows = pl.concat([loud, quiet], how="diagonal").with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name), document_type=pl.lit(PROCURE_TO_PAY.order_type)
    )  # fmt: skip
    made = described(rows, "emergency_order", accepted)
    columns = schema("emergency_order")
    return made.select(pl.col(name).cast(kind) for name, kind in columns.items()).sort(*_ORDER, "is_emergency", nulls_last=True)


def _lines(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Live lines of purchase orders in force up to the as-of date."""
    return orders_in_force(accepted, PROCURE_TO_PAY, as_of=engagement.as_of).select(
        "company_code", "emergency", "created_at", "created_at_is_date_only", "currency", pl.col("fx_rate").cast(RATE), "source_file", "source_row",
        party_id="supplier_id", order_number="po_number", order_line_no="po_line_no", order_date="po_date", worth=worth(),
    )  # fmt: skip


def _waits(lines: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    rated = with_fx_rate(lines, "order_date", accepted, engagement).with_columns(base=amount(pl.col("worth"), pl.col("fx_rate")))
    entered = (pl.col("created_at"), pl.col("created_at_is_date_only").fill_null(value=False), engagement)
    orders = rated.with_columns(entry=earliest_moment(*entered), entry_most=latest_moment(*entered)).sort(*_ORDER, "order_line_no", "source_row").group_by(
        _ORDER, maintain_order=True
    ).agg(
        pl.col("party_id", "order_date", "currency", "is_emergency", "source_file", "source_row").first(),
        pl.col("created_at", "entry", "entry_most").min(),
        amount_net=all_known("worth"),
        amount_net_base=all_known("base"),
    )  # fmt: skip
    given = (pl.col("action_at"), pl.col("action_at_is_date_only").fill_null(value=False), engagement)
    approvals = table(accepted, "approval_event").filter(
        (pl.col("document_type") == PROCURE_TO_PAY.order_type) & pl.col("action").is_in(["approve", "auto_approve"])
    ).with_columns(approval=earliest_moment(*given), approval_most=latest_moment(*given)).filter(pl.col("approval") < as_of_end(engagement)).group_by(
        "company_code", order_number="document_number"
    ).agg(pl.col("approval", "approval_most", "action_at").min())  # fmt: skip
    met = orders.join(approvals, on=_ORDER, how="left", validate="1:1")
    end, end_most = pl.coalesce("approval", as_of_end(engagement)), pl.coalesce("approval_most", as_of_end(engagement))
    nothing = pl.lit("0").cast(pl.Decimal(20, 10))
    known = pl.col("entry").is_not_null()
    return met.with_columns(
        order_number="order_number",
        approved_at="action_at",
        is_approved=pl.col("approval").is_not_null(),
        hours=pl.when(known).then(pl.max_horizontal(hours_of(end - pl.col("entry_most")), nothing)),
        hours_most=pl.when(known).then(pl.max_horizontal(hours_of(end_most - pl.col("entry")), nothing)),
        document_count=pl.lit(1, dtype=pl.Int64),
    )
