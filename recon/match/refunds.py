"""What a party had to its credit before money went back to it. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from recon.match.settlement import Settlement

_ACCOUNT: Final = ["cycle", "company_code", "party_id", "currency"]


def credit_before(settlement: Settlement) -> pl.DataFrame:
    """payment_id, credit_before_amount of each refund: payments less live invoices of the account up to the day before it, discounts and write-offs counted as paid.

    Negative where the party owed something. Credit notes count with their sign, so that they raise the credit.
    """
    refunds = settlement.payments.filter((pl.col("payment_kind") == "refund") & pl.col("exclusion_reason").is_null())
    if refunds.is_empty():
        return refunds.select("payment_id", credit_before_amount="amount")
    accounts = refunds.select(_ACCOUNT).unique()
    documents = settlement.cash.documents.filter("is_live").select(
        *_ACCOUNT, day=pl.coalesce("posting_date", "invoice_date"), amount=-pl.col("amount_gross")
    )
    kept = settlement.cash.final.applied.join(
        settlement.payments.select("payment_id", *_ACCOUNT, day="payment_date"), on="payment_id", how="inner", validate="m:1"
    ).select(*_ACCOUNT, "day", amount=pl.col("discount") + pl.col("write_off"))
    counting = settlement.payments.filter(pl.col("exclusion_reason").is_null())
    paid = counting.select(*_ACCOUNT, day="payment_date", amount="amount")
    moves = pl.concat([documents, kept, paid]).join(accounts, on=_ACCOUNT, how="semi")
    days = moves.group_by(*_ACCOUNT, "day").agg(pl.col("amount").sum()).sort(*_ACCOUNT, "day")
    balances = days.with_columns(credit_before_amount=pl.col("amount").cum_sum().over(_ACCOUNT)).drop("amount")
    asked = refunds.select("payment_id", *_ACCOUNT, day=pl.col("payment_date") - pl.duration(days=1)).sort("day")
    found = asked.join_asof(balances.sort("day"), on="day", by=_ACCOUNT, strategy="backward", check_sortedness=False)
    return found.select("payment_id", pl.col("credit_before_amount").fill_null(0))
