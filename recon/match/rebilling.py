"""Sales billed, credited in full and billed again: how often, and by how much the new bill is due later. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import ORDER_TO_CASH
from recon.domain.measures import schema
from recon.match.described import described

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines

_ORDER_LINE: Final = ["company_code", "order_number", "order_line_no"]
#: Bills and credits of one order line of the same size can undo one another.
_SIZE: Final = [*_ORDER_LINE, "size", "worth"]
_BILL: Final = ["company_code", "party_id", "invoice_number", "invoice_date", "internal_number"]


def rebill_loop(lines: MeasuredLines, documents: pl.DataFrame, accepted: Accepted) -> tuple[pl.LazyFrame, int]:
    """(`rebill_loop`, sorted by order line; sales order lines looked at).

    A loop is a bill, a credit of all of it on that day or later, and another bill of the same quantity and amount on the day of the credit
    or later: first bill with first credit and second bill, second with second and third. Order lines count of which more was
    billed, credits aside, than goods went out (without goods: than was ordered), for then the new bill has no goods of its own. `documents`:
    invoice_match.
    """
    orders = lines.orders.filter((pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("is_live"))
    out = pl.when("needs_fulfilment").then(pl.col("fulfilled_quantity") + pl.col("returned_quantity")).otherwise("ordered_quantity")
    held = orders.select(*_ORDER_LINE, out=out).collect()
    sold = lines.invoices.filter((pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("is_live") & (pl.col("invoiced_quantity") != 0))
    sold = sold.filter(pl.col("order_line_no").is_not_null() & pl.col("invoice_kind").fill_null("invoice").is_in(["invoice", "credit"]))
    billed = sold.select(
        *_BILL, "order_number", "order_line_no", "invoice_line_no", "item_id", "currency", "amount_gross", "amount_gross_base", "source_file",
        "source_row", "invoiced_quantity", size=pl.col("invoiced_quantity").abs(), worth=pl.col("invoiced_amount").abs(),
    ).collect()  # fmt: skip
    gross = billed.filter(pl.col("invoiced_quantity") > 0).group_by(_ORDER_LINE).agg(billed=pl.col("invoiced_quantity").sum())
    again = gross.join(held, on=_ORDER_LINE, how="inner", validate="1:1").filter(pl.col("billed") > pl.col("out")).select(_ORDER_LINE)
    loops = _loops(billed.join(again, on=_ORDER_LINE, how="semi"), documents)
    told = loops.lazy().with_columns(cycle=pl.lit(ORDER_TO_CASH.name), document_type=pl.lit(ORDER_TO_CASH.invoice_type))
    named = described(told, "rebill_loop", accepted).select(schema("rebill_loop").keys())
    return named.sort("company_code", "order_number", "order_line_no"), held.height


def _loops(billed: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """One row per order line with a loop: those counted, the longest time won, and the last new bill."""
    due = documents.select(*_BILL, "due_date").unique(_BILL, keep="any")
    dated = billed.join(due, on=_BILL, how="left", validate="m:1", nulls_equal=True).sort(*_SIZE, "invoice_date", "invoice_number", "invoice_line_no")
    turn = pl.int_range(pl.len()).over(_SIZE)
    bills = dated.filter(pl.col("invoiced_quantity") > 0).with_columns(turn=turn)
    credit = dated.filter(pl.col("invoiced_quantity") < 0).with_columns(turn=turn)
    key = [*_SIZE, "turn"]
    first = bills.select(*key, first_number="invoice_number", first_date="invoice_date", first_due_date="due_date")
    undone = credit.select(*key, credit_number="invoice_number", credit_date="invoice_date")
    new = bills.with_columns(turn=pl.col("turn") - 1)
    met = first.join(undone, on=key, how="inner", validate="1:1").join(new, on=key, how="inner", validate="1:1")
    met = met.filter((pl.col("first_date") <= pl.col("credit_date")) & (pl.col("credit_date") <= pl.col("invoice_date")))
    met = met.sort(*_ORDER_LINE, "invoice_date", "invoice_number", "invoice_line_no").with_columns(
        days_won=(pl.col("due_date") - pl.col("first_due_date")).dt.total_days(),
        said=pl.format("{} > {} > {}", "first_number", "credit_number", "invoice_number"),
    )
    last = [
        "party_id", "invoice_number", "internal_number", "invoice_line_no", "invoice_date", "item_id", "currency", "amount_gross",
        "amount_gross_base", "source_file", "source_row",
    ]  # fmt: skip
    return met.group_by(_ORDER_LINE, maintain_order=True).agg(
        pl.col(last).last(), loop_count=pl.len().cast(pl.Int64), days_reset=pl.col("days_won").max(), loops=pl.col("said").str.join("; ")
    )
