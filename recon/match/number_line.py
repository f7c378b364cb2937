"""Which layer carries which claim: intervals on a number line, exact and without a row loop.

Inside a unit the layers (goods received, or invoices to be credited) lie end to end by quantity, and the claims on them
likewise. The overlap of two intervals is what one carries of the other; what sticks out is left on its own side. Every end
gets a place on one axis for the whole company, so one sort of all ends does it.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain.money import QUANTITY, from_units
from recon.match.dense import IN_ORDER, aligned, positions

#: unit (UInt32), row (UInt32), quantity (positive), turn (UInt32, order within the unit); claims also `named` (a layer's row or null)
SIDE: Final = ["unit", "row", "quantity", "turn"]
#: unit, layer, claim, quantity: either side null where it sticks out
CARRIED: Final = {"unit": pl.UInt32(), "layer": pl.UInt32(), "claim": pl.UInt32(), "quantity": QUANTITY}
#: Units lie so far apart on the axis that no sum of quantities reaches the next.
_APART: Final = 2**92
_NONE: Final = pl.lit(None, dtype=pl.UInt32)


def overlap(layers: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """All parts: pairs of layer and claim that meet on the line of their unit, and what sticks out on either side."""
    ends = pl.concat(
        [
            _ends(layers).select("unit", "place", layer="row", claim=_NONE),
            _ends(claims).select("unit", "place", layer=_NONE, claim="row"),
        ]
    ).sort("place")
    begins = pl.col("unit").cast(pl.Int128) * _APART
    follows = pl.col("unit").shift(1) == pl.col("unit")
    met = ends.lazy().select(
        "unit",
        pl.col("layer").fill_null(strategy="backward"),
        pl.col("claim").fill_null(strategy="backward"),
        layer_unit=pl.when(pl.col("layer").is_not_null()).then("unit").fill_null(strategy="backward"),
        claim_unit=pl.when(pl.col("claim").is_not_null()).then("unit").fill_null(strategy="backward"),
        length=pl.col("place") - pl.when(follows).then(pl.col("place").shift(1)).otherwise(begins),
    )
    parts = met.filter(pl.col("length") > 0).select(
        "unit",
        layer=pl.when(pl.col("layer_unit") == pl.col("unit")).then("layer"),
        claim=pl.when(pl.col("claim_unit") == pl.col("unit")).then("claim"),
        quantity=from_units(pl.col("length"), 10),
    )
    return parts.collect(engine=IN_ORDER)


def _ends(side: pl.DataFrame) -> pl.DataFrame:
    """The side in turn, with the place on the axis where each interval ends."""
    placed = in_turn(side).with_columns(upto=pl.col("quantity").to_physical().cum_sum())
    within = pl.col("upto") - _unit_start(pl.col("upto") - pl.col("quantity").to_physical())
    if placed.height and int(str(placed["upto"].last())) >= _APART:
        message = "quantities add up to more than the axis of an allocation can hold"
        raise OverflowError(message)
    return placed.with_columns(place=pl.col("unit").cast(pl.Int128) * _APART + within)


def _unit_start(before: pl.Expr) -> pl.Expr:
    """A running figure as it stood when the unit began."""
    return pl.when(pl.col("unit").shift(1).ne_missing(pl.col("unit"))).then(before).fill_null(strategy="forward")


def in_turn(side: pl.DataFrame) -> pl.DataFrame:
    """Sorted by unit and turn."""
    place = pl.col("unit").cast(pl.UInt64) * 2**32 + pl.col("turn").cast(pl.UInt64)
    return side if side.select(place.is_sorted()).item() else side.sort(place)


def running(side: pl.DataFrame, name: str = "quantity") -> pl.DataFrame:
    """The side in turn with `before`: the sum of `name` over what comes earlier in its unit."""
    placed = in_turn(side)
    start = pl.col(name).cum_sum() - pl.col(name)
    return placed.with_columns(before=start).with_columns(before=pl.col("before") - _unit_start(pl.col("before")))


def carry(layers: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """All parts after the links that claims name were cut out first and the rest laid end to end in turn."""
    named = carry_named(layers, claims)
    return pl.concat([named, overlap(remaining(layers, named, "layer"), remaining(claims, named, "claim"))])


def pairs(parts: pl.DataFrame) -> pl.DataFrame:
    """The parts in which a layer carries a claim."""
    return parts.filter(pl.col("layer").is_not_null() & pl.col("claim").is_not_null())


def carry_named(layers: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """What claims take of the layers that they name: each layer serves those that name it, in their turn. Pairs only."""
    naming = claims.filter(pl.col("named").is_not_null())
    if naming.is_empty() or layers.is_empty():
        return pl.DataFrame(schema=CARRIED)
    size = max(_highest(layers["row"]), _highest(naming["named"])) + 1
    place = positions(layers["row"], size).gather(naming["named"])
    of_layer = layers.select(pl.col("unit", "quantity", "turn").gather(place).name.prefix("layer_"))
    met = pl.concat([naming, of_layer], how="horizontal").filter(pl.col("layer_unit") == pl.col("unit"))
    contested = met["named"].is_duplicated()
    took = pl.min_horizontal("quantity", "layer_quantity").alias("quantity")
    alone = met.filter(~contested).select("unit", took, layer="named", claim="row").select(CARRIED.keys())
    if not contested.any():
        return alone
    several = met.filter(contested)
    asked = several.unique("named", keep="any").select(unit="named", row="named", quantity="layer_quantity", turn="layer_turn").sort("unit")
    shared = pairs(overlap(asked, several.select("quantity", "turn", unit="named", row="row").sort("unit", "turn")))
    units = several.unique("named", keep="any").select(layer="named", of_unit="unit")
    back = shared.join(units, on="layer", how="left", validate="m:1")
    return pl.concat([alone, back.select(unit="of_unit", layer="layer", claim="claim", quantity="quantity")])


def _highest(rows: pl.Series) -> int:
    return int(str(rows.max()))


def remaining(side: pl.DataFrame, carried: pl.DataFrame, column: str) -> pl.DataFrame:
    """The side less what is carried already; used-up rows are gone. Raises ArithmeticError if more is carried than there was."""
    if carried.is_empty() or side.is_empty():
        return side
    taken = carried.group_by(row=column).agg(taken=pl.col("quantity").sum())
    size = max(_highest(side["row"]), _highest(taken["row"])) + 1
    spread = aligned(taken, "row", size).select(pl.col("taken").gather(side["row"]))
    left = pl.concat([side, spread], how="horizontal").with_columns(quantity=pl.col("quantity") - pl.col("taken").fill_null(0))
    if left["quantity"].min() < 0:  # type: ignore[operator]
        message = f"an allocation takes more of a {column} than there is"
        raise ArithmeticError(message)
    return left.filter(pl.col("quantity") > 0).drop("taken")


def carry_equal(layers: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Claims that find a layer of exactly their quantity take it whole, the first the first, the second the second. Pairs only."""
    of_turn = pl.col("turn").rank("ordinal").over("unit", "quantity").alias("of_turn")
    left = layers.with_columns(of_turn).select("unit", "quantity", "of_turn", layer="row")
    right = claims.with_columns(of_turn).select("unit", "quantity", "of_turn", claim="row")
    return left.join(right, on=["unit", "quantity", "of_turn"], how="inner", validate="1:1").select(CARRIED.keys())


def carry_in_proportion(layers: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Every claim takes of every layer of its unit in proportion to the layers; later claims go empty once the layers are used. Pairs only.

    Whole units of the last digit are cut from a running product on both axes, so that rows and columns add up exactly.
    """
    total = pl.col("quantity").sum().over("unit")
    ends = running(layers).select("unit", layer="row", low="before", high=pl.col("before") + pl.col("quantity"), total=total)
    wants = running(claims).select("unit", claim="row", since="before", upto=pl.col("before") + pl.col("quantity"))
    met = wants.join(ends, on="unit", how="inner")
    within = {name: pl.min_horizontal(name, "total") for name in ("since", "upto")}

    def corner(claimed: pl.Expr, laid: str) -> pl.Expr:
        exact = (claimed.cast(pl.Decimal(38, 20)) * pl.col(laid).cast(pl.Decimal(38, 20))).to_physical()
        return exact // pl.col("total").to_physical()

    units = corner(within["upto"], "high") - corner(within["since"], "high") - corner(within["upto"], "low") + corner(within["since"], "low")
    return met.with_columns(quantity=from_units(units, 10)).filter(pl.col("quantity") != 0).select(CARRIED.keys())
