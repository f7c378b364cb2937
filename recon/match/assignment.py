"""Which line of a document takes which order line, where several fit: the one way in which all of them can, else none.

Inside one document every line takes an order line of its own. A line with one order line left takes it, which may leave another line
with one; where exactly one way exists to serve all lines, this finds it, for if every line had two choices left there would be a
second way. Lines that say the same, over as many order lines that say the same, are paired in the order of their keys: no figure
depends on which is which. Whatever is left is a tie and is refused.
"""

from __future__ import annotations

from typing import Final

import polars as pl

PAIRS: Final = {"document": pl.UInt32(), "row": pl.UInt32(), "target": pl.UInt32()}
_SAYS: Final = ["item_id", "quantity", "uom", "price"]


def assigned(pairs: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """row, target of the lines with one order line left, found again and again. `pairs`: PAIRS; `taken`: document, target of other lines."""
    left, found = pairs.select(PAIRS.keys()).unique(), [pl.DataFrame(schema=PAIRS)]
    left = left.join(taken.select("document", "target"), on=["document", "target"], how="anti")
    while True:
        single = left.filter(pl.len().over("row") == 1)
        single = single.filter(pl.len().over("document", "target") == 1)
        if single.is_empty():
            return pl.concat(found).select("row", "target")
        found.append(single.select(PAIRS.keys()))
        left = left.join(single.select("row"), on="row", how="anti").join(single, on=["document", "target"], how="anti")


def alike(pairs: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """row, target of lines that say the same (item, quantity, unit, price) as one another and as just as many order lines of theirs.

    `pairs`: PAIRS, item_id, quantity, uom, price of both sides (`_of`) and number_found.
    """
    left = pairs.join(taken.select("document", "target"), on=["document", "target"], how="anti")
    same = left.filter(pl.all_horizontal(pl.col(name) == pl.col(f"{name}_of") for name in _SAYS))
    group = ["document", "number_found", *_SAYS]
    ranked = same.with_columns(line=pl.col("row").rank("dense").over(group), spot=pl.col("target").rank("dense").over(group))
    ranked = ranked.filter(pl.col("line").max().over(group) == pl.col("spot").max().over(group))
    return ranked.filter(pl.col("line") == pl.col("spot")).select("row", "target")
