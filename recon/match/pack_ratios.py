"""Bills that exceed what they were held to by about the size of a pack: the likely cause, never applied. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import table
from recon.match.goods import ZERO
from recon.match.line_rows import bill_rows

if TYPE_CHECKING:
    from recon.match.three_way import ThreeWay

_ONE: Final = pl.lit(1, dtype=money.QUANTITY)


def pack_ratio(found: ThreeWay) -> tuple[pl.LazyFrame, int]:
    """One row per live invoice line on an order that bills too much, with the nearest whole ratio to its reference; how many were looked at.

    The reference is what the order line received where goods are due and something came, else what was ordered. pack_size is the conversion
    factor of the item that the ratio comes nearest to, where one comes nearer than the nearest whole number, else that whole number;
    ratio_difference is how far the larger quantity is from so many times the smaller. value_difference: how far the line's amount is from what
    was ordered in value (ordered_amount); where that is little only the unit can be wrong.
    """
    over = found.claims.filter((pl.col("excess") > 0) & (pl.col("unit") < found.orders.height)).select("row", "to_date", "amount", "unit")
    once = over.filter(~pl.col("row").is_duplicated())
    rows = bill_rows(found, pl.col("row").is_in(once["row"].implode()))
    came = found.goods.by_unit.select(pl.col("fulfilled").gather(rows["unit"]))
    told = pl.concat([rows, came], how="horizontal").join(once.select("row", "to_date", "amount"), on="row", how="inner", validate="1:1")
    reference = pl.when(pl.col("needs_fulfilment") & (pl.col("fulfilled") > 0)).then("fulfilled").otherwise("ordered_quantity")
    sized = told.with_columns(reference_quantity=reference, invoiced_quantity="to_date").filter(
        (pl.col("reference_quantity") > 0) & (pl.col("invoiced_quantity") > pl.col("reference_quantity"))
    )
    packed = _packed(sized, found)
    ordered = money.amount(pl.col("ordered_quantity"), pl.col("order_unit_price"))
    apart = (pl.col("amount") - ordered).abs().cast(money.MONEY)
    measured = packed.lazy().with_columns(
        value_difference=apart,
        ordered_amount=ordered,
        larger_quantity="invoiced_quantity",
        pack_size_word=pl.col("pack_size").cast(pl.String).str.strip_chars_end("0").str.strip_chars_end("."),
        is_master_pack=pl.col("is_master_pack").fill_null(value=False),
    )
    named = described(measured, "pack_ratio", found.ground.accepted).select(schema("pack_ratio").keys())
    return named.sort("cycle", "company_code", "party_id", "document_number", "document_line_no", "source_row"), over.height


def _packed(rows: pl.DataFrame, found: ThreeWay) -> pl.DataFrame:
    """Add pack_size, is_master_pack and ratio_difference."""
    whole = money.ratio(pl.col("invoiced_quantity"), _ONE, pl.col("reference_quantity"), 0).cast(money.QUANTITY)
    plain = rows.with_columns(pack_size=whole, is_master_pack=pl.lit(value=False))
    sizes = (
        table(found.ground.accepted, "uom_conversion")
        .select("item_id", pack_size=pl.col("factor").cast(money.QUANTITY))
        .filter(pl.col("pack_size") > _ONE)
    )
    own = (
        plain.drop("pack_size", "is_master_pack")
        .join(sizes.unique().collect(), on="item_id", how="inner")
        .with_columns(is_master_pack=pl.lit(value=True))
    )
    both = pl.concat([plain.select(own.columns), own]) if own.height else plain
    difference = (pl.col("invoiced_quantity") - money.product(pl.col("reference_quantity"), pl.col("pack_size"))).abs().cast(money.QUANTITY)
    nearest = both.with_columns(ratio_difference=difference).sort(
        "row", "ratio_difference", "is_master_pack", "pack_size", descending=[False, False, True, False]
    )
    return nearest.filter(pl.col("pack_size") > ZERO).unique("row", keep="first", maintain_order=True)
