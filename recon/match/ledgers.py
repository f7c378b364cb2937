"""Open items against the accounts of the general ledger. Made of the open layers of the whole company."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.measures import schema
from recon.domain.money import MONEY
from recon.match.consignment import owned
from recon.match.given import table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: kind of open layer, cycle (null: both) -> role of the account it stands on and its sign there (debit positive)
_ON: Final = (
    ("open_receivable", None, "receivables", 1),
    ("unapplied_cash", "order_to_cash", "receivables", -1),
    ("open_payable", None, "payables", -1),
    ("unapplied_cash", "procure_to_pay", "payables", 1),
    ("fulfilled_not_invoiced", "procure_to_pay", "gr_ir", -1),
    ("invoiced_not_fulfilled", "procure_to_pay", "gr_ir", 1),
)
_KEY: Final = ["company_code", "account_role", "currency"]


def ledger_balance(accepted: Accepted, layers: pl.LazyFrame, engagement: Engagement) -> pl.DataFrame:
    """One row per company, role and currency of the ledger balances, sorted, in the columns of `ledger_balance`.

    Open items in the ledger's currency; where the ledger has one balance of the role, in company currency, all of them at their rates.
    sub_ledger is null where no balance is of the as-of date, or an open item's rate is unknown: those cannot be compared.
    """
    given = table(accepted, "gl_balance").filter(pl.col("account_role").is_in([role for _, _, role, _ in _ON])).collect()
    dated = given.with_columns(is_of_date=pl.col("as_of_date") == engagement.as_of)
    found = dated.filter(pl.col("is_of_date") | ~pl.col("is_of_date").any().over(_KEY)).group_by(_KEY).agg(
        balance=pl.col("balance").sum().cast(MONEY), as_of_date=pl.col("as_of_date").max(), is_of_date=pl.col("is_of_date").all(),
        account=pl.col("account").unique().sort().str.join(", "), source_file=pl.col("source_file").min(), source_row=pl.col("source_row").min(),
    )  # fmt: skip
    told = found.with_columns(is_alone=(pl.len().over("company_code", "account_role") == 1) & (pl.col("currency") == engagement.currency))
    items = _items(owned(layers))
    own = items.group_by(_KEY).agg(own=pl.col("amount").sum())
    every = items.group_by("company_code", "account_role").agg(
        every=pl.when(pl.col("amount_base").null_count() == 0).then(pl.col("amount_base").sum()), items=pl.len()
    )
    joined = told.join(own, on=_KEY, how="left", validate="1:1").join(every, on=["company_code", "account_role"], how="left", validate="m:1")
    whole = pl.when(pl.col("items").is_null()).then(pl.lit(0, dtype=MONEY)).otherwise("every")
    sub_ledger = pl.when("is_alone").then(whole).otherwise(pl.col("own").fill_null(pl.lit(0, dtype=MONEY)))
    compared = joined.with_columns(sub_ledger=pl.when("is_of_date").then(sub_ledger))
    difference = pl.col("sub_ledger") - pl.col("balance")
    ordered = compared.with_columns(
        difference=difference,
        difference_base=pl.when(pl.col("currency") == engagement.currency).then(difference),
        document_type=pl.lit("gl_balance"),
        document_number="account",
        document_date="as_of_date",
    ).sort(_KEY)
    columns = schema("ledger_balance")
    lacking = [pl.lit(None, dtype=kind).alias(name) for name, kind in columns.items() if name not in ordered.columns]
    return ordered.with_columns(lacking).select(pl.col(name).cast(kind) for name, kind in columns.items())


def _items(layers: pl.LazyFrame) -> pl.DataFrame:
    """Open items signed as they stand on their account: company_code, account_role, currency, amount, amount_base."""
    frames = []
    for kind, cycle, role, sign in _ON:
        mine = layers.filter((pl.col("kind") == kind) & (pl.lit(cycle is None) | (pl.col("cycle") == (cycle or ""))))
        signed = [pl.col(name) if sign > 0 else -pl.col(name) for name in ("amount", "amount_base")]
        frames.append(mine.select("company_code", "currency", *signed, account_role=pl.lit(role)))
    return pl.concat(frames).collect()
