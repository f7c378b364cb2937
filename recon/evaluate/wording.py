"""Sentences and figures for readers: exact numbers without trailing zeros, dates as written, unknown said as unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.evaluate.texts import PLACE

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What stands in a sentence for a value that is not known.
UNKNOWN: Final = {"en": "unknown", "zh": "未知"}


def plain(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Any value as text: decimals without trailing zeros and without an exponent, dates as YYYY-MM-DD, instants in UTC."""
    text = value.cast(pl.String)
    if isinstance(dtype, pl.Decimal) and dtype.scale:
        return text.str.strip_chars_end("0").str.strip_chars_end(".")
    if isinstance(dtype, pl.Datetime):
        return value.dt.strftime("%Y-%m-%d %H:%M:%SZ")
    return text


def sentence(template: str, parts: Mapping[str, pl.Expr], language: str) -> pl.Expr:
    """The template with each {name} replaced by its text; a null is said as unknown."""
    pieces: list[pl.Expr] = []
    position = 0
    for place in PLACE.finditer(template):
        pieces += [pl.lit(template[position : place.start()]), parts[place.group(1)].fill_null(UNKNOWN[language])]
        position = place.end()
    pieces.append(pl.lit(template[position:]))
    return pl.concat_str(pieces)
