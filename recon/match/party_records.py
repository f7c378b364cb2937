"""How each supplier and customer delivers, bills and pays: counts and sums, no grade.

Bucket-local: a party's documents are in one bucket. `ordered_amount_base` and the like are null where no line's rate is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.domain.money import MONEY, amount

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.match.given import MeasuredLines

_PARTY = ("cycle", "party_id")


def party_records(lines: MeasuredLines, invoices: pl.LazyFrame, settlements: pl.LazyFrame, engagement: Engagement) -> pl.LazyFrame:
    """One row per party of each cycle, in the columns of `party_record`, sorted by cycle and party.

    A line is due when its promised day (else the day it is needed by) is not after the as-of date, it is live and waits for goods.
    It was on time and in full when at least the ordered quantity arrived and the last of it came on that day or before.
    """
    parts = [_orders(lines.orders, engagement), _fulfilments(lines.fulfilments), _bills(lines.invoices), _payments(invoices, settlements)]
    named = pl.concat([frame.select(*_PARTY, "party_name", "group_id") for frame in (lines.orders, lines.fulfilments, lines.invoices)])
    known = named.filter(pl.col("party_id").is_not_null()).group_by(_PARTY).agg(pl.col("party_name", "group_id").min())
    for part in parts:
        known = known.join(part, on=list(_PARTY), how="left", validate="1:1")
    counts = [name for name in schema("party_record") if name.endswith("_count")]
    filled = known.with_columns(pl.col(counts).fill_null(0))
    types = {cycle.name: cycle.party_table for cycle in CYCLES}
    typed = filled.with_columns(document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String))
    beyond = [name for name in schema("party_record") if name not in typed.collect_schema().names()]  # a party is in many companies and files
    filled = typed.with_columns(pl.lit(None).alias(name) for name in beyond)
    return filled.select(pl.col(name).cast(kind) for name, kind in schema("party_record").items()).sort(_PARTY)


def _orders(orders: pl.LazyFrame, engagement: Engagement) -> pl.LazyFrame:
    day = pl.coalesce("promised_date", "need_by_date")
    awaited = pl.col("is_live") & pl.col("needs_fulfilment") & (pl.col("ordered_quantity") > 0)
    due = (awaited & (day <= engagement.as_of)).fill_null(value=False)
    whole = (pl.col("fulfilled_quantity") >= pl.col("ordered_quantity")).fill_null(value=False)
    late_days = (pl.when(whole).then("last_fulfilled_date").otherwise(pl.lit(engagement.as_of)) - day).dt.total_days()
    late = due & (late_days > 0)
    lateness = pl.when(awaited & (pl.col("fulfilled_quantity") > 0)).then((pl.col("last_fulfilled_date") - pl.col("promised_date")).dt.total_days())
    return (
        orders.filter(pl.col("is_live"))
        .with_columns(_due=due, _whole=whole, _late=late, _days=pl.when(late).then(late_days), _lateness=lateness)
        .group_by(_PARTY)
        .agg(
            order_line_count=pl.len(),
            ordered_amount_base=_known("ordered_amount_base"),
            due_line_count=pl.col("_due").sum(),
            on_time_in_full_line_count=(pl.col("_due") & pl.col("_whole") & ~pl.col("_late")).sum(),
            late_line_count=pl.col("_late").sum(),
            late_day_count=pl.col("_days").sum(),
            undelivered_line_count=(pl.col("_due") & ~pl.col("_whole")).sum(),
            dated_line_count=pl.col("_lateness").is_not_null().sum(),
            lateness_p90_days=_ninety_percent("_lateness"),
        )
    )


def _fulfilments(fulfilments: pl.LazyFrame) -> pl.LazyFrame:
    back = pl.col("fulfilment_kind").is_in(["return", "reversal"]).fill_null(value=False)
    return (
        fulfilments.filter(pl.col("is_live"))
        .group_by(_PARTY)
        .agg(
            fulfilled_line_count=(~back).sum(),
            rejected_line_count=(~back & (pl.col("rejected_quantity") != 0)).sum(),
            returned_line_count=(pl.col("fulfilment_kind") == "return").sum(),
            delivered_quantity=pl.col("quantity").filter(~back).sum(),
            refused_quantity=_refused(),
        )
    )


def _refused() -> pl.Expr:
    """Rejected and sent back; a return of what had been rejected takes its rejection back. Null where a party's lines say neither."""
    returned = -pl.col("quantity").filter(pl.col("fulfilment_kind") == "return").sum()
    known = pl.col("rejected_quantity").is_not_null().any() | pl.col("fulfilment_kind").is_not_null().any()
    return pl.when(known).then(pl.col("rejected_quantity").sum() + returned)


def _bills(invoices: pl.LazyFrame) -> pl.LazyFrame:
    figures = {name: _known(name) for name in ("invoiced_amount_base", "quantity_variance", "price_variance")}
    return invoices.filter(pl.col("is_live")).group_by(_PARTY).agg(invoice_line_count=pl.len(), **figures)


def _payments(invoices: pl.LazyFrame, settlements: pl.LazyFrame) -> pl.LazyFrame:
    """Invoices that are paid in full, against their due dates: the day of the last payment counts."""
    key = ["cycle", "company_code", "party_id", "invoice_number"]
    last = settlements.filter(pl.col("payment_number").is_not_null()).group_by(key).agg(pl.col("payment_date").max())
    kinds = pl.col("invoice_kind").fill_null("invoice") == "invoice"
    paid = invoices.filter(
        pl.col("is_live") & kinds & (pl.col("open_amount") == 0) & pl.col("due_date").is_not_null() & pl.col("amount_gross_base").is_not_null()
    )
    dated = paid.join(last, on=key).with_columns(_days=(pl.col("payment_date") - pl.col("due_date")).dt.total_days())
    weight = amount(pl.col("amount_gross_base"), pl.col("_days").cast(pl.Decimal(38, 0)))
    return (
        dated.with_columns(_weight=weight)
        .group_by(_PARTY)
        .agg(
            settled_invoice_count=pl.len(),
            settled_late_invoice_count=(pl.col("_days") > 0).sum(),
            settled_amount_base=pl.col("amount_gross_base").sum(),
            settled_day_amount_base=pl.col("_weight").sum().cast(MONEY),
        )
    )


def _ninety_percent(column: str) -> pl.Expr:
    """The smallest of the values that nine in ten do not exceed; a whole number, not a mean of two."""
    values = pl.col(column).drop_nulls().sort()
    return values.get((values.len() * 9 + 9) // 10 - 1, null_on_oob=True)


def _known(column: str) -> pl.Expr:
    """The sum of the known figures; null when none is known, because that is not zero."""
    return pl.when(pl.col(column).is_not_null().any()).then(pl.col(column).sum())
