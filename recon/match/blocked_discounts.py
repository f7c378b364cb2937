"""Supplier bills whose discount ran out while a payment block stood that was taken off with nothing corrected. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.given import is_given, local_day, table
from recon.match.paid_invoices import invoice_payment

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.settlement import Settlement
    from recon.match.three_way import ThreeWay

_INVOICE: Final = ["cycle", "company_code", "party_id", "invoice_number", "invoice_date", "internal_number"]
#: Fields of a bill whose change corrects nothing.
_OF_BLOCKS: Final = ("payment_block", "block_released_by", "block_released_at", "block_release_reason")


def blocked_discount(found: ThreeWay, settlement: Settlement, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """blocked_discount, sorted by key: one row per settled supplier bill with a discount and a payment block that was taken off.

    When a block was put on is not recorded: it stands from the bill's entry. `stood_on_last_day`: entered on the last day of the discount or before,
    taken off on a later day. `is_corrected`: the bill was changed up to the release, credited, or its goods came after its entry; null where no
    changes are logged and nothing else says it.
    """
    columns = schema("blocked_discount")
    bills = settlement.invoices.filter(
        pl.col("is_live") & (pl.col("cycle") == PROCURE_TO_PAY.name) & pl.col("block_released_at").is_not_null()
    ).select(
        *_INVOICE, "block_released_by", "block_released_at", "block_release_reason", released_date=local_day("block_released_at", engagement),
        entered_date=pl.coalesce(local_day("created_at", engagement), "posting_date", "invoice_date"),
    ).collect()  # fmt: skip
    if bills.is_empty():
        return pl.LazyFrame(schema=columns)
    paid = invoice_payment(found, settlement, accepted, engagement).filter(
        (pl.col("cycle") == PROCURE_TO_PAY.name) & pl.col("settled_date").is_not_null() & (pl.col("discount_offered") > 0)
    )
    met = paid.join(bills.lazy(), on=_INVOICE, how="inner", validate="1:1", nulls_equal=True).collect()
    changed = _changed(met, accepted, engagement)
    told = met.join(changed, on=_INVOICE, how="left", validate="1:1", nulls_equal=True).with_columns(
        stood_on_last_day=(pl.col("entered_date") <= pl.col("discount_date")) & (pl.col("discount_date") < pl.col("released_date")),
        is_corrected=_corrected(is_given(accepted, "document_change")),
        document_type=pl.lit(PROCURE_TO_PAY.invoice_type),
    )
    return told.lazy().select(pl.col(name).cast(kind) for name, kind in columns.items()).sort(_INVOICE, nulls_last=True)


def _corrected(changes_are_logged: bool) -> pl.Expr:  # noqa: FBT001 - a plain fact of the source
    cured = (pl.col("credited_amount") != 0).fill_null(value=False) | (pl.col("first_fulfilled_date") > pl.col("entered_date")).fill_null(value=False)
    changed = pl.col("is_changed").fill_null(value=False) if changes_are_logged else pl.lit(None, dtype=pl.Boolean)
    return cured | changed


def _changed(bills: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """The bills that were changed, by either of their numbers, from their entry to the day on which the block was taken off."""
    changes = table(accepted, "document_change").filter(
        (pl.col("document_type") == PROCURE_TO_PAY.invoice_type) & ~pl.col("field").is_in(_OF_BLOCKS)
    ).select("company_code", "document_number", day=local_day("changed_at", engagement)).collect()  # fmt: skip
    named = [bills.select(*_INVOICE, "entered_date", "released_date", document_number=number) for number in ("invoice_number", "internal_number")]
    met = (
        pl.concat(named)
        .join(changes, on=["company_code", "document_number"], how="inner")
        .filter(pl.col("day").is_between("entered_date", "released_date"))
    )
    return met.select(_INVOICE).unique().with_columns(is_changed=pl.lit(value=True))
