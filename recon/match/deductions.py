"""Deductions that were accepted, and the credit notes that should follow them. Whole: reads three tables of the sales side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import ORDER_TO_CASH
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import is_given, local_day, shaped, table, with_fx_rate
from recon.match.numbers import normalised

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_CREDITS: Final = ("credit", "value_credit")
_INVOICE: Final = ["company_code", "party_id", "named"]


def accepted_deductions(accepted: Accepted, engagement: Engagement) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
    """`accepted_deduction`, where the source says which deductions were accepted: one row per accepted deduction by the as-of date, sorted.

    has_credit_note: a live credit note names the invoice and is dated on the day of the cash or later, since it is then that the deduction arose.
    """
    if not is_given(accepted, ORDER_TO_CASH.allocation_table, "accepted_at"):
        return {}, {}
    rows = table(accepted, ORDER_TO_CASH.allocation_table).filter(local_day("accepted_at", engagement) <= engagement.as_of)
    cash = table(accepted, ORDER_TO_CASH.payment_table).select(
        "company_code", "cash_receipt_number", "receipt_date", "currency", "fx_rate", payer="customer_id"
    ).unique(["company_code", "cash_receipt_number"], keep="any")  # fmt: skip
    taken = rows.join(cash, on=["company_code", "cash_receipt_number"], how="left", validate="m:1").with_columns(
        party_id=pl.coalesce("customer_id", "payer"), named=normalised(pl.col("invoice_number")), accepted_date=local_day("accepted_at", engagement)
    )
    rated = with_fx_rate(taken, "accepted_date", accepted, engagement).collect()
    notes = table(accepted, ORDER_TO_CASH.invoice_table).filter(
        pl.col("invoice_kind").is_in(_CREDITS) & ~pl.col("is_cancelled").fill_null(value=False) & (pl.col("invoice_date") <= engagement.as_of)
    ).select("company_code", "invoice_date", party_id="customer_id", named=normalised(pl.col("origin_invoice_number")), credit="invoice_number")  # fmt: skip
    latest = notes.drop_nulls("named").group_by(_INVOICE).agg(
        credited_date=pl.col("invoice_date").max(), credit_number=pl.col("credit").sort_by("invoice_date", "credit").last()
    ).collect()  # fmt: skip
    told = rated.join(latest, on=_INVOICE, how="left", validate="m:1", maintain_order="left").with_columns(
        cycle=pl.lit(ORDER_TO_CASH.name),
        document_type=pl.lit(ORDER_TO_CASH.payment_type),
        document_number="cash_receipt_number",
        document_date="receipt_date",
        age_days=(pl.lit(engagement.as_of) - pl.col("accepted_date")).dt.total_days(),
        has_credit_note=(pl.col("credited_date") >= pl.col("receipt_date")).fill_null(value=False),
        amount="deduction_amount",
        amount_base=money.amount(pl.col("deduction_amount"), pl.col("fx_rate")),
    )
    named = described(told.lazy(), "accepted_deduction", accepted).collect()
    key = ["company_code", "document_number", "invoice_number", "source_file", "source_row"]
    return {"accepted_deduction": shaped(named, schema("accepted_deduction")).sort(key, nulls_last=True).lazy()}, {}
