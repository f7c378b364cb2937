"""How far one figure reaches another: nothing, in part, in full, more than due."""

from __future__ import annotations

from typing import Final

import polars as pl

#: How far a line is served, billed or paid, beside whether it matches.
COMPLETENESS: Final = ("none", "part", "full", "over")


def completeness(part: str, whole: str) -> pl.Expr:
    """A word of COMPLETENESS: how far the column `part` reaches `whole`, no limit asked; null where either is not known.

    Where the whole is negative (returns, credits) the signs are turned.
    """
    turned = pl.col(whole) < 0
    reached, full = (pl.when(turned).then(-pl.col(name)).otherwise(pl.col(name)) for name in (part, whole))
    none, some, whole_, over = (pl.lit(word) for word in COMPLETENESS)
    told = pl.when(reached <= 0).then(none).when(reached < full).then(some).when(reached == full).then(whole_).otherwise(over)
    return pl.when(reached.is_not_null() & (full.is_not_null() | (reached <= 0))).then(told)
