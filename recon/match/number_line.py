"""Which layer carries which claim: intervals on a number line, exact and without a row loop.

Inside a unit the layers (goods received, or invoices to be credited) lie end to end by quantity, and the claims on them
likewise. The overlap of two intervals is what one carries of the other; what sticks out is left on its own side. One sort
of all ends does it for the whole company.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain.money import QUANTITY, from_units

#: unit (UInt32), row (UInt32), quantity (positive), turn (order within the unit); claims also `named` (a layer's row or null)
SIDE: Final = ["unit", "row", "quantity", "turn"]
_CARRIED: Final = {"unit": pl.UInt32(), "layer": pl.UInt32(), "claim": pl.UInt32(), "quantity": QUANTITY}


def overlap(layers: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """unit, layer, claim, quantity: every pair of layer and claim that meet on the line of their unit. Nothing that sticks out."""
    if layers.is_empty() or claims.is_empty():
        return pl.DataFrame(schema=_CARRIED)
    none = pl.lit(None, dtype=pl.UInt32)
    ends = pl.concat(
        [
            _ends(layers).select("unit", "end", layer="row", claim=none),
            _ends(claims).select("unit", "end", layer=none, claim="row"),
        ]
    ).sort("unit", "end")
    met = ends.select(
        "unit",
        pl.col("layer", "claim").fill_null(strategy="backward"),
        pl.when(pl.col("layer").is_not_null()).then("unit").fill_null(strategy="backward").alias("layer_unit"),
        pl.when(pl.col("claim").is_not_null()).then("unit").fill_null(strategy="backward").alias("claim_unit"),
        quantity=pl.col("end") - pl.when(pl.col("unit").shift(1) == pl.col("unit")).then(pl.col("end").shift(1)).otherwise(pl.lit(0, dtype=QUANTITY)),
    )
    both = (pl.col("layer_unit") == pl.col("unit")) & (pl.col("claim_unit") == pl.col("unit"))
    return met.filter(both & (pl.col("quantity") > 0)).select(_CARRIED.keys())


def _ends(side: pl.DataFrame) -> pl.DataFrame:
    """Where each interval ends, counted from the start of its unit."""
    placed = side.sort("unit", "turn").with_columns(end=pl.col("quantity").cum_sum())
    before = pl.col("end") - pl.col("quantity")
    starts = pl.when(pl.col("unit").shift(1).ne_missing(pl.col("unit"))).then(before).fill_null(strategy="forward")
    return placed.with_columns(end=pl.col("end") - starts)


def running(side: pl.DataFrame) -> pl.DataFrame:
    """The side in turn with `before`: the quantity of its unit that comes earlier."""
    return _ends(side).with_columns(before=pl.col("end") - pl.col("quantity")).drop("end")


def carry(layers: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """unit, layer, claim, quantity after the links that claims name were cut out first, the rest laid end to end in turn."""
    named = carry_named(layers, claims)
    rest = overlap(remaining(layers, named, "layer"), remaining(claims, named, "claim"))
    return pl.concat([named, rest])


def carry_named(layers: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """What claims take of the layers that they name: each layer serves those that name it, in their turn."""
    naming = claims.filter(pl.col("named").is_not_null())
    if naming.is_empty():
        return pl.DataFrame(schema=_CARRIED)
    units = layers.select("unit", named="row")
    own = naming.join(units, on=["unit", "named"], how="semi")
    asked = layers.join(own.select(row="named").unique(), on="row", how="semi")
    by_layer = overlap(
        asked.select(unit="row", row="row", quantity="quantity", turn="turn"),
        own.select(unit="named", row="row", quantity="quantity", turn="turn"),
    )
    of_claim = own.select("unit", claim="row")
    return by_layer.drop("unit").join(of_claim, on="claim", how="left", validate="m:1").select(_CARRIED.keys())


def remaining(side: pl.DataFrame, carried: pl.DataFrame, column: str) -> pl.DataFrame:
    """The side less what is carried already; used-up rows are gone."""
    if carried.is_empty():
        return side
    taken = carried.group_by(row=column).agg(taken=pl.col("quantity").sum())
    left = side.join(taken, on="row", how="left", validate="1:1").with_columns(quantity=pl.col("quantity") - pl.col("taken").fill_null(0))
    return left.filter(pl.col("quantity") > 0).drop("taken")


def carry_equal(layers: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Claims that find a layer of exactly their quantity take it whole, the first the first, the second the second."""
    turn = [pl.col("turn").rank("ordinal").over("unit", "quantity").alias("of_turn")]
    left = layers.with_columns(turn).select("unit", "quantity", "of_turn", layer="row")
    right = claims.with_columns(turn).select("unit", "quantity", "of_turn", claim="row")
    return left.join(right, on=["unit", "quantity", "of_turn"], how="inner", validate="1:1").select(_CARRIED.keys())


def carry_in_proportion(layers: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Every claim takes of every layer of its unit in proportion to the layers; later claims go empty once the layers are used.

    Whole units of the last digit are cut from a running product on both axes, so that rows and columns add up exactly.
    """
    ends = _ends(layers).select("unit", layer="row", high="end", low=pl.col("end") - pl.col("quantity"), total=pl.col("quantity").sum().over("unit"))
    wants = _ends(claims).select("unit", claim="row", upto="end", since=pl.col("end") - pl.col("quantity"))
    pairs = wants.join(ends, on="unit", how="inner")
    within = {name: pl.min_horizontal(name, "total") for name in ("since", "upto")}

    def corner(claimed: pl.Expr, laid: str) -> pl.Expr:
        exact = (claimed.cast(pl.Decimal(38, 20)) * pl.col(laid).cast(pl.Decimal(38, 20))).to_physical()
        return exact // pl.col("total").to_physical()

    units = corner(within["upto"], "high") - corner(within["since"], "high") - corner(within["upto"], "low") + corner(within["since"], "low")
    return pairs.with_columns(quantity=from_units(units, 10)).filter(pl.col("quantity") != 0).select(_CARRIED.keys())
