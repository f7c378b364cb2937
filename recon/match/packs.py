"""Units of measure: how many base units a line's own unit holds, as an exact fraction.

A conversion for the item goes before one for any item, a stated direction before its inverse, a direct way before one over
a third unit. Ways of equal standing that disagree are no way at all. Nothing is rounded: a quantity that has no exact
figure in the base unit is compared in the smaller unit instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.money import QUANTITY
from recon.match import whole_numbers as whole
from recon.match.dense import IN_ORDER, aligned
from recon.match.given import table

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted

_ONE: Final = pl.lit(1, dtype=QUANTITY)
_WAY: Final = ["item_id", "from_uom", "to_uom"]


def conversions(accepted: Accepted) -> pl.DataFrame:
    """item_id ("" = any), from_uom, to_uom, base units per unit as times / by: the best way per key, if there is one."""
    stated = (
        table(accepted, "uom_conversion")
        .filter(pl.col("factor") > 0)
        .select(pl.col("item_id").fill_null(""), "from_uom", "to_uom", times="factor", by=_ONE, rank=pl.lit(0, dtype=pl.UInt8))
        .collect(engine=IN_ORDER)
    )
    inverse = stated.select("item_id", from_uom="to_uom", to_uom="from_uom", times="by", by="times", rank=pl.lit(1, dtype=pl.UInt8))
    direct = pl.concat([stated, inverse])
    own, common = direct.filter(pl.col("item_id") != ""), direct.filter(pl.col("item_id") == "")
    over_a_third = [
        _chained(own, own, ["item_id"]),
        _chained(own, common.drop("item_id"), []),
        _chained(own, common.drop("item_id"), [], back=True),
        _chained(common, common, ["item_id"]),
    ]
    ways = pl.concat([direct, *(way.select(direct.columns) for way in over_a_third)]).filter(pl.col("from_uom") != pl.col("to_uom"))
    best = ways.filter(pl.col("rank") == pl.col("rank").min().over(_WAY))
    agreed = best.group_by(_WAY).agg(pl.col("times", "by").sort_by("times", "by").first(), ways=pl.struct("times", "by").n_unique())
    return agreed.filter(pl.col("ways") == 1).drop("ways")


def _chained(first: pl.DataFrame, second: pl.DataFrame, same: list[str], *, back: bool = False) -> pl.DataFrame:
    """Ways over a third unit; `back` puts the second table's step first. Factors whose product is not exact are left out."""
    left, right = (second, first) if back else (first, second)
    met = left.rename({"to_uom": "over"}).join(right.rename({"from_uom": "over"}), on=[*same, "over"], how="inner", suffix="_next")
    exact = {name: pl.col(name).cast(pl.Decimal(38, 20)) * pl.col(f"{name}_next").cast(pl.Decimal(38, 20)) for name in ("times", "by")}
    kept = met.filter(pl.all_horizontal(value == value.round(10) for value in exact.values()))
    return kept.with_columns(
        *(value.cast(QUANTITY).alias(name) for name, value in exact.items()), rank=pl.lit(2, dtype=pl.UInt8) + pl.max_horizontal("rank", "rank_next")
    )


def factors(lines: pl.DataFrame, ways: pl.DataFrame) -> pl.DataFrame:
    """Add `times` and `by` to lines (row, item_id, uom, base_uom): base units = quantity x times / by; null where no way leads there."""
    same = (pl.col("uom") == pl.col("base_uom")).fill_null(value=False)
    placed = lines.select("item_id", "uom", "base_uom").with_row_index("place")
    apart = placed.filter(~same & pl.col("uom").is_not_null() & pl.col("base_uom").is_not_null())
    one = pl.when(same).then(_ONE)
    if apart.is_empty():
        return lines.with_columns(times=one, by=one)
    renamed = ways.rename({"from_uom": "uom", "to_uom": "base_uom"})
    own = apart.join(renamed, on=["item_id", "uom", "base_uom"], how="left", validate="m:1")
    common = renamed.filter(pl.col("item_id") == "").drop("item_id")
    both = own.join(common, on=["uom", "base_uom"], how="left", validate="m:1", suffix="_common")
    found = both.select("place", found_times=pl.coalesce("times", "times_common"), found_by=pl.coalesce("by", "by_common"))
    led = pl.concat([lines, aligned(found, "place", lines.height)], how="horizontal")
    return led.with_columns(times=pl.coalesce(one, "found_times"), by=pl.coalesce(one, "found_by")).drop("found_times", "found_by")


def is_exact(quantity: str) -> pl.Expr:
    """Whether quantity x times / by has an exact figure with ten digits."""
    return (whole.units(quantity) * whole.units("times")) % whole.units("by") == 0
