"""How payments to suppliers were made: by hand or in a payment run, on a working day or not. Whole, from slim projections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import amount
from recon.match.calendars import calendar
from recon.match.described import described
from recon.match.given import is_given, local_day, table, with_fx_rate

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_PAYMENTS: Final = PROCURE_TO_PAY.payment_table
_BACK: Final = ("refund", "void")


def live_payments(accepted: Accepted, engagement: Engagement, *more: str) -> pl.LazyFrame:
    """Payments to suppliers that went out up to the as-of date, with `amount_base` (null without a rate), and `more` of their own columns."""
    counts = (
        (pl.col("payment_date") <= engagement.as_of) & ~pl.col("is_voided").fill_null(value=False) & (pl.col("amount") > 0)
        & ~pl.col("payment_kind").is_in(_BACK).fill_null(value=False)
    )  # fmt: skip
    slim = table(accepted, _PAYMENTS).filter(counts).select(
        "company_code", "payment_date", "amount", "currency", "fx_rate", "created_by", "is_manual", "run_id", "source_file", "source_row", *more,
        cycle=pl.lit(PROCURE_TO_PAY.name), document_type=pl.lit(PROCURE_TO_PAY.payment_type), party_id="supplier_id", document_number="payment_number",
    )  # fmt: skip
    rated = with_fx_rate(slim, "payment_date", accepted, engagement)
    return rated.with_columns(amount_base=amount(pl.col("amount"), pl.col("fx_rate")))


def payment_manner(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`payment_manner`, sorted by payment. Approvals are those of the payment given up to the as-of date, whoever gave them."""
    days = calendar(accepted, engagement)
    in_no_run = pl.col("run_id").is_null() if is_given(accepted, _PAYMENTS, "run_id") else pl.lit(None, dtype=pl.Boolean)
    approved = table(accepted, "approval_event").filter(
        (pl.col("document_type") == PROCURE_TO_PAY.payment_type) & (pl.col("action") == "approve")
        & (local_day("action_at", engagement) <= engagement.as_of)
    ).group_by("company_code", "document_number").agg(approval_count=pl.len().cast(pl.Int64))  # fmt: skip
    told = live_payments(accepted, engagement, "payment_kind", "released_by").join(
        approved, on=["company_code", "document_number"], how="left", validate="m:1"
    )
    rows = told.with_columns(
        approval_count=pl.col("approval_count").fill_null(0), is_outside_runs=in_no_run, is_working_day=days.works(pl.col("payment_date"))
    )
    made = described(rows, "payment_manner", accepted)
    return made.select(pl.col(name).cast(kind) for name, kind in schema("payment_manner").items()).sort("company_code", "document_number", "party_id")
