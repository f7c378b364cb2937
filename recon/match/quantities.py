"""Quantities of receipt, shipment and invoice lines in the base unit of what they are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain import money
from recon.match import packs
from recon.match import whole_numbers as whole
from recon.match.dense import IN_ORDER, aligned, chosen, sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.match.match_units import Ground
    from recon.match.three_way import ThreeWay


def in_base_units(lines: pl.DataFrame, units: pl.DataFrame, ground: Ground, quantities: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """base_uom, uom_convertible and each of `quantities` in base units, aligned with `lines` (row, unit, item_id, uom).

    A line that names no unit is in the unit of its order line. A line without a match unit is measured in its item's base
    unit. Where no conversion leads there, or none without a remainder, quantities are null: nothing is guessed.
    """
    of_unit = units.select(pl.col("base_uom", "uom", "item_id").gather(lines["unit"])).rename({"uom": "order_uom", "item_id": "order_item"})
    wanted = pl.concat([lines.select("row", "item_id", "uom", **quantities), of_unit], how="horizontal")
    alone = lines["unit"].null_count()
    if alone:
        base = ground.items.select("item_id", "master_uom")
        wanted = wanted.join(base, on="item_id", how="left", validate="m:1", maintain_order="left")
        wanted = wanted.with_columns(pl.coalesce("base_uom", "master_uom", "uom").alias("base_uom"))
    wanted = wanted.with_columns(pl.coalesce("order_item", "item_id").alias("item_id"), pl.coalesce("uom", "order_uom").alias("uom"))
    apart = wanted.filter(pl.col("uom").ne_missing(pl.col("base_uom")))
    plain = pl.col("uom").eq_missing(pl.col("base_uom"))
    if apart.is_empty():
        return wanted.select("base_uom", *quantities, uom_convertible=pl.lit(value=True))
    led = packs.factors(apart, ground.ways)
    exact = pl.all_horizontal(packs.is_exact(name).fill_null(value=True) for name in quantities)
    known = pl.col("times").is_not_null() & exact
    whole.guard(led, [(name, "times") for name in quantities])
    in_base = {name: whole.over(whole.units(name) * whole.units("times"), whole.units("by")) for name in quantities}
    figures = {f"{name}_base": pl.when(known).then(money.from_units(in_base[name], 10)) for name in quantities}
    converted = led.lazy().select("row", uom_convertible=known, **figures).collect(engine=IN_ORDER)
    joined = pl.concat([wanted, aligned(converted, "row", lines.height)], how="horizontal")
    return joined.select(
        "base_uom",
        *(pl.when(plain).then(name).otherwise(f"{name}_base").alias(name) for name in quantities),
        uom_convertible=pl.col("uom_convertible").fill_null(plain),
    )


def unconverted(found: ThreeWay) -> pl.DataFrame:
    """Per unit unconverted_line_count: its goods and bills that count and that no quantity holds, since their unit does not convert.

    unconverted_bill_count: the bills and credits among them; unconverted_credit_count: the credits.
    """
    counting = pl.col("unit").is_not_null() & pl.col("exclusion_reason").is_null() & pl.col("states_quantity") & ~pl.col("uom_convertible")
    goods = chosen(found.fulfilments, counting, "unit", is_bill=pl.lit(value=False), is_credit=pl.lit(value=False))
    bills = chosen(found.invoices, counting, "unit", is_bill=pl.lit(value=True), is_credit=pl.col("role") == "credit")
    counts = {
        "unconverted_line_count": pl.len(),
        "unconverted_bill_count": pl.col("is_bill").sum(),
        "unconverted_credit_count": pl.col("is_credit").sum(),
    }
    return sums(pl.concat([goods, bills]), "unit", found.units.height, **{name: count.cast(pl.Int64) for name, count in counts.items()})
