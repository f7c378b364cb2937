"""Payees behind suppliers that stand for anybody (one-time suppliers). Whole, from slim projections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import amount
from recon.match.described import described
from recon.match.given import table, with_fx_rate
from recon.match.numbers import compacted
from recon.match.party_accounts import tail_of
from recon.match.party_names import bare_name

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_BACK: Final = ("refund", "void")


def one_time_payee(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`one_time_payee`, sorted: one row per one-time supplier and payee paid in the reported period.

    Payments with one account or one name (the form of the firm aside) have one payee. Payments that tell neither are one row per supplier:
    how often anybody was paid is then unknown, the largest of them is not.
    """
    paid = _paid(accepted, engagement).collect()
    labelled = _labelled(paid)
    base = pl.col("base")
    rows = labelled.group_by("party_id", "payee").agg(
        payment_count=pl.when(pl.col("payee").first().is_not_null()).then(pl.len().cast(pl.Int64)),
        largest_amount_base=pl.when(base.null_count() == 0).then(base.max()),
        amount_base=pl.when(base.null_count() == 0).then(base.sum()),
        first_payment_date=pl.col("payment_date").min(),
        payment_numbers=pl.col("payment_number").unique().sort().head(6).str.join(", "),
        payee_name=pl.col("payee_name").min(),
        payee_tail=tail_of(pl.col("account").min()),
        source_file=pl.col("source_file").min(),
        source_row=pl.col("source_row").min(),
    )
    told = rows.lazy().with_columns(cycle=pl.lit(PROCURE_TO_PAY.name), document_type=pl.lit(PROCURE_TO_PAY.party_table), document_number="party_id")
    made = described(told, "one_time_payee", accepted)
    return made.select(pl.col(name).cast(kind) for name, kind in schema("one_time_payee").items()).sort("party_id", "payee_name", "payee_tail")


def _paid(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    first, last = engagement.period.from_, min(engagement.period.to, engagement.as_of)
    once = table(accepted, PROCURE_TO_PAY.party_table).filter("is_one_time").select("party_id")
    counts = pl.col("payment_date").is_between(first, last) & ~pl.col("is_voided").fill_null(value=False) & (pl.col("amount") > 0)
    counts &= ~pl.col("payment_kind").is_in(_BACK).fill_null(value=False)
    slim = table(accepted, PROCURE_TO_PAY.payment_table).filter(counts).select(
        "payment_number", "payment_date", "amount", "currency", "fx_rate", "payee_name", "source_file", "source_row", party_id="supplier_id",
        account=compacted(pl.col("payee_account")), name=bare_name(pl.col("payee_name")),
    )  # fmt: skip
    rated = with_fx_rate(slim.join(once, on="party_id", how="semi"), "payment_date", accepted, engagement)
    return rated.with_columns(base=amount(pl.col("amount"), pl.col("fx_rate")))


def _labelled(paid: pl.DataFrame) -> pl.DataFrame:
    """Add `payee`, one label for all payments that hang together by an account or a name; null where neither is told."""
    told = paid.with_columns(payee=pl.coalesce(pl.lit("name ") + pl.col("name"), pl.lit("account ") + pl.col("account")))
    while True:
        joined = told
        for by in ("account", "name"):
            lowest = pl.when(pl.col(by).is_not_null()).then(pl.col("payee").min().over("party_id", by)).otherwise("payee")
            joined = joined.with_columns(payee=lowest)
        if joined["payee"].equals(told["payee"]):
            return joined
        told = joined
