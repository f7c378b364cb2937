"""Tax classes on tax invoices against those of the items that their bills name. Whole: the register knows no party."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.given import is_given, table
from recon.match.numbers import compacted
from recon.match.tax_numbers import finished, of_register, register_rows
from recon.match.tax_register import NO_BILL, REGISTER, has_register, with_key

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: Digits of a tax class.
_LONGEST: Final = 19
_NEAREST: Final = ("item_id", "item_name", "item_tax_class", "common_prefix_count", "is_prefix")


def tax_class_line(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`tax_class_line`, sorted: one row per blue line of the register that is not void and stands behind a live supplier bill.

    Beside it the item of those bills whose tax class begins most like the line's (of several the lowest class); which line of the bill is which of
    the tax invoice no source says. `common_prefix_count`: digits in which both begin alike; null where the line or every item lacks a class.
    `unclassed_item_count`: lines of the bills whose item, or class of it, is not known. `is_prefix`: one class is the beginning of the other.
    """
    if not has_register(accepted):
        return pl.LazyFrame(schema=schema("tax_class_line"))
    blue = (pl.col("amount_net") >= 0).fill_null(value=True) & (pl.col("status") != "void").fill_null(value=True)
    own = pl.col("currency").is_null() | (pl.col("currency") == engagement.currency)
    lines = register_rows(accepted, engagement).filter(blue & pl.col("key").is_not_null()).with_row_index("place").with_columns(
        tax_class=compacted(pl.col("tax_class")), bare=compacted(pl.col("official_invoice_number")),
        amount_net_base=pl.when(own).then("amount_net"), tax_amount_base=pl.when(own).then("tax_amount"),
    )  # fmt: skip
    billed = with_key(_billed(accepted, engagement), lines.select("key", "bare").unique("key", keep="any")).filter(pl.col("key").is_not_null())
    bills = billed.group_by("key").agg(
        pl.col("party_id", "booked_number").min(), unclassed_item_count=pl.col("item_tax_class").null_count().cast(pl.Int64)
    )  # fmt: skip
    told = lines.join(bills, on="key", how="inner", validate="m:1").join(_nearest(lines, billed), on="place", how="left", validate="1:1")
    return finished(told.with_columns(*of_register(), document_line_no="line_no", cycle=pl.lit(PROCURE_TO_PAY.name)), "tax_class_line", accepted)


def _billed(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Lines of live supplier bills that name a tax invoice, with their item's tax class."""
    is_given_here = is_given(accepted, "item", "tax_class") and is_given(accepted, REGISTER, "tax_class")
    own = compacted(pl.col("tax_class")) if is_given_here else pl.lit(None, dtype=pl.String)
    items = table(accepted, "item").select("item_id", "item_name", item_tax_class=own).unique("item_id", keep="any")
    bills = table(accepted, PROCURE_TO_PAY.invoice_table).filter(
        pl.col("official_invoice_number").is_not_null() & ~pl.col("is_cancelled").fill_null(value=False)
        & (pl.col("invoice_date") <= engagement.as_of) & ~pl.col("invoice_kind").is_in(NO_BILL).fill_null(value=False)
    ).select("official_invoice_number", "official_invoice_code", "item_id", party_id="supplier_id", booked_number="invoice_number")  # fmt: skip
    return bills.join(items, on="item_id", how="left", validate="m:1").collect()


def _nearest(lines: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """By `place` of the line: the item of its bills whose class begins most like its own."""
    classed = (
        billed.filter(pl.col("item_tax_class").is_not_null()).sort("item_id").unique(["key", "item_tax_class"], keep="first", maintain_order=True)
    )
    met = lines.filter(pl.col("tax_class").is_not_null()).select("place", "key", "tax_class").join(
        classed.select("key", "item_id", "item_name", "item_tax_class"), on="key", how="inner"
    )  # fmt: skip
    both = pl.min_horizontal(pl.col("tax_class", "item_tax_class").str.len_chars())
    alike = [
        ((pl.col("tax_class").str.head(size) == pl.col("item_tax_class").str.head(size)) & (both >= size)).cast(pl.Int64)
        for size in range(1, _LONGEST + 1)
    ]
    counted = met.with_columns(common_prefix_count=pl.sum_horizontal(alike))
    ranked = counted.with_columns(is_prefix=pl.col("common_prefix_count") == both).sort("place", -pl.col("common_prefix_count"), "item_tax_class")
    return ranked.unique("place", keep="first", maintain_order=True).select("place", *_NEAREST)
