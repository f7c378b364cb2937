"""Payment blocks of invoices: who took them off and what was wrong then, and what was paid while they stood. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import earliest_moment, is_given, latest_moment, table
from recon.match.separation import paid_parts

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement

_INVOICE: Final = ["cycle", "company_code", "party_id", "invoice_number", "invoice_date", "internal_number"]


def hold_release(accepted: Accepted, lines: MeasuredLines, settlement: Settlement, engagement: Engagement) -> pl.LazyFrame:
    """hold_release, sorted by key: one row per supplier invoice whose payment block was taken off.

    `variance_base` is what its lines were billed above quantity and price then, in company currency, without sign: measured as the
    documents stand now, for what has been cured since was cured by documents. `release_limit_amount` is the releasing person's own
    limit in company currency; null where none is recorded.
    """
    base = engagement.currency
    bills = settlement.invoices.filter(
        pl.col("is_live") & (pl.col("cycle") == PROCURE_TO_PAY.name) & pl.col("block_released_at").is_not_null()
    ).collect()  # fmt: skip
    limits = table(accepted, "user").filter(pl.col("limit_currency").fill_null(base) == base).select(
        block_released_by="user_id", release_limit_amount="approval_limit"
    )  # fmt: skip
    wrong = pl.max_horizontal("quantity_variance", pl.lit(0)) + pl.col("price_variance").abs().fill_null(0)
    sums = pl.DataFrame(schema={name: bills.schema[name] for name in _INVOICE} | {"variance_base": bills.schema["amount_net"]})
    if bills.height:
        of_bills = lines.invoices.filter(pl.col("is_live")).select(*_INVOICE, wrong=wrong).join(
            bills.lazy().select(_INVOICE), on=_INVOICE, how="semi", nulls_equal=True
        )  # fmt: skip
        sums = of_bills.group_by(_INVOICE).agg(variance_base=pl.col("wrong").sum()).collect()
    told = bills.join(sums, on=_INVOICE, how="left", validate="1:1", nulls_equal=True).lazy().join(
        limits.unique("block_released_by", keep="any"), on="block_released_by", how="left", validate="m:1"
    )  # fmt: skip
    named = described(told, "hold_release", accepted)
    return named.select(pl.col(name).cast(kind) for name, kind in schema("hold_release").items()).sort(_INVOICE, nulls_last=True)


def blocked_payment(accepted: Accepted, settlement: Settlement, engagement: Engagement) -> pl.LazyFrame:
    """blocked_payment, sorted by key: one row per payment of a supplier invoice that was blocked at some time; others are counted.

    `is_paid_in_hold`: paid before the block was taken off, or while it still stands; null where the stamps of one day do not tell,
    or where the source says nothing of blocks. When a block was put on is not recorded: it stands from the invoice's entry.
    """
    is_known = is_given(accepted, PROCURE_TO_PAY.invoice_table, "payment_block")
    paid, released = pl.col("executed_at"), pl.col("block_released_at")
    paid_coarse, coarse = pl.col("executed_at_is_date_only"), pl.col("block_released_at_is_date_only")
    before = latest_moment(paid, paid_coarse, engagement) < earliest_moment(released, coarse, engagement)
    after = earliest_moment(paid, paid_coarse, engagement) >= latest_moment(released, coarse, engagement)
    was_blocked = pl.col("payment_block").is_not_null() | released.is_not_null()
    in_hold = (
        pl.when(released.is_null()).then(pl.col("payment_block").is_not_null()).when(before).then(statement=True).when(after).then(statement=False)
    )
    parts = paid_parts(settlement).filter(pl.col("cycle") == PROCURE_TO_PAY.name).with_columns(
        document_type=pl.lit(PROCURE_TO_PAY.payment_type), document_number="payment_number",
        was_blocked=was_blocked, is_paid_in_hold=in_hold if is_known else pl.lit(None, dtype=pl.Boolean),
    )  # fmt: skip
    loud = parts.filter("was_blocked").with_columns(document_count=pl.lit(1, dtype=pl.Int64))
    quiet = parts.filter(~pl.col("was_blocked")).group_by("cycle", "company_code").agg(
        pl.col("was_blocked", "is_paid_in_hold").first(), document_count=pl.len().cast(pl.Int64), amount_base=pl.col("amount_base").abs().sum()
    )  # fmt: skip
    told = described(pl.concat([loud, quiet], how="diagonal"), "blocked_payment", accepted)
    order = ["cycle", "company_code", "party_id", "document_number", "invoice_number", "invoice_date", "internal_number"]
    return told.select(pl.col(name).cast(kind) for name, kind in schema("blocked_payment").items()).sort(order, nulls_last=True)
