"""Payments and receipts that may be one movement of money recorded twice. Whole: one account may stand behind several parties.

Each later payment is laid beside the one before it of the same amount and currency: of the same party group, to the same account, for the
same invoice, or under the same reference of the bank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import table
from recon.match.numbers import normalised
from recon.match.payments import allocations, payments

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_SAME: Final = ["cycle", "company_code", "currency", "amount"]
_TIME: Final = ["payment_date", "payment_number"]
_NO_DOUBLE: Final = ("refund", "void", "prepayment", "advance")


def payment_pair(accepted: Accepted, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """(`payment_pair`, live payments looked at), sorted by the later payment.

    `is_told_apart`: both are allocated to different invoices, or to one that they do not exceed, or the clerk's references differ
    (of receipts: the bank's). What was voided, undone or paid ahead is no candidate.
    """
    counting = payments(accepted, engagement).filter(
        pl.col("exclusion_reason").is_null() & (pl.col("amount") > 0) & ~pl.col("payment_kind").is_in(_NO_DOUBLE).fill_null(value=False)
    )
    known = counting.join(_accounts(accepted), on=["cycle", "company_code", "payment_number"], how="left", validate="m:1")
    groups = pl.concat([
        table(accepted, c.party_table).select("party_id", "group_id", cycle=pl.lit(c.name)).unique("party_id", keep="any") for c in CYCLES
    ]).collect()  # fmt: skip
    known = known.join(groups, on=["cycle", "party_id"], how="left", validate="m:1").with_columns(party=pl.coalesce("group_id", "party_id"))
    rows = known.filter(pl.struct(_SAME).is_duplicated())
    said = allocations(accepted).join(
        rows.select("cycle", "company_code", "payment_number"), on=["cycle", "company_code", "payment_number"], how="semi"
    )
    named = said.group_by("cycle", "company_code", "payment_number").agg(invoices=pl.col("invoice_number").unique().sort())
    rows = rows.join(named, on=["cycle", "company_code", "payment_number"], how="left", validate="m:1")
    each = rows.explode("invoices").rename({"invoices": "invoice"})
    pairs = [_after(rows, "party"), _after(rows, "account"), _after(rows, "bank"), _after(each, "invoice").drop("invoice")]
    every = pl.concat([pair.select("payment_id", "other_id") for pair in pairs]).unique()
    told = _compared(every, rows, _overpaid(said, accepted))
    measured = (
        told.filter(~pl.col("is_told_apart")).sort("payment_id", "days_apart", "other_number").unique("payment_id", keep="first", maintain_order=True)
    )
    types = {cycle.name: cycle.payment_type for cycle in CYCLES}
    lazy = measured.lazy().drop("group_id").with_columns(
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String), amount_base=money.amount(pl.col("amount"), pl.col("fx_rate"))
    )  # fmt: skip
    return described(lazy, "payment_pair", accepted).select(schema("payment_pair").keys()).sort(
        "cycle", "company_code", "payment_number"
    ), counting.height


def _accounts(accepted: Accepted) -> pl.DataFrame:
    bare = r"[\s-]"
    paid = table(accepted, PROCURE_TO_PAY.payment_table).select(
        "company_code", "payment_number", cycle=pl.lit(PROCURE_TO_PAY.name), account=pl.col("payee_account").str.replace_all(bare, ""),
        bank=pl.lit(None, dtype=pl.String), words=normalised(pl.col("reference")),
    )  # fmt: skip
    received = table(accepted, ORDER_TO_CASH.payment_table).select(
        "company_code", payment_number="cash_receipt_number", cycle=pl.lit(ORDER_TO_CASH.name), account=pl.lit(None, dtype=pl.String),
        bank=normalised(pl.col("bank_reference")), words=pl.lit(None, dtype=pl.String),
    ).select(paid.collect_schema().names())  # fmt: skip
    return pl.concat([paid, received]).collect()


def _after(rows: pl.DataFrame, by: str) -> pl.DataFrame:
    """Each payment with the one before it of the same amount and the same `by`."""
    key = [*_SAME, by]
    ordered = rows.filter(pl.col(by).is_not_null()).sort(*key, *_TIME)
    return ordered.with_columns(other_id=pl.col("payment_id").shift(1).over(key)).filter(pl.col("other_id").is_not_null())


def _overpaid(said: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    """Invoices that allocations exceed: company, number."""
    claimed = (
        said.filter(pl.col("cycle") == PROCURE_TO_PAY.name)
        .group_by("company_code", "invoice_number")
        .agg(said=(pl.col("amount_applied") + pl.col("discount_taken")).sum())
    )
    lines = table(accepted, PROCURE_TO_PAY.invoice_table).join(
        claimed.lazy().select("company_code", "invoice_number"), on=["company_code", "invoice_number"], how="semi"
    )
    tax = pl.coalesce("line_tax_amount", money.amount(pl.col("line_amount_net"), pl.col("tax_rate")), pl.lit(0, dtype=money.MONEY))
    gross = pl.coalesce("line_amount_gross", pl.col("line_amount_net") + tax)
    owed = lines.select("company_code", "invoice_number", gross=gross).group_by("company_code", "invoice_number").agg(pl.col("gross").sum()).collect()
    both = claimed.join(owed, on=["company_code", "invoice_number"], how="left", validate="1:1")
    return both.filter(pl.col("gross").is_null() | (pl.col("said") > pl.col("gross"))).select("company_code", "invoice_number")


def _compared(pairs: pl.DataFrame, rows: pl.DataFrame, overpaid: pl.DataFrame) -> pl.DataFrame:
    told = ["payment_id", "payment_number", "payment_date", "value_date", "party", "party_id", "account", "bank", "words", "invoices"]
    others = rows.select(pl.col(name).alias(f"other_{name}") for name in told).rename(
        {"other_payment_id": "other_id", "other_payment_number": "other_number"}
    )
    both = pairs.join(rows, on="payment_id", how="left", validate="m:1").join(others, on="other_id", how="left", validate="m:1")
    shared = pl.col("invoices").list.set_intersection(pl.col("other_invoices"))
    exceeded = overpaid.select("company_code", exceeded="invoice_number").group_by("company_code").agg("exceeded")
    both = both.join(exceeded, on="company_code", how="left", validate="m:1").with_columns(shared=shared)
    allocated = pl.col("invoices").is_not_null() & pl.col("other_invoices").is_not_null()
    beyond = pl.col("shared").list.set_intersection(pl.col("exceeded")).list.len().fill_null(0) > 0
    differ = (pl.col("words") != pl.col("other_words")).fill_null(value=False) & (pl.col("shared").list.len().fill_null(0) == 0)
    same_bank = (pl.col("bank") == pl.col("other_bank")).fill_null(value=False)
    other_bank = (pl.col("bank") != pl.col("other_bank")).fill_null(value=False)
    is_purchase = pl.col("cycle") == PROCURE_TO_PAY.name
    apart = pl.when(is_purchase).then((allocated & ~beyond) | (differ & ~beyond)).otherwise(other_bank & ~same_bank)
    return both.with_columns(
        is_told_apart=apart,
        same_reference=same_bank,
        same_party=pl.col("party").eq_missing(pl.col("other_party")),
        same_account=(pl.col("account") == pl.col("other_account")).fill_null(value=False),
        shares_invoice=pl.col("shared").list.len().fill_null(0) > 0,
        other_date=pl.col("other_payment_date"),
        days_apart=pl.when(is_purchase).then((pl.col("payment_date") - pl.col("other_payment_date")).dt.total_days().abs())
        .otherwise((pl.col("value_date") - pl.col("other_value_date")).dt.total_days().abs()),
    )  # fmt: skip
