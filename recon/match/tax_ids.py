"""Tax numbers: when two spellings are one, and whether an 18-character unified social credit code carries its own check character.

The check is that of GB 32100-2015: seventeen characters of a set of 31, each times a power of three modulo 31.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.match.numbers import compacted

_SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LENGTH: Final = 18
_WORTH: Final = {sign: place for place, sign in enumerate(_SIGNS)}


def differs(one: str, other: str) -> pl.Expr:
    """Whether two columns name two tax numbers; null where one of them is empty."""
    return compacted(pl.col(one)) != compacted(pl.col(other))


def check_character_holds(column: str) -> pl.Expr:
    """Whether a number of 18 characters ends in the right one; true for other lengths, which carry none, null where it is empty."""
    number = compacted(pl.col(column))
    worth = [
        number.str.slice(place, 1).replace_strict(_WORTH, default=None, return_dtype=pl.Int64) * pow(3, place, len(_SIGNS))
        for place in range(_LENGTH - 1)
    ]
    due = (len(_SIGNS) - pl.sum_horizontal(worth, ignore_nulls=False) % len(_SIGNS)) % len(_SIGNS)
    last = number.str.slice(_LENGTH - 1, 1).replace_strict(_WORTH, default=None, return_dtype=pl.Int64)
    right = (due == last).fill_null(value=False)
    return pl.when(number.str.len_chars() == _LENGTH).then(right).when(number.is_not_null()).then(pl.lit(value=True))
