"""What customers owe past the day, by how long, against what the ledger has set aside for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import ORDER_TO_CASH
from recon.domain.measures import schema
from recon.domain.money import MONEY
from recon.match.given import is_given, shaped, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_ROLE: Final = "allowance"
#: Bucket -> the first and last day overdue, none for the oldest.
_BUCKETS: Final = {"30": (1, 30), "60": (31, 60), "90": (61, 90), "older": (91, None)}


def receivable_due(payments: Callable[[], pl.LazyFrame], accepted: Accepted) -> pl.LazyFrame:
    """`receivable_due`, sorted by key: invoices to customers of which something is open; none where the ledger has no balances.

    `payments`: invoice_payment. Credits are no part of it: what a customer may set off is still a claim that was not paid in time.
    """
    if not is_given(accepted, "gl_balance", "account_role"):
        return pl.LazyFrame(schema=schema("receivable_due"))
    is_bill = (pl.col("cycle") == ORDER_TO_CASH.name) & (pl.col("invoice_kind").fill_null("invoice") == "invoice") & (pl.col("open_amount") > 0)
    return payments().filter(is_bill).select(schema("receivable_due").keys())


def allowance_balance(accepted: Accepted, receivables: pl.LazyFrame, engagement: Engagement) -> pl.DataFrame:
    """`allowance_balance`: one row per company that customers owe or that has set something aside, sorted.

    `receivables`: receivable_due of the whole company. Of `accepted` gl_balance is read: credits are what was set aside. Null where there is no balance of the as-of date
    in company currency. `unknown_count`: open invoices without a due date or an amount in company currency, which no bucket holds.
    """
    days, amount = pl.col("overdue_days"), pl.col("open_amount_base")
    sums = {
        f"overdue_{name}_amount_base": amount.filter(days.is_between(first, last) if last is not None else days >= first).sum()
        for name, (first, last) in _BUCKETS.items()
    }
    is_unknown = days.is_null() | (amount.is_null() & (days > 0))
    owed = receivables.group_by("company_code").agg(**sums, unknown_count=is_unknown.sum().cast(pl.Int64)).collect()
    balances = table(accepted, "gl_balance").filter((pl.col("account_role") == _ROLE) & (pl.col("as_of_date") == engagement.as_of)).collect()
    is_home = (pl.col("currency") == engagement.currency).all()
    booked = balances.group_by("company_code").agg(
        allowance_amount_base=pl.when(is_home).then(-pl.col("balance").sum()), account=pl.col("account").unique().sort().str.join(", "),
        source_file=pl.col("source_file").min(), source_row=pl.col("source_row").min(),
    )  # fmt: skip
    both = owed.join(booked, on="company_code", how="full", coalesce=True, validate="1:1")
    nothing = [pl.col(name).fill_null(pl.lit(0, dtype=MONEY)) for name in sums]
    told = both.with_columns(
        *nothing,
        pl.col("unknown_count").fill_null(0),
        cycle=pl.lit(ORDER_TO_CASH.name),
        document_type=pl.lit("gl_balance"),
        document_number="account",
        document_date=pl.lit(engagement.as_of),
        currency=pl.lit(engagement.currency),
    )
    columns = schema("allowance_balance")
    lacking = [pl.lit(None, dtype=kind).alias(name) for name, kind in columns.items() if name not in told.columns]
    return shaped(told.with_columns(lacking), columns).sort("company_code")
