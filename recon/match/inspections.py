"""Receipts of goods that have to be inspected, and whether their bill already presses. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.given import is_given, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines

_ORDER_LINE: Final = ["cycle", "company_code", "order_number", "order_line_no"]
_BILL: Final = ["cycle", "company_code", "party_id", "invoice_number", "invoice_date", "internal_number"]


def receipt_inspection(lines: MeasuredLines, levels: pl.Series, bills: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per live receipt line of goods under four-way matching or marked in the item master, sorted by receipt line.

    `levels`: the matching level of every unit. `bills`: invoice documents with due_date and paid_amount. `is_bill_due_or_paid`: a bill of the order line is due by the
    as-of date or something of it is paid; false where none is known.
    """
    inspected = table(accepted, "item").filter(pl.col("inspection_required")).select("item_id").unique().collect()
    must = (pl.col("match_level") == "4way").fill_null(value=False) | pl.col("item_id").is_in(inspected["item_id"].implode())
    is_receipt = pl.col("is_live") & (pl.col("cycle") == PROCURE_TO_PAY.name) & (pl.col("fulfilment_kind").fill_null("receipt") == "receipt")
    columns = schema("receipt_inspection")
    if inspected.is_empty() and not (levels == "4way").any():
        return pl.LazyFrame(schema=columns)
    known = [name for name in columns if name in schema("fulfilment_line_match")]
    goods = lines.fulfilments.filter(is_receipt & must & (pl.col("quantity") > 0)).select(known).collect()
    pressing = _pressed(goods, lines, bills, engagement)
    told = goods.join(pressing, on=_ORDER_LINE, how="left", validate="m:1")
    return (
        told.lazy()
        .with_columns(
            inspection_is_recorded=pl.lit(is_given(accepted, PROCURE_TO_PAY.fulfilment_table, "inspected_at")),
            age_days=(pl.lit(engagement.as_of) - pl.col("fulfilment_date")).dt.total_days(),
            is_bill_due_or_paid=pl.col("is_bill_due_or_paid").fill_null(value=False),
        )
        .select(columns.keys())
        .sort("company_code", "fulfilment_number", "fulfilment_line_no")
    )


def _pressed(goods: pl.DataFrame, lines: MeasuredLines, bills: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """The order lines of these receipts a bill of which is due or paid."""
    due = pl.col("is_live") & ((pl.col("paid_amount") != 0) | (pl.col("due_date") <= engagement.as_of)).fill_null(value=False)
    wanted = goods.select(_ORDER_LINE).drop_nulls().unique()
    billed = lines.invoices.filter("is_live").select(*_ORDER_LINE, *_BILL[2:]).join(wanted.lazy(), on=_ORDER_LINE, how="semi")
    pressing = billed.join(bills.lazy().filter(due).select(_BILL).unique(), on=_BILL, how="semi", nulls_equal=True)
    return pressing.select(_ORDER_LINE).unique().with_columns(is_bill_due_or_paid=pl.lit(value=True)).collect()
