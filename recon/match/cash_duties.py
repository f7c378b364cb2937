"""Write-offs and credit notes of customers beside the cash that the same person applied for them. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import ORDER_TO_CASH
from recon.domain.measures import schema
from recon.match.cash_terms import is_tolerated, with_tolerance
from recon.match.described import described
from recon.match.given import local_day, table
from recon.match.match_units import groups_of
from recon.match.separation import Persons

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.settlement import Settlement

_CUSTOMER: Final = ["company_code", "party_id"]
_KEY: Final = ["company_code", "party_id", "document_type", "document_number", "invoice_number"]


def cash_duty(accepted: Accepted, settlement: Settlement, engagement: Engagement) -> pl.LazyFrame:
    """cash_duty, sorted: one row per write-off and per live credit note of a customer, with the nearest cash its maker applied for that customer.

    Two logins of one person are one; `persons_known`: its own maker and everybody who applied cash of the customer are known persons.
    `is_tolerated`: written off within the payment tolerance (CSH-01), which machines do by themselves.
    """
    persons = Persons(accepted)
    applied = _applied(accepted, settlement, engagement).with_columns(person=pl.coalesce(persons.of("login"), "login"), known=persons.known("login"))
    made = pl.concat([_written_off(applied, settlement, accepted, engagement), _credited(settlement)], how="diagonal").with_columns(
        person=pl.coalesce(persons.of("login"), "login"), maker_known=persons.known("login")
    )
    cash = applied.filter((pl.col("amount") != 0) & pl.col("person").is_not_null() & pl.col("day").is_not_null())
    near = cash.select(*_CUSTOMER, "person", "day", applied_date="day", applied_number="payment_number").sort("day", "applied_number").collect()
    nearest = made.sort("day", *_KEY[2:]).collect().lazy().join_asof(
        near.lazy(), on="day", by=[*_CUSTOMER, "person"], strategy="nearest", check_sortedness=False
    )  # fmt: skip
    everybody = applied.filter(pl.col("amount") != 0).group_by(_CUSTOMER).agg(all_known=pl.col("known").fill_null(value=False).all())
    told = nearest.join(everybody, on=_CUSTOMER, how="left", validate="m:1").with_columns(
        cycle=pl.lit(ORDER_TO_CASH.name),
        document_date="day",
        made_by="login",
        is_same_person=pl.col("applied_date").is_not_null(),
        nearest_days=(pl.col("day") - pl.col("applied_date")).dt.total_days().abs(),
        persons_known=pl.col("maker_known") & pl.col("all_known").fill_null(value=True),
        amount_base=money.amount(pl.col("amount"), pl.col("fx_rate")),
    )
    return described(told, "cash_duty", accepted).select(schema("cash_duty").keys()).sort(_KEY, nulls_last=True)


def _applied(accepted: Accepted, settlement: Settlement, engagement: Engagement) -> pl.LazyFrame:
    """The clerks' rows of which cash settles which invoice, with the day, and the currency of a receipt that counts."""
    receipts = settlement.payments.lazy().filter((pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("exclusion_reason").is_null()).select(
        "company_code", "payment_number", "payment_date", "currency", "fx_rate", payer="party_id"
    )  # fmt: skip
    rows = table(accepted, ORDER_TO_CASH.allocation_table).select(
        "company_code", "invoice_number", "customer_id", "write_off_amount", "reason_code", "source_file", "source_row", payment_number="cash_receipt_number",
        amount="amount_applied", login="applied_by", at_day=local_day("applied_at", engagement),
    )  # fmt: skip
    told = rows.join(receipts, on=["company_code", "payment_number"], how="inner", validate="m:1")
    return told.with_columns(party_id=pl.coalesce("customer_id", "payer"), day=pl.coalesce("at_day", "payment_date"))


def _written_off(applied: pl.LazyFrame, settlement: Settlement, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    grossed = settlement.invoices.filter((pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("is_live")).group_by("company_code", "invoice_number").agg(
        gross=pl.col("amount_gross").sum()
    )  # fmt: skip
    rows = applied.filter(pl.col("write_off_amount") != 0).join(grossed, on=["company_code", "invoice_number"], how="left", validate="m:1")
    keyed = rows.with_columns(cycle=pl.lit(ORDER_TO_CASH.name)).join(groups_of(accepted), on=["cycle", "party_id"], how="left", validate="m:1")
    scoped = with_tolerance(keyed.collect(), engagement)
    let_pass = is_tolerated(pl.col("write_off_amount").abs(), pl.col("gross").abs())
    return scoped.lazy().select(
        *_CUSTOMER, "login", "day", "invoice_number", "reason_code", "currency", "fx_rate", "source_file", "source_row", document_number="payment_number",
        document_type=pl.lit(ORDER_TO_CASH.payment_type), deed=pl.lit("write-off"), amount=pl.col("write_off_amount").abs(),
        is_tolerated=let_pass.fill_null(value=False),
    )  # fmt: skip


def _credited(settlement: Settlement) -> pl.LazyFrame:
    is_credit = pl.col("is_live") & (pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("invoice_kind").is_in(["credit", "value_credit"])
    return settlement.invoices.filter(is_credit).select(
        *_CUSTOMER, "currency", "fx_rate", "source_file", "source_row", login="created_by", day=pl.coalesce("posting_date", "invoice_date"),
        invoice_number=pl.lit(None, dtype=pl.String), document_number="invoice_number", document_type=pl.lit(ORDER_TO_CASH.invoice_type),
        deed=pl.lit("credit note"), amount=pl.col("amount_gross").abs(), is_tolerated=pl.lit(value=False),
    )  # fmt: skip
