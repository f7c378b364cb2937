"""Stock counts: what was counted against what the books said. Whole: warehouses know no party."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain import money
from recon.domain.measures import schema
from recon.match.given import shaped, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted


def stock_counts(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`stock_count`: every line of a count by the as-of date, sorted.

    The value of a difference is known where the count is in the item's base unit and the item has a standard cost. moved_on_day_quantity: what
    moved in and out on the day of the count, which the books may not have known then.
    """
    lines = table(accepted, "stock_count_line").filter(pl.col("count_date") <= engagement.as_of)
    items = table(accepted, "item").select("item_id", "item_group", "standard_cost", "base_uom").unique("item_id", keep="any")
    moved = (
        table(accepted, "inventory_movement")
        .group_by("item_id", "warehouse_id", count_date="movement_date")
        .agg(moved_on_day_quantity=pl.col("quantity").abs().sum())
    )
    difference = pl.col("counted_quantity") - pl.col("book_quantity")
    own_unit = pl.coalesce("uom", "base_uom") == pl.col("base_uom")
    told = (
        lines.join(items, on="item_id", how="left", validate="m:1")
        .join(moved, on=["item_id", "warehouse_id", "count_date"], how="left", validate="m:1")
        .with_columns(
            document_type=pl.lit("stock_count"),
            document_number="count_number",
            document_line_no="count_line_no",
            document_date="count_date",
            difference_quantity=difference,
            difference_amount_base=pl.when(own_unit).then(money.amount(difference, pl.col("standard_cost"))),
        )
        .collect()
    )
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema("stock_count").items() if name not in told.columns]
    return shaped(told.with_columns(absent), schema("stock_count")).sort("company_code", "document_number", "document_line_no").lazy()
