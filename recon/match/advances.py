"""Money paid or received ahead: what of it is applied, what is left, and whether its order is done. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import is_given
from recon.match.line_rows import bill_rows
from recon.match.payments import PAID_AHEAD

if TYPE_CHECKING:
    from datetime import date

    from recon.domain.workpapers import Accepted
    from recon.match.settlement import Settlement
    from recon.match.three_way import ThreeWay

_ORDER: Final = ["cycle", "company_code", "order_number"]
_NONE: Final = pl.lit(0, dtype=money.MONEY)
_COLUMNS: Final = [
    "cycle", "company_code", "party_id", "document_type", "document_number", "document_date", "currency", "fx_rate", "order_number", "amount",
    "applied_amount", "open_amount", "is_application_known", "source_file", "source_row",
]  # fmt: skip


def advance_match(found: ThreeWay, settlement: Settlement, orders: pl.LazyFrame, rows: pl.DataFrame, as_of: date) -> pl.LazyFrame:
    """One row per live advance, sorted: payments of a kind that goes ahead, and prepayment invoices.

    applied_amount is what the documents say was applied, which may be more than there was; open_amount what is left. `orders`:
    order_line_match; `rows`: what clerks said a payment pays (cycle, company_code, payment_number, amount_applied).
    """
    accepted = found.ground.accepted
    both = pl.concat([_payments(settlement, rows, accepted), _invoices(found, settlement)])
    state = _order_state(orders, both)
    told = both.join(state, on=_ORDER, how="left", validate="m:1").lazy().with_columns(
        over_applied_amount=pl.col("applied_amount") - pl.col("amount"),
        age_days=(pl.lit(as_of) - pl.col("document_date")).dt.total_days(),
    )  # fmt: skip
    based = told.with_columns(
        open_amount_base=money.amount(pl.col("open_amount"), pl.col("fx_rate")),
        over_applied_amount_base=money.amount(pl.col("over_applied_amount"), pl.col("fx_rate")),
    )
    named = described(based, "advance_match", accepted).select(schema("advance_match").keys())
    return named.sort("cycle", "company_code", "party_id", "document_type", "document_number", "document_date")


def _payments(settlement: Settlement, rows: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    key = ["cycle", "company_code", "payment_number"]
    ahead = settlement.payments.filter(
        pl.col("payment_kind").is_in(PAID_AHEAD).fill_null(value=False) & pl.col("exclusion_reason").is_null() & (pl.col("amount") > 0)
    )
    applied = rows.group_by(key).agg(applied_amount=pl.col("amount_applied").sum())
    left = settlement.settlement_match.filter(pl.col("pass") == "on_account").group_by(key).agg(open_amount=pl.col("amount").sum()).collect()
    types = {cycle.name: cycle.payment_type for cycle in CYCLES}
    feeds = [cycle.name for cycle in CYCLES if is_given(accepted, cycle.allocation_table)]
    told = ahead.join(applied, on=key, how="left", validate="m:1").join(left, on=key, how="left", validate="m:1").with_columns(
        pl.col("applied_amount", "open_amount").fill_null(_NONE),
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
        document_number="payment_number",
        document_date="payment_date",
        order_number=pl.lit(None, dtype=pl.String),
        is_application_known=pl.col("cycle").is_in(feeds),
    )  # fmt: skip
    return told.select(_COLUMNS)


def _invoices(found: ThreeWay, settlement: Settlement) -> pl.DataFrame:
    documents = settlement.invoices.filter((pl.col("invoice_kind") == "prepayment") & pl.col("is_live") & (pl.col("amount_gross") > 0)).collect()
    lines = bill_rows(found, (pl.col("role") == "other") & pl.col("exclusion_reason").is_null(), "origin_number")
    used = lines.filter((pl.col("line_kind") == "prepayment_application") & pl.col("origin_number").is_not_null())
    key = ["cycle", "company_code", "party_id"]
    applied = used.group_by(*key, invoice_number="origin_number").agg(applied_amount=-pl.col("gross").sum())
    types = {cycle.name: cycle.invoice_type for cycle in CYCLES}
    told = documents.join(applied, on=[*key, "invoice_number"], how="left", validate="m:1").with_columns(
        pl.col("applied_amount").fill_null(_NONE),
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
        document_number="invoice_number",
        document_date="invoice_date",
        amount="amount_gross",
        is_application_known=pl.lit(value=True),
    )  # fmt: skip
    return told.with_columns(open_amount=pl.max_horizontal(pl.col("amount") - pl.col("applied_amount"), _NONE)).select(_COLUMNS)


def _order_state(orders: pl.LazyFrame, advances: pl.DataFrame) -> pl.DataFrame:
    """By order: whether all of it is delivered and billed, whether anything came, and the last day promised."""
    wanted = advances.filter(pl.col("order_number").is_not_null()).select(_ORDER).unique()
    lines = orders.filter(pl.col("is_live")).join(wanted.lazy(), on=_ORDER, how="semi")
    delivered = ~pl.col("needs_fulfilment") | (pl.col("fulfilled_quantity") >= pl.col("ordered_quantity")) | pl.col("is_final")
    done = delivered & (pl.col("invoiced_quantity") >= pl.col("ordered_quantity"))
    return lines.group_by(_ORDER).agg(
        order_is_complete=done.all(), has_arrived=(pl.col("fulfilled_quantity") > 0).any(), promised_date=pl.col("promised_date").max()
    ).collect()  # fmt: skip
