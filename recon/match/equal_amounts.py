"""Supplier invoices of one day, amount and party whose numbers have nothing in common. Bucket-local: invoices of one party group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.duplicates import BLOCK, alike_of_one_amount, entered_documents

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: Gaps between bills of a habit (a rent, a fee) differ by no more: months have 28 to 31 days, and a bill may come after a weekend.
_UNEVEN_DAYS: Final = 4
_PLACES: Final = ["earlier", "later"]


def equal_amount(accepted: Accepted, settled: pl.DataFrame, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """(`equal_amount`, live supplier invoices looked at), sorted by the later invoice.

    Each later invoice is laid beside the first and beside the one before it of its day, amount and currency; one whose number is the same or alike is
    another control's (DUP-01 to DUP-03). An invoice that is alike both and not a third has been raised there already. `regular_count`: of the days on
    which the party billed the amount, those that follow one another at its middle gap, and the first of them.
    """
    bills = settled.filter(pl.col("is_live") & (pl.col("cycle") == PROCURE_TO_PAY.name) & (pl.col("invoice_kind").fill_null("invoice") == "invoice"))
    documents = entered_documents(bills, engagement).filter(pl.col("amount_gross") > 0)
    day = [*BLOCK, "amount_gross", "invoice_date"]
    ordered = documents.filter(pl.len().over(day) > 1).sort("place")
    first, before = pl.col("place").min().over(day), pl.col("place").shift(1).over(day)
    pairs = (
        pl.concat([ordered.select(earlier=other, later="place") for other in (first, before)]).filter(pl.col("earlier") < pl.col("later")).unique()
    )
    numbers = documents.select("place", "number", "row")
    told = pairs.join(numbers.rename({"place": "later"}), on="later", validate="m:1").join(
        numbers.rename({"place": "earlier", "number": "other", "row": "other_row"}), on="earlier", validate="m:1"
    )
    strange = told.filter(pl.col("number") != pl.col("other")).join(alike_of_one_amount(documents).select(_PLACES), on=_PLACES, how="anti")
    best = strange.sort(_PLACES).unique("later", keep="first", maintain_order=True)
    rows = best.join(_regular(documents), left_on="later", right_on="place", how="left", validate="1:1")
    numbered = bills.with_row_index("row")
    others = numbered.select(
        other_row="row", other_number="invoice_number", other_internal_number="internal_number", other_order_number="order_number"
    )
    made = rows.select("row", "other_row", "regular_count").join(numbered, on="row", how="left", validate="m:1").join(
        others, on="other_row", how="left", validate="m:1"
    ).with_columns(document_type=pl.lit(PROCURE_TO_PAY.invoice_type), document_number="invoice_number", document_date="invoice_date")  # fmt: skip
    columns = schema("equal_amount")
    shaped = described(made.lazy(), "equal_amount", accepted).select(pl.col(name).cast(kind) for name, kind in columns.items())
    return shaped.sort("company_code", "party_id", "document_number", "document_date", "internal_number"), bills.height


def _regular(documents: pl.DataFrame) -> pl.DataFrame:
    """place, regular_count."""
    habit = [*BLOCK, "amount_gross"]
    days = documents.select(*habit, "invoice_date").unique().sort(*habit, "invoice_date")
    gaps = days.with_columns(gap=pl.col("invoice_date").diff().over(habit).dt.total_days())
    known = pl.col("gap").drop_nulls().sort()
    middle = known.get((known.len().cast(pl.Int64) - 1).clip(lower_bound=0) // 2, null_on_oob=True)
    counted = gaps.group_by(habit).agg(regular_count=((pl.col("gap") - middle).abs() <= _UNEVEN_DAYS).sum().cast(pl.Int64) + 1)
    return documents.select("place", *habit).join(counted, on=habit, how="left", validate="m:1", nulls_equal=True).select("place", "regular_count")
