"""Orders against the first thing they should have come before: a receipt, a shipment, an invoice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match.given import local_day

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.match.given import MeasuredLines

_ORDER = ["cycle", "company_code", "order_number"]


def order_timing(lines: MeasuredLines, approvals: pl.LazyFrame, engagement: Engagement) -> pl.LazyFrame:
    """One row per order with a live line, in the columns of `order_timing`, sorted by order.

    An order came into being when it
    was entered, or, where nobody recorded that, when it was first approved; `order_date` proves nothing, for it is typed by
    hand. `gap_days` counts days from the first event to that day: positive means the order came after the fact. It is null
    where nothing has happened yet or the day of creation is unknown. The number of the first document is looked up for
    late orders only.
    """
    entered = lines.order_documents.lazy().with_columns(created_date=local_day("created_at", engagement))
    orders = entered.join(_first_approvals(approvals, engagement), on=_ORDER, how="left", validate="1:1")
    created = pl.coalesce("created_date", "approved_date")
    by_fulfilment = pl.col("fulfilled_day") <= pl.col("invoiced_day").fill_null(pl.col("fulfilled_day"))
    fulfilment_type = pl.col("cycle").replace_strict({c.name: c.fulfilment_type for c in CYCLES}, return_dtype=pl.String)
    invoice_type = pl.col("cycle").replace_strict({c.name: c.invoice_type for c in CYCLES}, return_dtype=pl.String)
    measured = orders.with_columns(
        created_date=created,
        creation_is_known=created.is_not_null(),
        first_event=pl.when(by_fulfilment).then(fulfilment_type).when(pl.col("invoiced_day").is_not_null()).then(invoice_type),
        first_event_date=pl.min_horizontal("fulfilled_day", "invoiced_day"),
    ).with_columns(gap_days=(pl.col("created_date") - pl.col("first_event_date")).dt.total_days())
    late = measured.filter(pl.col("gap_days") > 0).select(*_ORDER, "first_event", "first_event_date")
    numbers = pl.concat([_numbers(late, lines.fulfilments, "fulfilment"), _numbers(late, lines.invoices, "invoice")])
    numbered = measured.join(numbers, on=[*_ORDER, "first_event"], how="left", validate="1:1")
    return numbered.select(schema("order_timing").keys()).sort(_ORDER)


def _first_approvals(approvals: pl.LazyFrame, engagement: Engagement) -> pl.LazyFrame:
    return (
        approvals.filter(pl.col("document_type").is_in([cycle.order_type for cycle in CYCLES]))
        .with_columns(approved_date=local_day("first_approval_at", engagement))
        .group_by("cycle", "company_code", order_number="document_number")
        .agg(pl.col("approved_date").min())
    )


def _numbers(late: pl.LazyFrame, lines: pl.LazyFrame, stem: str) -> pl.LazyFrame:
    """The first document's number per late order, for the orders whose first event is of this kind."""
    types = {c.name: (c.fulfilment_type if stem == "fulfilment" else c.invoice_type) for c in CYCLES}
    first_event = pl.col("cycle").replace_strict(types, return_dtype=pl.String)
    return (
        lines.filter(pl.col("is_live") & pl.col("order_number").is_not_null())
        .select(*_ORDER, first_event_number=f"{stem}_number", first_event_date=f"{stem}_date")
        .with_columns(first_event=first_event)
        .join(late, on=[*_ORDER, "first_event", "first_event_date"], how="inner", validate="m:1")
        .group_by(*_ORDER, "first_event")
        .agg(pl.col("first_event_number").min())
    )
