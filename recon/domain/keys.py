"""Keys of several text columns as one text: the engine sorts one text several times faster than several columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence


def as_one_text(rows: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """Text columns without a NUL as one text that sorts as they do, column by column, nulls first."""
    return rows.select(key=one_text([name for name in key if rows[name].null_count()], key)).to_series()


def one_text(with_nulls: Sequence[str], key: Sequence[str]) -> pl.Expr:
    """The same as an expression. A column that knows every value needs no sign that tells a null from an empty text."""
    told = [
        pl.when(pl.col(name).is_not_null()).then(pl.concat_str(pl.lit("\x01"), pl.col(name))).otherwise(pl.lit(""))
        if name in with_nulls
        else pl.col(name)
        for name in key
    ]
    return pl.concat_str(told, separator="\x00")
