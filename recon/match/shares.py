"""An amount cut into parts by quantity, to the cent, so that the parts add up to it: the largest remainders get the last cents."""

from __future__ import annotations

import polars as pl

from recon.domain import money
from recon.match.dense import IN_ORDER
from recon.match.whole_numbers import guard


def cut(parts: pl.DataFrame) -> pl.Series:
    """The amount of each part, aligned with `parts`.

    `parts`: whole (UInt32, which amount), amount (money, the same on all parts of a whole), weight (quantity, not negative),
    weights (their sum over the whole), currency, turn (breaks ties). A part of no weight gets nothing. Cut to the currency's smallest unit, or to a
    millionth where the amount itself is finer.
    """
    frame = parts.with_row_index("part")
    bare = (pl.col("weight") == 0) & (pl.col("weights") != 0)
    split = frame.filter((pl.col("weight") != pl.col("weights")) & ~bare)
    if split.is_empty():
        return frame.select(pl.when(~bare).then("amount").otherwise(pl.lit(0, dtype=money.MONEY)).alias("amount")).to_series()
    digits = money.minor_digits(pl.col("currency"))
    rounded = money.round_to_currency(pl.col("amount"), pl.col("currency"))
    grain = pl.when(rounded == pl.col("amount")).then(digits).otherwise(6)
    _refuse_overflow(split)
    exact = pl.col("amount").abs().cast(money.MONEY).to_physical() * pl.col("weight").cast(money.QUANTITY).to_physical()
    divisor = pl.col("weights").cast(money.QUANTITY).to_physical() * pl.col("per_unit")
    units = (
        split.lazy()
        .with_columns(per_unit=pl.lit(10, dtype=pl.Int128) ** (6 - grain).cast(pl.Int128))
        .with_columns(floor=exact // divisor, rest=exact % divisor)
        .collect(engine=IN_ORDER)
    )
    total = pl.col("amount").abs().cast(money.MONEY).to_physical() // pl.col("per_unit")
    ranked = units.sort(["whole", "rest", "turn"], descending=[False, True, False]).with_columns(
        place=pl.int_range(pl.len()).over("whole"), short=total - pl.col("floor").sum().over("whole")
    )
    size = (pl.col("floor") + (pl.col("place") < pl.col("short")).cast(pl.Int128)) * pl.col("per_unit")
    signed = pl.when(pl.col("amount") < 0).then(pl.lit(0, dtype=pl.Int128) - size).otherwise(size)
    found = ranked.select("part", cut=money.from_units(signed, 6).cast(money.MONEY))
    joined = frame.join(found, on="part", how="left", validate="1:1", maintain_order="left")
    return joined.select(pl.when(~bare).then(pl.coalesce("cut", "amount")).otherwise(pl.lit(0, dtype=money.MONEY)).alias("amount")).to_series()


def _refuse_overflow(split: pl.DataFrame) -> None:
    """Whole numbers of 128 bits wrap in silence; figures near that size are refused instead."""
    guard(split.select(pl.col("amount").cast(money.MONEY), pl.col("weight").cast(money.QUANTITY)), [("amount", "weight")])
